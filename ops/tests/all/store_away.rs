//! The message store is a CQL server that dies, while the server goes on, and dies too.

use std::path::Path;
use std::time::Duration;

use moim_client::{Client, RoomId};

use crate::kill_9::{connect, whole_history};
use crate::node::Node;
use crate::server::{Server, operated, serve};

/// Long enough for a Cassandra on a busy machine to come back and take a backlog.
const PATIENCE: Duration = Duration::from_secs(180);

/// The server on a store at this address. Nothing confirmed is kept in the journal: what was drained is in the store alone.
fn start(data: &Path, store: &str) -> Server {
    let mut command = serve(data);
    command.env("MOIM_STORE_MESSAGES", store).args(["--set", "journal.keep_confirmed=0s"]);
    Server::ready(command)
}

async fn say(client: &Client, room: RoomId, said: &mut Vec<String>, count: usize) {
    for _ in 0..count {
        let text = format!("{room} {}", said.len());
        let sent = tokio::time::timeout(PATIENCE, client.send(room, text.clone())).await;
        let sent = sent.expect("a send is answered");
        assert!(sent.is_ok(), "{text}: {sent:?}, though it is a member's and the journal takes it");
        said.push(text);
    }
}

/// Returns when the store has everything.
async fn drained(server: &Server) {
    let is_behind = || {
        let metrics = server.get("/metrics").1;
        let behind = metrics.lines().filter(|line| line.starts_with("moim_engine_unconfirmed_records{"));
        behind.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum::<f64>() > 0.0
    };
    let waited = async {
        while is_behind() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.expect("the backlog drains");
}

async fn assert_all_there(client: &Client, room: RoomId, said: &[String]) {
    let history = whole_history(client, room).await;
    let texts: Vec<_> = history.iter().filter(|message| message.device.0 != 0).map(|message| &*message.text).collect();
    assert_eq!(texts, said, "lost, doubled or out of order");
    assert!(history.windows(2).all(|pair| pair[1].prev_id == pair[0].id), "a gap that nobody fills");
}

#[test]
fn moim_killed_with_a_backlog_goes_on_with_the_store_still_down_and_drains_when_it_is_up() {
    let test = "moim_killed_with_a_backlog_goes_on_with_the_store_still_down_and_drains_when_it_is_up";
    let Some(node) = Node::new(test) else { return };
    node.start();
    let folder = tempfile::tempdir().unwrap();
    let (data, store) = (folder.path(), format!("scylla://{}/moim?read_timeout=2s", node.host()));
    operated(data, &["store", "init", "--set", &format!("store.messages={store}")], "");
    operated(data, &["user", "add", "haneul@example.org", "하늘"], "correct horse\n");
    let room = |name: &str| {
        let line = operated(data, &["room", "create", name, "--by", "haneul@example.org"], "");
        RoomId(line.split('\t').next().unwrap().parse().unwrap())
    };
    let token = operated(data, &["user", "token", "haneul@example.org"], "");
    let mut said = [const { Vec::new() }; 3];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut server = start(data, &store);
        let rooms = [room("등산모임"), room("독서모임"), room("새 모임")];
        let client = connect(&server.engine, &token).await;
        say(&client, rooms[0], &mut said[0], 100).await;
        say(&client, rooms[1], &mut said[1], 20).await;
        drained(&server).await;
        node.kill();
        // A room that is in memory.
        say(&client, rooms[0], &mut said[0], 50).await;
        server.kill();
        let mut server = start(data, &store);
        let client = connect(&server.engine, &token).await;
        // One with a backlog, one that only the store has, one where nothing was ever said.
        for (room, said) in rooms.into_iter().zip(&mut said) {
            say(&client, room, said, 50).await;
        }
        server.kill();
        let server = start(data, &store);
        let client = connect(&server.engine, &token).await;
        say(&client, rooms[2], &mut said[2], 10).await;
        node.start();
        drained(&server).await;
        for (room, said) in rooms.into_iter().zip(&said) {
            assert_all_there(&client, room, said).await;
        }
    });
}
