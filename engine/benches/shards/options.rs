//! The command line: as small as the load harness needs it.

use std::path::PathBuf;

use crate::node::Layout;

#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) shards: u16,
    pub(crate) layout: Layout,
    pub(crate) text_bytes: usize,
    pub(crate) seconds: f64,
    pub(crate) data: PathBuf,
    pub(crate) is_version_wanted: bool,
}

impl Options {
    pub(crate) fn of_command_line() -> Self {
        let mut options = Self {
            shards: 1,
            layout: Layout { rooms: 1_000, members: 2 },
            text_bytes: 108,
            seconds: 2.0,
            data: std::env::temp_dir(),
            is_version_wanted: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            match name.as_str() {
                "--version" => options.is_version_wanted = true,
                // Cargo says so to every benchmark.
                "--bench" => {}
                name => options.set(name, &arguments.next().unwrap_or_default()),
            }
        }
        options
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "--shards" => self.shards = number(name, value),
            "--rooms" => self.layout.rooms = number(name, value),
            "--members" => self.layout.members = number(name, value),
            "--text-bytes" => self.text_bytes = number(name, value),
            "--seconds" => self.seconds = number(name, value),
            "--data" => self.data = value.into(),
            _ => panic!("{name} is no option: there are --shards --rooms --members --text-bytes --seconds --data"),
        }
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> T {
    value.parse().unwrap_or_else(|_| panic!("{name} {value}: not a number"))
}
