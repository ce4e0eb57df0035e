//! Bodies: verified once, then read in place.

use std::fmt::Debug;

use flatbuffers::{InvalidFlatbuffer, Verifiable, VerifierOptions};

use crate::generated::moim;
use crate::opcode::Opcode;

/// The body does not verify as what its operation carries.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the body does not verify: {0}")]
pub struct BodyError(#[from] InvalidFlatbuffer);

/// Verifies `bytes` as a `T` (say [`Send`](crate::schema::Send)) and gives access to its fields in place.
///
/// # Errors
/// [`BodyError`] for offsets out of bounds, missing required fields, text that is not UTF-8 and the like.
pub fn read<'a, T>(bytes: &'a [u8]) -> Result<T::Inner, BodyError>
where
    T: flatbuffers::Follow<'a> + Verifiable + 'a,
{
    // Bodies are flat: a table, or a table with one list of tables that may have one more in each.
    let options = VerifierOptions {
        max_depth: 4,
        max_tables: 2_000,
        max_apparent_size: crate::limits::FRAME_BYTES_MAX * 2,
        ignore_missing_null_terminator: false,
    };
    Ok(flatbuffers::root_with_opts::<T>(&options, bytes)?)
}

macro_rules! inspect {
    ($opcode:expr, $bytes:expr, { $($name:ident => $table:ident,)* }) => {
        match $opcode {
            $(Opcode::$name => Ok(Box::new(read::<moim::$table<'_>>($bytes)?)),)*
        }
    };
}

/// Verifies the body of a frame of that operation; its `Debug` reads and names every field. For tools and tests:
/// HELLO, LOGIN, LOGGED_IN, JOIN, PAY and ATTACH show their secrets.
///
/// # Errors
/// As [`read`].
pub fn inspect<'a>(opcode: Opcode, bytes: &'a [u8]) -> Result<Box<dyn Debug + 'a>, BodyError> {
    inspect!(opcode, bytes, {
        Hello => Hello,
        Welcome => Welcome,
        Login => Login,
        LoggedIn => LoggedIn,
        Ping => Ping,
        Pong => Ping,
        Error => Error,
        Busy => Busy,
        Goodbye => Goodbye,
        Done => Done,
        Open => Open,
        Opened => Opened,
        Close => Close,
        Closed => Closed,
        Send => Send,
        Ack => Ack,
        Message => Message,
        Gap => Gap,
        History => History,
        HistoryPage => HistoryPage,
        Read => Read,
        ReadMark => ReadMark,
        Typing => Typing,
        Presence => Presence,
        Join => Join,
        Leave => Leave,
        Members => Members,
        MemberList => MemberList,
        Rooms => Rooms,
        RoomList => RoomList,
        Attach => Attach,
        Detach => Detach,
        Sync => Sync,
        Revoke => Revoke,
        Wallet => Wallet,
        WalletState => WalletState,
        Dues => Dues,
        DuesList => DuesList,
        Charges => Charges,
        ChargeList => ChargeList,
        Pay => Pay,
        Paid => Paid,
        Entries => Entries,
        EntryList => EntryList,
        Expenses => Expenses,
        ExpenseList => ExpenseList,
        Vote => Vote,
    })
}
