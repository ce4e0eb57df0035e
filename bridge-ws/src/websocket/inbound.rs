//! What may come from a browser, by operation. Bodies are the engine's to read.

use moim_wire::{ErrorCode, Opcode};

use crate::trunk::Weight;

/// What to do with a browser's frame once its session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inbound {
    /// Pass it to the engine.
    Forward(Weight),
    /// Answer it here: the trunk has its own heartbeat.
    Ping,
    /// Nothing to do.
    Ignore,
    /// The browser takes leave.
    Goodbye,
    /// Refuse it with an ERROR of that code.
    Refuse(ErrorCode, &'static str),
}

/// Judges a frame by the number of its operation.
pub(super) fn judge(opcode: u8) -> Inbound {
    use Opcode::{
        Ack, Attach, Busy, ChargeList, Charges, Close, Closed, Detach, Done, Dues, DuesList, Entries, EntryList, Error,
        ExpenseList, Expenses, Gap, Goodbye, Hello, History, HistoryPage, Join, Leave, LoggedIn, Login, MemberList,
        Members, Message, Open, Opened, Paid, Pay, Ping, Pong, Presence, Read, ReadMark, Revoke, RoomList, Rooms, Send,
        Sync, Typing, Vote, Wallet, WalletState, Welcome,
    };
    // An operation that only a newer engine knows is its to answer.
    let Some(opcode) = Opcode::from_u8(opcode) else { return Inbound::Forward(Weight::Request) };
    match opcode {
        Open | Close | Send | History | Join | Leave | Members | Rooms => Inbound::Forward(Weight::Request),
        Typing | Read => Inbound::Forward(Weight::Ephemeral),
        Ping => Inbound::Ping,
        Pong => Inbound::Ignore,
        Goodbye => Inbound::Goodbye,
        Hello => Inbound::Refuse(ErrorCode::NotAllowedHere, "the session stands already"),
        Login => Inbound::Refuse(ErrorCode::NotAllowedHere, "browsers log in over HTTP"),
        Attach | Detach | Sync | Revoke => Inbound::Refuse(ErrorCode::NotAllowedHere, "for trunks alone"),
        Wallet | Dues | Charges | Pay | Entries | Expenses | Vote => {
            Inbound::Refuse(ErrorCode::NotAllowedHere, "browsers ask for money over HTTP")
        }
        Welcome | LoggedIn | Error | Busy | Done | Opened | Closed | Ack | Message | Gap | HistoryPage | ReadMark
        | Presence | MemberList | RoomList | WalletState | DuesList | ChargeList | Paid | EntryList | ExpenseList => {
            Inbound::Refuse(ErrorCode::NotAllowedHere, "servers alone say it")
        }
    }
}
