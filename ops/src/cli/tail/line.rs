//! A message as a line.

use moim_client::{Kind, Message, Role};
use serde_json::Value;

use crate::cli::column::local_time;

pub(super) fn json(message: &Message, name: &str) -> String {
    serde_json::json!({
        "id": message.id.0,
        "at_unix_ms": message.id.unix_ms(),
        "room": message.room.0,
        "sender": message.sender.0,
        "name": name,
        "kind": message.kind.variant_name().unwrap_or("Unknown"),
        "reference": message.reference,
        "text": message.text,
    })
    .to_string()
}

pub(super) fn text(message: &Message, name: &str) -> String {
    let subject = &message.text;
    let said = match message.kind {
        Kind::Talk | Kind::Reply | Kind::Notice => format!("{name}: {subject}"),
        Kind::File => format!("{name}: [file] {}", file_name(subject)),
        Kind::Enter => format!("* {name} enters"),
        Kind::Delete if message.is_withdrawn() => format!("{name}: (withdrawn)"),
        Kind::Delete => format!("* {name} withdrew a message"),
        Kind::MemberJoined => format!("* {subject} is in the room"),
        Kind::MemberLeft => format!("* {subject} left"),
        Kind::MemberRemoved => format!("* {name} took {subject} out of the room"),
        Kind::RoleChanged => {
            format!("* {subject} is {} now", if message.role == Role::Admin { "an admin" } else { "a member" })
        }
        Kind::OfficeChanged => match message.role {
            Role::Treasurer => format!("* {subject} is the treasurer now"),
            Role::Auditor => format!("* {subject} is an auditor now"),
            _ => format!("* {subject} has no office any more"),
        },
        Kind::RoomChanged => format!("* the room is {subject:?} now"),
        Kind::RoomDeleted => "* the room was deleted".to_owned(),
        Kind::Money => format!("* {}", money(subject)),
        Kind::Request => format!("* {name} {}", asked(subject)),
        Kind::RequestChanged => format!("* dues: {}", changed(subject)),
        Kind::Expense => format!("* {name} {}", expense(subject)),
        Kind::ExpenseChanged => format!("* expenses: {}", decided(subject)),
        kind => format!("* something new happened ({})", kind.0),
    };
    format!("{}  {said}", local_time(message.id.unix_ms()))
}

/// What the server says in a room, with values by name; of what is not there, nothing.
struct Told(Value);

impl Told {
    fn of(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    fn words(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    fn number(&self, name: &str) -> i64 {
        self.0[name].as_i64().unwrap_or_default()
    }
}

/// The name that a message of kind File says; its text as it is where it says none.
fn file_name(text: &str) -> String {
    Told::of(text).0["fileName"].as_str().unwrap_or(text).to_owned()
}

/// What a request of dues says.
fn asked(text: &str) -> String {
    let card = Told::of(text);
    format!("asks for dues: {}, due {}", card.words("title"), card.words("due"))
}

/// What has become of one: how many have paid, or who was reminded.
fn changed(text: &str) -> String {
    let told = Told::of(text);
    if let Some(users) = told.0["users"].as_array() {
        return format!("{} who have not paid {} are reminded", users.len(), told.words("title"));
    }
    let [user, amount, paid_by, asked_of] = ["user", "amount", "paidBy", "askedOf"].map(|name| told.number(name));
    match told.words("what") {
        "cashRecorded" => format!("user {user} gave {amount} KRW in cash, another member has to confirm it"),
        "cashDenied" => format!("user {user} did not give {amount} KRW in cash"),
        "reopened" => {
            format!("user {user} is back and asked for {amount} KRW again, {paid_by} of {asked_of} have paid")
        }
        what => format!("user {user} {what} {amount} KRW, {paid_by} of {asked_of} have paid"),
    }
}

/// What an expense says.
fn expense(text: &str) -> String {
    let card = Told::of(text);
    format!("spends {} KRW on {} ({})", card.number("amount"), card.words("title"), card.words("state"))
}

/// What has become of one, or what expenses take from now on.
fn decided(text: &str) -> String {
    let told = Told::of(text);
    let quorum = told.number("quorum");
    if told.words("what") == "rules" {
        let from = told.0["fromMs"].as_u64().map(|from_ms| format!(" from {} on", local_time(from_ms)));
        let limit = told.number("limit");
        return format!("{quorum} have to agree to what is above {limit} KRW{}", from.unwrap_or_default());
    }
    format!("{} was {}, {} of {quorum} agree", told.words("title"), told.words("what"), told.number("approvals"))
}

/// What an event of money says: from whom to whom, and what the group's wallet has then.
fn money(text: &str) -> String {
    let Told(told) = Told::of(text);
    let (from, to) = (&told["from"]["name"], &told["to"]["name"]);
    match (from.as_str(), to.as_str(), told["amount"].as_i64(), told["balance"].as_i64()) {
        (Some(from), Some(to), Some(amount), Some(balance)) => {
            format!("{from} paid {amount} KRW to {to}; the wallet holds {balance} KRW")
        }
        _ => "money was moved".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_decided_of_expenses_is_told_apart_from_their_rules() {
        let vote = r#"{"title":"버스","what":"approved","approvals":1,"objections":0,"quorum":2}"#;
        assert_eq!(decided(vote), "버스 was approved, 1 of 2 agree");
        let rules = r#"{"what":"rules","quorum":2,"limit":50000,"waitDays":7}"#;
        assert_eq!(decided(rules), "2 have to agree to what is above 50000 KRW");
        let later = r#"{"what":"rules","quorum":1,"limit":0,"waitDays":7,"fromMs":1790000000000}"#;
        assert!(
            decided(later).starts_with("1 have to agree to what is above 0 KRW from 2026-09-"),
            "{}",
            decided(later)
        );
    }

    #[test]
    fn what_becomes_of_dues_is_told_in_words() {
        let paid = r#"{"what":"paid","user":4,"amount":10000,"paidBy":3,"askedOf":20}"#;
        assert_eq!(changed(paid), "user 4 paid 10000 KRW, 3 of 20 have paid");
        let recorded = r#"{"what":"cashRecorded","user":4,"amount":10000,"paidBy":3,"askedOf":20}"#;
        assert_eq!(changed(recorded), "user 4 gave 10000 KRW in cash, another member has to confirm it");
        let denied = recorded.replace("cashRecorded", "cashDenied");
        assert_eq!(changed(&denied), "user 4 did not give 10000 KRW in cash");
        let again = paid.replace("\"paid\"", "\"reopened\"");
        assert_eq!(changed(&again), "user 4 is back and asked for 10000 KRW again, 3 of 20 have paid");
        let reminded = r#"{"what":"late","title":"12월 회비","users":[4,5]}"#;
        assert_eq!(changed(reminded), "2 who have not paid 12월 회비 are reminded");
        assert_eq!(asked(r#"{"title":"12월 회비","due":"2026-12-05"}"#), "asks for dues: 12월 회비, due 2026-12-05");
    }
}
