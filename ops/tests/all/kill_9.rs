//! The process is killed with -9 in the middle of a burst, fifty times in a row, while native clients go on talking.
//!
//! Afterwards every message that was acknowledged is there, once, under the id that the acknowledgement named, and in
//! the order that everybody saw. `MOIM_SEED` repeats a run's choice of moments.

use std::collections::HashMap;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use moim_client::{Client, Config, Credentials, Message, MessageId, Past, Reconnect, RoomEvent, RoomId};
use moim_persistence::{NewRoom, PasswordCost, Persistence, SignUp};
use tokio::sync::watch;

const KILLS: u32 = 50;
const SENDERS: usize = 4;
/// Sends that a sender has under way.
const IN_FLIGHT: usize = 8;
/// Acknowledgements between one kill and the next, at most.
const BURST_MAX: u64 = 300;
/// A run that stands still this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the senders were told.
#[derive(Default)]
struct Acknowledged {
    count: AtomicU64,
    done: AtomicBool,
}

#[test]
fn fifty_kills_in_a_burst_lose_nothing_acknowledged_double_nothing_and_keep_the_order() {
    let seed = std::env::var("MOIM_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| u64::from(std::process::id()) * 0x9E37_79B9);
    eprintln!("MOIM_SEED={seed}");
    let data = tempfile::tempdir().unwrap();
    let (room, tokens) = people_in_a_room(data.path());
    let address = format!("127.0.0.1:{}", free_port());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run(data.path(), room, &tokens, &address, seed));
}

async fn run(data: &Path, room: RoomId, tokens: &[String], address: &str, seed: u64) {
    let mut server = start(data, "127.0.0.1:0", address);
    let acknowledged = Arc::new(Acknowledged::default());
    let (progress, mut progressed) = watch::channel(0u64);
    let mut senders = Vec::new();
    for (number, token) in tokens.iter().enumerate().take(SENDERS) {
        let client = connect(address, token).await;
        senders.push(tokio::spawn(talk(client, room, number, Arc::clone(&acknowledged), progress.clone())));
    }
    let mut follower = connect(address, &tokens[SENDERS]).await.open(room, MessageId::ZERO).await.unwrap();
    let (stop_following, mut stopped) = watch::channel(MessageId::ZERO);
    let seen = tokio::spawn(async move {
        let mut seen: Vec<Message> = Vec::new();
        loop {
            tokio::select! {
                event = follower.next() => match event {
                    Some(RoomEvent::Message(message)) => seen.push(message),
                    Some(_) => {}
                    None => return seen,
                },
                _ = stopped.changed() => {}
            }
            let last = *stopped.borrow();
            if last > MessageId::ZERO && seen.last().is_some_and(|message| message.id >= last) {
                return seen;
            }
        }
    });

    let mut random = seed | 1;
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let target = acknowledged.count.load(Ordering::Acquire) + 1 + (random >> 33) % BURST_MAX;
        wait_for(&mut progressed, target).await;
        server.kill().unwrap();
        server.wait().unwrap();
        server = start(data, "127.0.0.1:0", address);
    }
    acknowledged.done.store(true, Ordering::Release);
    let mut acks: Vec<(MessageId, String)> = Vec::new();
    for sender in senders {
        acks.extend(tokio::time::timeout(PATIENCE, sender).await.expect("a sender stands still").unwrap());
    }
    let history = whole_history(&connect(address, &tokens[0]).await, room).await;
    let newest = history.last().expect("something was said").id;
    stop_following.send(newest).unwrap();
    let seen = tokio::time::timeout(PATIENCE, seen).await.expect("the follower stands still").unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    compare(&acks, &history, &seen);
    eprintln!("{KILLS} kills, {} acknowledged, {} stored, {} seen", acks.len(), history.len(), seen.len());
}

/// Talks until told to stop; returns what was acknowledged.
async fn talk(
    client: Client,
    room: RoomId,
    number: usize,
    acknowledged: Arc<Acknowledged>,
    progress: watch::Sender<u64>,
) -> Vec<(MessageId, String)> {
    let client = Arc::new(client);
    let mut tasks = Vec::new();
    for lane in 0..IN_FLIGHT {
        let (client, acknowledged, progress) = (Arc::clone(&client), Arc::clone(&acknowledged), progress.clone());
        tasks.push(tokio::spawn(async move {
            let mut acks = Vec::new();
            for n in 0.. {
                if acknowledged.done.load(Ordering::Acquire) {
                    break;
                }
                let text = format!("{number}.{lane}.{n}");
                let sent = client.send(room, text.clone()).await.expect("a member's send is not refused");
                acks.push((sent.id, text));
                progress.send_replace(acknowledged.count.fetch_add(1, Ordering::AcqRel) + 1);
            }
            acks
        }));
    }
    let mut acks = Vec::new();
    for task in tasks {
        acks.extend(task.await.unwrap());
    }
    acks
}

fn compare(acks: &[(MessageId, String)], history: &[Message], seen: &[Message]) {
    assert!(history.windows(2).all(|pair| pair[0].id < pair[1].id && pair[1].prev_id == pair[0].id), "order broken");
    let talk: Vec<&Message> = history.iter().filter(|message| message.device.0 != 0).collect();
    let stored: HashMap<&str, MessageId> = talk.iter().map(|message| (message.text.as_str(), message.id)).collect();
    assert_eq!(stored.len(), talk.len(), "a message is there twice");
    for (id, text) in acks {
        assert_eq!(stored.get(text.as_str()), Some(id), "{text} was acknowledged as {id}");
    }
    let first = seen.first().expect("the follower saw something").id;
    let expected: Vec<_> = history.iter().filter(|message| message.id >= first).map(|m| (m.id, &m.text)).collect();
    let seen: Vec<_> = seen.iter().map(|message| (message.id, &message.text)).collect();
    assert_eq!(seen, expected, "the follower saw something else than what is stored");
}

pub(crate) async fn whole_history(client: &Client, room: RoomId) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let after = messages.last().map_or(MessageId(1), |message| message.id);
        let page = client.history(room, Past::After(after), 200).await.unwrap();
        messages.extend(page.messages);
        if !page.more {
            return messages;
        }
    }
}

async fn wait_for(progressed: &mut watch::Receiver<u64>, target: u64) {
    let reached = progressed.wait_for(|&count| count >= target);
    tokio::time::timeout(PATIENCE, reached).await.expect("the senders stand still").unwrap();
}

pub(crate) async fn connect(address: &str, token: &str) -> Client {
    let mut config = Config::new(address, Credentials::Token(token.to_owned()));
    config.reconnect = Reconnect { delay_min: Duration::from_millis(5), delay_max: Duration::from_millis(100) };
    Client::connect(config).await.expect("the server takes a member's token")
}

/// Starts the server and waits until it says that it is ready.
pub(crate) fn start(data: &Path, page: &str, address: &str) -> Child {
    use std::io::{BufRead as _, BufReader};
    let mut server = super::command_line::moim()
        .args(["serve", "--listen", page, "--engine-listen", address, "--shards", "2"])
        .arg("--data")
        .arg(data)
        .args(["--set", "limits.sends_per_second_max=0", "--set", "log.filter=warn"])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let ready = lines.any(|line| line.is_ok_and(|line| line.contains("is ready")));
    assert!(ready, "the server did not start");
    // The rest of its output must not fill the pipe.
    std::thread::spawn(move || lines.count());
    server
}

/// People and their room, made before the server starts.
fn people_in_a_room(data: &Path) -> (RoomId, Vec<String>) {
    let mut config = moim_persistence::Config::new(data);
    config.password_cost = PasswordCost::LEAST;
    let accounts = Persistence::open_accounts_only(&config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut people = Vec::new();
        for n in 0..=SENDERS {
            let email = format!("person{n}@example.org");
            let sign_up = SignUp { email, username: format!("person {n}"), password: "correct horse".into() };
            people.push(accounts.users().sign_up(sign_up).await.unwrap().id);
        }
        let new =
            NewRoom { name: "모임".into(), description: String::new(), private: false, password: String::new() };
        let room = accounts.rooms().create(people[0], new).await.unwrap().id;
        let mut tokens = Vec::new();
        for &person in &people {
            if person != people[0] {
                accounts.rooms().add(people[0], room, person).await.unwrap();
            }
            tokens.push(accounts.logins().issue(person).await.unwrap().token);
        }
        (room, tokens)
    })
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
