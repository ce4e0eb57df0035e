//! Thousands of connections that say nothing.

use std::io::Read as _;
use std::net::TcpStream;
use std::time::Duration;

use moim_wire::limits::FRAME_BYTES_MAX;
use moim_wire::{ErrorCode, Frame, body, schema};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::{Options, PATIENCE, Scene};

const WANTED: u64 = 10_000;
/// Descriptors that the rest of the tests, and the stores, may need.
const RESERVED: u64 = 2_000;

/// As many connections as wanted, or as the limit on descriptors allows with both ends in this process.
fn connections() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).expect("the soft limit may be raised to the hard one");
    let allowed = limit.maximum.unwrap_or(u64::MAX).saturating_sub(RESERVED) / 2;
    assert!(allowed >= 1_000, "at least 4,000 open files must be allowed (ulimit -Hn); it is {:?}", limit.maximum);
    WANTED.min(allowed)
}

#[test]
fn silent_connections_are_ended_in_time_and_do_not_keep_others_from_talking() {
    let count = connections();
    let mut options = Options::default();
    options.limits.hello_timeout = Duration::from_secs(5);
    let scene = Scene::new(&options);
    let address = scene.server.engine.address();
    let mut silent: Vec<TcpStream> = (0..count).map(|_| TcpStream::connect(address).unwrap()).collect();
    for _ in 0..20 {
        scene.assert_talks();
    }
    for socket in &mut silent {
        let mut said = Vec::new();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.read_to_end(&mut said).expect("GOODBYE, and the end");
        let frame = Frame::first(&said, FRAME_BYTES_MAX).unwrap().unwrap();
        let goodbye = body::read::<schema::Goodbye<'_>>(frame.body()).unwrap();
        assert_eq!(goodbye.code(), ErrorCode::HelloExpected as u16);
    }
    scene.server.until_at_least(count, |stats| stats.disconnected);
    scene.server.until("rid of them", |shards| shards.iter().all(|stats| stats.connections == 0));
    scene.end();
}
