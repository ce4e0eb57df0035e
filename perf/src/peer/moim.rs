//! Moim: users and rooms are made by the server's own binary before it starts, on a data folder of the run's own.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::server::{Launch, free_address, fresh_folder, io};
use super::{Host, Peer, PeerError, Server, prepared};
use crate::load::Layout;
use crate::protocol::Seat;
use crate::workload::Workload;

/// A line of the seats file: one JSON object for each user, room after room in the order of their members.
#[derive(Debug, Deserialize)]
struct User {
    token: String,
    rooms: Vec<u32>,
}

pub(super) fn start(peer: Peer, program: &Path, workload: &Workload, host: &Host) -> Result<Server, PeerError> {
    let folder = fresh_folder(host)?;
    let prepared = prepared::copy_into(folder.path(), program, &workload.layout(), host)?;
    let (engine, bridge) = (free_address()?, free_address()?);
    let durability = if host.is_relaxed { "relaxed" } else { "durable" };
    let config = folder.path().join("moim.toml");
    // Limits that guard against abuse are out of the way; those that guard memory stay as shipped.
    let text = format!(
        "data = {data:?}\n[engine]\nlisten = \"{engine}\"\nshards = {shards}\ndurability = \"{durability}\"\n\
         [bridge]\nlisten = \"{bridge}\"\n[limits]\nsends_per_second_max = 0\n[log]\nfilter = \"warn\"\n",
        data = prepared.data,
        shards = host.server_cores.len(),
    );
    std::fs::write(&config, text).map_err(io("writing the configuration of Moim"))?;
    let mut command = Command::new(program);
    command.arg("serve").arg("--config").arg(&config);
    for (key, value) in &workload.settings {
        command.arg("--set").arg(format!("{key}={value}"));
    }
    let launch = Launch {
        peer,
        command,
        address: if peer == Peer::MoimWs { bridge } else { engine },
        metrics: Some(bridge),
        version: peer.version(program),
        durability: format!("{durability}, data on {}", crate::disk::file_system(folder.path())),
        seats: Some(prepared.seats),
        folder,
    };
    Server::launch(launch, host)
}

/// Users of the file as the workload seats them.
pub(super) fn seats(
    file: &Path,
    layout: &Layout,
    seat: impl Fn(usize, u32, String) -> Seat,
) -> Result<Vec<Seat>, PeerError> {
    let text = std::fs::read_to_string(file).map_err(io("reading the seats file"))?;
    parse(&text, layout, seat).map_err(|what| PeerError::Seats { path: file.display().to_string(), what })
}

fn parse(text: &str, layout: &Layout, seat: impl Fn(usize, u32, String) -> Seat) -> Result<Vec<Seat>, String> {
    let mut seats = Vec::with_capacity(layout.connections());
    for (number, line) in text.lines().filter(|line| !line.is_empty()).enumerate() {
        if seats.len() == layout.connections() {
            break;
        }
        let user: User = serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))?;
        let room = *user.rooms.first().ok_or_else(|| format!("line {}: a user without a room", number + 1))?;
        seats.push(seat(seats.len(), room, user.token));
    }
    if seats.len() < layout.connections() {
        return Err(format!("{} users; the workload needs {}", seats.len(), layout.connections()));
    }
    for room in seats.chunks(layout.members) {
        if room.iter().any(|member| member.room != room[0].room) {
            return Err(format!("rooms must have {} members each, listed one after the other", layout.members));
        }
    }
    Ok(seats)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, rooms: usize, members: usize) -> Result<Vec<(u32, String)>, String> {
        let layout = Layout { rooms, members, senders: members, text_bytes: 100 };
        let seat = |connection: usize, room, token| Seat {
            room,
            connection: connection as u32,
            token,
            device: 1,
            text_bytes: 100,
            last_seen: 0,
            follow: true,
        };
        Ok(parse(text, &layout, seat)?.into_iter().map(|seat| (seat.room, seat.token)).collect())
    }

    const USERS: &str = r#"{"user":1,"rooms":[5],"token":"a"}
{"user":2,"rooms":[5],"token":"b"}
{"user":3,"rooms":[6],"token":"c"}
{"user":4,"rooms":[6],"token":"d"}
"#;

    #[test]
    fn users_are_seated_in_the_order_of_the_file() {
        let wanted = [(5, "a"), (5, "b"), (6, "c"), (6, "d")].map(|(room, token)| (room, token.to_owned()));
        assert_eq!(parsed(USERS, 2, 2).unwrap(), wanted);
        assert_eq!(parsed(USERS, 1, 2).unwrap(), wanted[..2]);
    }

    #[test]
    fn a_file_that_does_not_fit_is_refused() {
        assert!(parsed(USERS, 3, 2).unwrap_err().contains("4 users"));
        assert!(parsed(USERS, 1, 3).unwrap_err().contains("3 members"));
        assert!(parsed("{\"user\":1}", 1, 1).unwrap_err().contains("line 1"));
    }
}
