//! A payment is killed with -9 at each step that it takes: strace ends the server as it makes its first write or sync
//! since the payment began, then at its second, and so on until the payment and what follows its answer, as the
//! emptying of the outbox, are through before its turn comes. So every point between two writes of the transaction, of
//! the room's journal and of what follows them is a point of death once.
//!
//! After each death the server is started again and the same payment asked for with the same key.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::ledger::{AMOUNT, all_told, is_told_once_in_order, pay, pay_until_answered, scene};
use super::server::{Server, operated};

/// A sweep that comes this far has no end.
const STEPS_MAX: u32 = 400;
/// A payment is through once nothing more comes of it for so long after its answer.
const AFTERMATH: Duration = Duration::from_secs(2);

/// Ends a process at its `nth` call of `calls`, counted in each of its threads from now on.
struct Assassin(Child);

impl Assassin {
    /// `None` where the system lets nobody trace.
    fn set_on(server: Pid, calls: &str, nth: u32) -> Option<Self> {
        let inject = format!("inject={calls}:signal=KILL:when={nth}");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-e", &format!("trace={calls}"), "-e", &inject, "-p", &server.as_raw_nonzero().to_string()]);
        let mut strace = strace.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().ok()?;
        let mut said = BufReader::new(strace.stderr.take()?).lines().map_while(Result::ok);
        let is_attached = said.any(|line| line.contains("attached"));
        // Read to the end, so that its output does not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        is_attached.then_some(Self(strace))
    }

    fn call_off(mut self) {
        // Ended with the server, or lets it go on when it ends.
        let _ = kill_process(Pid::from_child(&self.0), Signal::INT);
        self.0.wait().unwrap();
    }
}

fn entries_of_group(server: &Server, token: &str, group: u64) -> u64 {
    let (status, head) = server.get_as(token, &format!("/api/v1/ledger/groups/{group}/head"));
    assert_eq!(status, 200, "{head}");
    serde_json::from_str::<serde_json::Value>(&head).unwrap()["entries"].as_u64().unwrap()
}

#[test]
fn a_kill_at_each_step_of_a_payment_loses_and_doubles_no_won_and_no_notice() {
    let data = tempfile::tempdir().unwrap();
    let scene = scene(data.path(), 100_000_000);
    let (token, wallet) = &scene.payers[0];
    let ends = (*wallet, scene.group);
    let mut paid = 0;
    let mut server = Server::start(data.path());
    // The threads of the database write and sync; the shards write their journals through their rings.
    for (calls, stride) in [("pwrite64,fdatasync,fsync,ftruncate,unlink", 1), ("io_uring_enter", 5)] {
        let (mut nth, mut never_begun, mut finished) = (1, 0, 0);
        loop {
            let key = format!("payment-{paid}");
            let Some(assassin) = Assassin::set_on(server.pid(), calls, nth) else {
                assert!(std::env::var_os("CI").is_none(), "strace cannot be used here");
                return eprintln!("skipped: kills at each step, because strace is not here or may not trace");
            };
            let answer = pay(&server.page, token, &key, ends);
            assert!(answer.is_none_or(|status| status == 200), "{calls} {nth}: {answer:?}");
            // The rings turn without a payment as well.
            let aftermath = if stride == 1 { AFTERMATH } else { Duration::ZERO };
            let is_through = answer.is_some() && !server.ends_within(aftermath);
            if is_through {
                assassin.call_off();
                server.kill();
            } else {
                assert_eq!(server.ended_by(), Some(Signal::KILL.as_raw()), "{calls} {nth}: not by strace");
                assassin.call_off();
            }
            server = Server::start(data.path());
            server.wait_for_health(200);
            match entries_of_group(&server, token, scene.group) {
                entries if entries == paid => never_begun += u32::from(!is_through),
                entries => {
                    assert_eq!(entries, paid + 1, "{calls} {nth}");
                    finished += u32::from(!is_through);
                }
            }
            pay_until_answered(&server.page, token, &key, ends);
            paid += 1;
            assert_eq!(entries_of_group(&server, token, scene.group), paid, "{calls} {nth}: asked again");
            if is_through {
                break;
            }
            nth += stride;
            assert!(nth < STEPS_MAX, "a payment has no end");
        }
        eprintln!("{calls}: {never_begun} deaths before the commit, {finished} after it");
        assert!(never_begun > 0 && (finished > 0 || stride > 1), "{calls}");
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let told = runtime.block_on(all_told(&server.engine, &scene, paid));
    server.kill();
    is_told_once_in_order(&told, paid);
    let verified = operated(data.path(), &["ledger", "verify"], "");
    let line = format!("head\twallet {}\t{paid} entries\t", scene.group);
    assert!(verified.contains("sum\t0 KRW") && verified.contains(&line), "{verified}");
    eprintln!("{paid} payments of {AMOUNT} won, each told once");
}
