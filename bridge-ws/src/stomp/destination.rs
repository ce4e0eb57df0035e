//! The names that clients subscribe to and send to.

const ROOM: &str = "/sub/chat/room/";

/// Where a SEND goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Something to say in a room.
    Message,
    /// A message to take back.
    Deletion,
}

impl Target {
    pub(super) fn of(destination: &str) -> Option<Self> {
        match destination {
            "/pub/chat/message" => Some(Self::Message),
            "/pub/delete/message" => Some(Self::Deletion),
            _ => None,
        }
    }
}

/// The room that a destination to subscribe to names.
pub(super) fn room_of(destination: &str) -> Option<u32> {
    let number = destination.strip_prefix(ROOM)?;
    // One name a room: no sign and no leading zeros.
    number.parse().ok().filter(|room: &u32| room.to_string() == number)
}

/// The destination that a room's messages come from.
pub(super) fn of_room(room: u32) -> String {
    format!("{ROOM}{room}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_has_one_name() {
        assert_eq!(room_of(&of_room(7)), Some(7));
        for other in ["/sub/chat/room/", "/sub/chat/room/07", "/sub/chat/room/+7", "/sub/chat/room/7/x", "/sub/chat/7"]
        {
            assert_eq!(room_of(other), None, "{other}");
        }
        assert_eq!(room_of("/sub/chat/room/4294967296"), None);
    }
}
