//! A real server as a child process, on free ports and a folder of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::command_line::moim;

/// A server that has not come to where it should be after this time has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of a server's output that are kept until somebody asks.
const SAID_MAX: usize = 1_000;

/// Runs until it is stopped; killed when the test fails.
pub(crate) struct Server {
    child: Child,
    /// Where browsers connect.
    pub(crate) page: String,
    /// Where native clients connect.
    pub(crate) engine: String,
    said: Receiver<String>,
}

impl Server {
    /// `moim serve` on a data folder; returns when it says that it is ready.
    pub(crate) fn start(data: &Path) -> Self {
        Self::ready(serve(data))
    }

    /// Starts `command`, which serves, and reads where.
    pub(crate) fn ready(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut address = |name: &str| {
            let line = lines.find(|line| line.trim_start().starts_with(name)).expect("the server did not start");
            let address = line.split_whitespace().nth(1).unwrap();
            address.trim_start_matches("http://").trim_end_matches('/').to_owned()
        };
        let (page, engine) = (address("browsers"), address("engine"));
        // Read to the end, so that its output does not fill the pipe.
        let (say, said) = std::sync::mpsc::sync_channel(SAID_MAX);
        std::thread::spawn(move || lines.for_each(|line| drop(say.try_send(line))));
        Self { child, page, engine, said }
    }

    /// Returns when it prints a line that begins so.
    pub(crate) fn says(&self, beginning: &str) -> String {
        self.said.iter().find(|line| line.trim_start().starts_with(beginning)).expect("the server ended")
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The signal that ends it, of which the end is waited for.
    pub(crate) fn ended_by(&mut self) -> Option<i32> {
        self.child.wait().unwrap().signal()
    }

    /// Whether it ends before so much time is over.
    pub(crate) fn ends_within(&mut self, patience: Duration) -> bool {
        let begin = Instant::now();
        loop {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            if begin.elapsed() >= patience {
                return false;
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Asks it to stop and waits for the end.
    pub(crate) fn stop(mut self, signal: Signal) -> ExitStatus {
        kill_process(self.pid(), signal).unwrap();
        self.child.wait().unwrap()
    }

    /// Status and body of a page.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.get_as("nobody", path)
    }

    /// The same, as the bearer of `token` is given it.
    pub(crate) fn get_as(&self, token: &str, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.page).unwrap();
        let head = format!("Host: {}\r\nAuthorization: Bearer {token}\r\nConnection: close", self.page);
        write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Returns when its health page has this status.
    pub(crate) fn wait_for_health(&self, status: u16) {
        let begin = Instant::now();
        while self.get("/health").0 != status {
            assert!(begin.elapsed() < PATIENCE, "its health is not {status}");
            std::thread::yield_now();
        }
    }

    /// A command that talks to this server as the bearer of `token`.
    pub(crate) fn client(&self, token: &str) -> Command {
        let mut command = moim();
        command.env("MOIM_SERVER", &self.engine).env("MOIM_TOKEN", token);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is gone already where the test stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `moim serve` on free ports, small and quiet.
pub(crate) fn serve(data: &Path) -> Command {
    let mut command = moim();
    command.args(["serve", "--shards", "2", "--data"]).arg(data);
    for key in ["bridge.listen=127.0.0.1:0", "engine.listen=127.0.0.1:0", "log.filter=warn", "journal.segment=8 MiB"] {
        command.args(["--set", key]);
    }
    command
}

/// Runs an operator's command on a data folder.
pub(crate) fn operate(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = moim();
    command.args(arguments).arg("--data").arg(data);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that asks for nothing may have ended before it could be given anything.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// As [`operate`], of a command that succeeds; gives what it printed.
pub(crate) fn operated(data: &Path, arguments: &[&str], input: &str) -> String {
    let output = operate(data, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A person in a room, made by an operator: the room's number and the person's token.
pub(crate) fn person_in_a_room(data: &Path) -> (String, String) {
    operated(data, &["user", "add", "haneul@example.org", "하늘"], "correct horse\n");
    let line = operated(data, &["room", "create", "등산모임", "--by", "haneul@example.org"], "");
    let room = line.split('\t').next().unwrap().to_owned();
    (room, operated(data, &["user", "token", "haneul@example.org"], ""))
}
