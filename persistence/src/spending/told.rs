//! What a room is told of an expense: a card, and small changes of it. Texts are JSON, as `wire/PROTOCOL.md` describes them.

use moim_wire::UserId;
use moim_wire::schema::Kind;
use serde::Serialize;

use super::expense::{Expense, Payee};
use super::rules::SpendingRules;
use super::sheet::Votes;
use crate::dues::Way;
use crate::members::Told;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Card<'a> {
    expense: u64,
    title: &'a str,
    amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    payee: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payee_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    in_cash: bool,
    quorum: u32,
    expires_at_ms: u64,
    state: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed<'a> {
    expense: u64,
    title: &'a str,
    amount: i64,
    what: &'a str,
    approvals: u32,
    objections: u32,
    quorum: u32,
    state: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rules {
    what: &'static str,
    quorum: u32,
    limit: i64,
    wait_days: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_ms: Option<u64>,
}

/// The card of an expense.
pub(super) fn card(expense: &Expense) -> Told {
    let (payee, payee_name) = match &expense.payee {
        Payee::Member(user) => (Some(user.0), None),
        Payee::Outside(name) => (None, Some(&**name)),
    };
    let card = Card {
        expense: expense.id.0,
        title: &expense.title,
        amount: expense.amount.get(),
        payee,
        payee_name,
        file: expense.file.map(|file| file.to_string()),
        in_cash: expense.way == Way::Cash,
        quorum: expense.quorum,
        expires_at_ms: expense.expires_at_ms,
        state: expense.state.name(),
    };
    Told::of(Kind::Expense, expense.proposed_by, expense.id.0, &card)
}

/// What has become of it: `what` is "approved" or "objected", or the state in small letters.
pub(super) fn changed(expense: &Expense, actor: UserId, what: &str, votes: Votes) -> Told {
    let text = Changed {
        expense: expense.id.0,
        title: &expense.title,
        amount: expense.amount.get(),
        what,
        approvals: votes.approve,
        objections: votes.object,
        quorum: expense.quorum,
        state: expense.state.name(),
    };
    Told::of(Kind::ExpenseChanged, actor, expense.id.0, &text)
}

/// That expenses take something else from now on, or from then on.
pub(super) fn rules(actor: UserId, rules: SpendingRules, from_ms: Option<u64>) -> Told {
    let SpendingRules { quorum, limit, wait_days } = rules;
    Told::of(Kind::ExpenseChanged, actor, 0, &Rules { what: "rules", quorum, limit: limit.get(), wait_days, from_ms })
}
