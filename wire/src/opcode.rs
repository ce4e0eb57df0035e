//! What a frame is: one table of all operations.

macro_rules! opcodes {
    ($($(#[$doc:meta])* $name:ident = $value:literal,)*) => {
        /// The operation of a frame.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Opcode {
            $($(#[$doc])* $name = $value,)*
        }

        impl Opcode {
            /// Every operation, in the order of their numbers.
            pub const ALL: &[Opcode] = &[$(Opcode::$name,)*];

            /// The operation of that number, `None` where this version knows none.
            pub const fn from_u8(value: u8) -> Option<Self> {
                match value {
                    $($value => Some(Opcode::$name),)*
                    _ => None,
                }
            }

            /// The operation's name as PROTOCOL.md and logs write it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Opcode::$name => stringify!($name),)*
                }
            }
        }
    };
}

opcodes! {
    /// First frame of a connection, client to server.
    Hello = 0x01,
    /// Answer to HELLO and ATTACH: the session stands.
    Welcome = 0x02,
    /// E-mail and password for a token, before HELLO.
    Login = 0x03,
    /// Answer to LOGIN.
    LoggedIn = 0x04,
    /// Are you there; either direction.
    Ping = 0x05,
    /// Answer to PING.
    Pong = 0x06,
    /// The request was refused.
    Error = 0x07,
    /// The request was not looked at: too much to do. Nothing changed.
    Busy = 0x08,
    /// The connection or session ends; either direction.
    Goodbye = 0x09,
    /// The request was carried out; nothing more to say.
    Done = 0x0a,

    /// Follow a room from a last seen id on.
    Open = 0x10,
    /// Answer to OPEN.
    Opened = 0x11,
    /// Stop following a room.
    Close = 0x12,
    /// Answer to CLOSE, or unasked: the session follows the room no more.
    Closed = 0x13,
    /// Say something in a room.
    Send = 0x14,
    /// The send is stored for good.
    Ack = 0x15,
    /// A message of a room.
    Message = 0x16,
    /// Messages of a room were left out; ask for them.
    Gap = 0x17,
    /// Ask for a page of a room's past.
    History = 0x18,
    /// Answer to HISTORY.
    HistoryPage = 0x19,
    /// The caller has read a room up to an id.
    Read = 0x1a,
    /// A member has read a room up to an id.
    ReadMark = 0x1b,
    /// The caller, or a member, is typing.
    Typing = 0x1c,
    /// A member came or went.
    Presence = 0x1d,
    /// Become a member of a room.
    Join = 0x1e,
    /// Stop being a member.
    Leave = 0x1f,
    /// Ask for a page of a room's members.
    Members = 0x20,
    /// Answer to MEMBERS.
    MemberList = 0x21,
    /// Ask for a page of the caller's rooms.
    Rooms = 0x22,
    /// Answer to ROOMS.
    RoomList = 0x23,

    /// Trunk: begin a session; answered by WELCOME.
    Attach = 0x30,
    /// Trunk: end a session; not answered.
    Detach = 0x31,
    /// Trunk: a room's changes are committed in the store; answered by DONE when they are sequenced.
    Sync = 0x32,
    /// Trunk: end a login's sessions; answered by DONE.
    Revoke = 0x33,

    /// Ask for the caller's wallet and a room's fund.
    Wallet = 0x40,
    /// Answer to WALLET.
    WalletState = 0x41,
    /// Ask for a page of what a room, or any of the caller's rooms, has asked for.
    Dues = 0x42,
    /// Answer to DUES.
    DuesList = 0x43,
    /// Ask for a page of who has paid of one request.
    Charges = 0x44,
    /// Answer to CHARGES.
    ChargeList = 0x45,
    /// Pay a charge from the caller's wallet, once a key.
    Pay = 0x46,
    /// Answer to PAY: the money is moved.
    Paid = 0x47,
    /// Ask for a page of the entries of a group's wallet.
    Entries = 0x48,
    /// Answer to ENTRIES.
    EntryList = 0x49,
    /// Ask for a page of a room's expenses.
    Expenses = 0x4a,
    /// Answer to EXPENSES, and of one to VOTE.
    ExpenseList = 0x4b,
    /// Agree to an expense, or object.
    Vote = 0x4c,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_opcode_is_found_by_its_number() {
        for &opcode in Opcode::ALL {
            assert_eq!(Opcode::from_u8(opcode as u8), Some(opcode));
        }
        assert_eq!(Opcode::from_u8(0), None);
        assert_eq!(Opcode::from_u8(0xff), None);
    }
}
