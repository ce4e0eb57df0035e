//! Dues: plans of what a room asks of its members, requests of each period, and what was paid of them.
//!
//! # Invariants
//! - What is paid for a charge, a member's credit and the counts of a request are what the entries of the dues' book add up
//!   to. An entry that moves money is of one transfer, and is committed with it; no money comes into the fund for a charge,
//!   or leaves it, without one.
//! - What was asked stays as it was asked, whatever becomes of its plan; a period of a plan is asked for once.
//! - What is paid too much is the member's credit: it pays what else he owes, the oldest first, at once and when it is asked.
//! - Cash counts once two people say so. It is in an account of its own, from outside and to outside, so that nobody can say
//!   cash and take money.
//! - Who leaves owes nothing more: what is open is void, and what is refunded later too. Who comes back is asked for it
//!   again, and owes what he would owe had he stayed. What was paid for charges stays with the group; credit that came
//!   from his wallet goes back there, as far as and as soon as the fund holds it.
//! - What holds money has members: neither is the room deleted nor does its last member leave before it is given back or spent.
//!
//! # Where things are
//! A transfer that is made for dues is a command of the ledger with a purpose; the rules of it (`sheet`) are asked in the ledger's
//! batch, between what was read (`rows`) and what is written. What moves no money has a transaction of its own under the same
//! lock, the room's.

mod asking;
mod cash;
mod charge;
mod day;
mod entry;
mod fund;
mod keeper;
mod late;
mod leaving;
mod number;
mod owed;
mod paying;
mod plan;
mod planning;
mod reading;
mod refused;
mod rows;
mod schedule;
mod sheet;
mod steps;
mod told;
mod verify;

use std::sync::Arc;

pub use cash::{NewReceipt, ReceiptEntry, ReceiptState};
pub use charge::{Charge, Standing};
pub use day::Day;
pub use entry::{DuesEntryKind, Way};
pub use fund::Fund;
pub(crate) use fund::require as fund_of_room;
pub use keeper::Reader;
pub(crate) use keeper::{is_keeper, require_keeper, require_reader};
pub(crate) use leaving::{close, leave, reopen, require_no_credit, require_nothing_held};
pub use number::{BalanceId, ChargeId, DuesEntryId, PlanId, ReceiptId, RequestId};
pub use owed::OwedRequest;
pub(crate) use paying::positive;
pub use paying::{ChargePayment, Refund};
pub use plan::{Amount, MemberTerms, Plan, Repeat, Terms, Tier};
pub use planning::NewPlan;
pub use reading::{BalanceEntry, ChargeEntry, DuesEntry, EntriesQuery, OwnCharge, Request};
pub use refused::DuesRefused;
pub use sheet::Counts;
pub(crate) use sheet::Sheet;
pub(crate) use verify::CHECKS;

use crate::audit::Origin;
use crate::error::Error;
use crate::ledger::Refused;
use crate::members::Shared;

/// Dues of rooms. Cheap to clone.
#[derive(Clone)]
pub struct Dues {
    shared: Arc<Shared>,
    origin: Origin,
}

impl Dues {
    pub(crate) fn new(shared: Arc<Shared>, origin: Origin) -> Self {
        Self { shared, origin }
    }
}

impl From<DuesRefused> for Error {
    fn from(refused: DuesRefused) -> Self {
        Self::Ledger(Refused::Dues(refused))
    }
}
