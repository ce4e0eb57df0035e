//! What a room is told of its dues: the card of a request, and small changes of it. Texts are JSON, as `wire/PROTOCOL.md`
//! describes them.

use moim_wire::UserId;
use moim_wire::schema::Kind;
use serde::Serialize;

use super::charge::{Charge, Standing};
use super::day::Day;
use super::entry::NewEntry;
use super::number::{PlanId, ReceiptId, RequestId};
use super::sheet::{CashChange, Counts, Receipt};
use crate::ledger::Won;
use crate::members::Told;

/// Members whom one reminder names; the next of them are named by another. The text stays within what is stored of one.
pub(super) const NAMED_MAX: usize = 300;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card<'a> {
    request: u64,
    plan: u64,
    title: &'a str,
    due: String,
    grace_days: u32,
    late_fee: i64,
    /// What is asked of all together.
    asked: i64,
    asked_of: u32,
    paid_by: u32,
    collected: i64,
    odd_won: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed<'a> {
    request: u64,
    what: &'a str,
    user: u32,
    charge: u64,
    /// Which cash waits, or was denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<u64>,
    /// What was paid, waived or asked more; below zero where it was given back.
    amount: i64,
    open: i64,
    credit: i64,
    #[serde(skip_serializing_if = "is_false")]
    void: bool,
    asked_of: u32,
    paid_by: u32,
    collected: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reminder<'a> {
    request: u64,
    what: &'a str,
    step: &'a str,
    title: &'a str,
    due: String,
    users: Vec<u32>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks with")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// What a card says.
pub(super) struct Asked<'a> {
    pub(super) request: RequestId,
    pub(super) plan: PlanId,
    pub(super) made_by: UserId,
    pub(super) title: &'a str,
    pub(super) due: Day,
    pub(super) grace_days: u32,
    pub(super) late_fee: Won,
    pub(super) asked: Won,
    pub(super) odd_won: u32,
    pub(super) counts: Counts,
}

/// The card of a request.
pub(super) fn card(asked: &Asked<'_>) -> Told {
    let card = Card {
        request: asked.request.0,
        plan: asked.plan.0,
        title: asked.title,
        due: asked.due.to_string(),
        grace_days: asked.grace_days,
        late_fee: asked.late_fee.get(),
        asked: asked.asked.get(),
        asked_of: asked.counts.asked_of,
        paid_by: asked.counts.paid_by,
        collected: asked.counts.collected.get(),
        odd_won: asked.odd_won,
    };
    Told::of(Kind::Request, asked.made_by, asked.request.0, &card)
}

/// What has become of a charge by an entry.
pub(super) fn changed(entry: &NewEntry, charge: &Charge, credit: Won, counts: Counts) -> Told {
    let came = entry.to_charge.get() + if entry.transfer.is_some() { entry.to_credit.get() } else { 0 };
    change((entry.actor, entry.kind.name(), came + entry.to_due.get(), None), charge, credit, counts)
}

/// What became of cash that does not count: the charge stands as it did.
pub(super) fn cash(
    actor: UserId,
    what: CashChange,
    (id, receipt): (ReceiptId, &Receipt),
    charge: &Charge,
    credit: Won,
    counts: Counts,
) -> Told {
    let what = match what {
        CashChange::Recorded => "cashRecorded",
        CashChange::Denied => "cashDenied",
    };
    change((actor, what, receipt.amount.get(), Some(id)), charge, credit, counts)
}

fn change(
    (actor, what, amount, receipt): (UserId, &str, i64, Option<ReceiptId>),
    charge: &Charge,
    credit: Won,
    counts: Counts,
) -> Told {
    let text = Changed {
        request: charge.request.0,
        what,
        user: charge.user.0,
        charge: charge.id.0,
        receipt: receipt.map(|receipt| receipt.0),
        amount,
        open: charge.open().get(),
        credit: credit.get(),
        void: charge.standing() == Standing::Void,
        asked_of: counts.asked_of,
        paid_by: counts.paid_by,
        collected: counts.collected.get(),
    };
    Told::of(Kind::RequestChanged, actor, charge.request.0, &text)
}

/// Reminders of a request to those who have not paid.
pub(super) fn reminders(
    request: RequestId,
    step: &'static str,
    (title, due): (&str, Day),
    unpaid: &[UserId],
) -> Vec<Told> {
    let of = |users: &[UserId]| {
        let users = users.iter().map(|user| user.0).collect();
        let text = Reminder { request: request.0, what: "reminder", step, title, due: due.to_string(), users };
        Told::of(Kind::RequestChanged, UserId(0), request.0, &text)
    };
    unpaid.chunks(NAMED_MAX).map(of).collect()
}
