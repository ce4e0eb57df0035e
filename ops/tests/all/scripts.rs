//! The scripts that start and stop the servers of the tests.

use std::process::Command;

use super::workspace::root;

#[test]
fn a_server_that_has_ended_is_not_waited_for_where_nobody_asks_for_its_end() {
    for script in ["mariadb.sh", "s3.sh", "cassandra.sh"] {
        let folder = tempfile::tempdir().unwrap();
        // Its parent asks only later, so that it stays a zombie, as below a PID 1 that never asks.
        let mut server = Command::new("sleep").arg("600").spawn().unwrap();
        std::fs::write(folder.path().join("pid"), server.id().to_string()).unwrap();
        let script = root().join("ops/testing").join(script);
        let stopped = Command::new("timeout").arg("60").arg(&script).arg("stop").arg(folder.path()).status().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        assert!(stopped.success(), "{} waited on", script.display());
    }
}
