//! A message as the original's clients know it: one row, the same for REST and STOMP.

use moim_persistence::User;
use moim_wire::schema::{Kind, Message};
use moim_wire::{MessageFields, MessageId, withdrawal};
use serde::Serialize;
use utoipa::ToSchema;

use crate::local_time;
use crate::shown_file::ShownFile;

/// What a row is, in the original's words and one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ContentType {
    /// A greeting.
    Enter,
    Talk,
    /// An answer that quotes the message `callOutContentId`.
    CallOut,
    /// What is left of a withdrawn message: no text.
    Delete,
    /// Said to all, apart from the talk. The original knows none.
    Notice,
    /// A file that was uploaded: `text` is its name, `file` says more. The original knows none.
    File,
}

/// A row of a channel's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Content {
    /// Below 2^53, so that a page's number holds it.
    pub(crate) id: u64,
    pub(crate) user_id: u32,
    /// Empty once the account was deleted.
    pub(crate) user_email: String,
    pub(crate) user_name: String,
    pub(crate) channel_id: u32,
    /// The quoted message of a CALLOUT.
    pub(crate) call_out_content_id: Option<u64>,
    /// Local time of Seoul, to the second.
    pub(crate) created_at: String,
    /// Members who have not read it yet.
    pub(crate) not_read_count: u32,
    pub(crate) text: String,
    #[serde(rename = "type")]
    pub(crate) kind: ContentType,
    /// Of a FILE alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<ShownFile>,
}

/// What a message of a room is to the original's clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A row of the content.
    Row(ContentType),
    /// No row of its own: it withdraws another.
    Withdrawal(MessageId),
    /// Nothing: members who come and go and the like, which the original does not tell.
    Nothing,
}

impl Shown {
    pub(crate) fn of(message: &Message<'_>) -> Self {
        if let Some(withdrawn) = withdrawal::withdraws(message) {
            return Self::Withdrawal(withdrawn);
        }
        ContentType::of(message.kind()).map_or(Self::Nothing, Self::Row)
    }
}

impl ContentType {
    /// The type of a message of that kind, which has a row.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        match kind {
            Kind::Talk => Some(Self::Talk),
            Kind::Reply => Some(Self::CallOut),
            // The original has no dues: to its clients a request or an expense is a notice that says what it is about.
            Kind::Notice | Kind::Request | Kind::Expense => Some(Self::Notice),
            Kind::File => Some(Self::File),
            Kind::Enter => Some(Self::Enter),
            Kind::Delete => Some(Self::Delete),
            _ => None,
        }
    }
}

impl Content {
    /// The row of a message; `None` where it is none. `author` is the message's sender.
    pub(crate) fn of(message: &Message<'_>, author: &User, not_read_count: u32) -> Option<Self> {
        let fields = MessageFields {
            head: *message.head(),
            text: message.text(),
            reference: message.reference(),
            kind: message.kind(),
            role: message.role(),
        };
        matches!(Shown::of(message), Shown::Row(_)).then(|| Self::of_fields(&fields, author, not_read_count)).flatten()
    }

    /// The row of a message that was just said.
    pub(crate) fn of_fields(fields: &MessageFields<'_>, author: &User, not_read_count: u32) -> Option<Self> {
        let kind = ContentType::of(fields.kind)?;
        let head = fields.head;
        let quoted = (kind == ContentType::CallOut).then_some(fields.reference);
        let file = if kind == ContentType::File { ShownFile::read(fields.text) } else { None };
        let text = match (kind, &file) {
            _ if fields.kind == Kind::Request => request(fields.text),
            _ if fields.kind == Kind::Expense => expense(fields.text),
            (ContentType::Enter, _) => greeting(&author.name),
            (_, Some(file)) => file.file_name.clone(),
            _ => fields.text.to_owned(),
        };
        Some(Self {
            id: head.id(),
            user_id: head.sender(),
            user_email: author.email.clone(),
            user_name: author.name.clone(),
            channel_id: head.room(),
            call_out_content_id: quoted,
            created_at: local_time::of_unix_ms(MessageId(head.id()).unix_ms()),
            not_read_count,
            text,
            kind,
            file,
        })
    }
}

/// What a request of dues says, whose text is JSON.
fn request(text: &str) -> String {
    let card: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let words = |name: &str| card[name].as_str().unwrap_or_default().to_owned();
    format!("회비 청구: {} ({}까지)", words("title"), words("due"))
}

/// What an expense says, whose text is JSON.
fn expense(text: &str) -> String {
    let card: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    format!("지출: {} ({}원)", card["title"].as_str().unwrap_or_default(), card["amount"].as_i64().unwrap_or_default())
}

/// What an ENTER says. Names are not in messages, so readers write it.
fn greeting(name: &str) -> String {
    format!("{name}님이 입장하셨습니다.")
}

#[cfg(test)]
mod tests {
    use moim_wire::limits::FRAME_BYTES_MAX;
    use moim_wire::schema::{MessageHead, Role};
    use moim_wire::{Encoder, Envelope, Frame, UserId, body};
    use serde_json::json;

    use super::*;

    const ID: u64 = 244_327_231_488_000;

    fn row(kind: Kind, reference: u64, text: &str) -> Option<serde_json::Value> {
        let head = MessageHead::new(ID, 1, 7, 12, 99, 3);
        let mut frame = Vec::new();
        let fields = MessageFields { head, text, reference, kind, role: Role::Member };
        Encoder::new().message(&mut frame, Envelope::default(), &fields);
        let frame = Frame::first(&frame, FRAME_BYTES_MAX).unwrap().unwrap();
        let message = body::read::<Message<'_>>(frame.body()).unwrap();
        let author = User { id: UserId(12), email: "minji@example.org".into(), name: "민지".into() };
        Content::of(&message, &author, 2).map(|content| serde_json::to_value(content).unwrap())
    }

    #[test]
    fn a_message_is_a_row_of_the_originals_fields() {
        let expected = json!({ "id": ID, "userId": 12, "userEmail": "minji@example.org", "userName": "민지",
            "channelId": 7, "callOutContentId": null, "createdAt": "2026-11-22T09:30:00", "notReadCount": 2,
            "text": "안녕하세요", "type": "TALK" });
        let mut shown = row(Kind::Talk, 0, "안녕하세요").unwrap();
        assert_eq!(shown["createdAt"].as_str().unwrap().len(), "2026-11-22T09:30:00".len());
        shown["createdAt"] = expected["createdAt"].clone();
        assert_eq!(shown, expected);
    }

    #[test]
    fn each_kind_has_its_type_and_events_have_none() {
        let reply = row(Kind::Reply, 40, "네").unwrap();
        assert_eq!((&reply["type"], &reply["callOutContentId"]), (&json!("CALLOUT"), &json!(40)));
        let enter = row(Kind::Enter, 0, "").unwrap();
        assert_eq!((&enter["type"], &enter["text"]), (&json!("ENTER"), &json!("민지님이 입장하셨습니다.")));
        let left = row(Kind::Delete, ID, "").unwrap();
        assert_eq!((&left["type"], &left["callOutContentId"]), (&json!("DELETE"), &json!(null)));
        assert_eq!(row(Kind::Notice, 0, "n").unwrap()["type"], "NOTICE");
        let fields = json!({ "fileId": "12", "fileName": "영수증.png", "size": 2048, "contentType": "image/png" });
        let file = row(Kind::File, 0, &fields.to_string()).unwrap();
        assert_eq!((&file["type"], &file["text"], &file["file"]), (&json!("FILE"), &json!("영수증.png"), &fields));
        let asked = row(Kind::Request, 5, r#"{"request":5,"title":"12월 회비","due":"2026-12-05"}"#).unwrap();
        assert_eq!(
            (&asked["type"], &asked["text"]),
            (&json!("NOTICE"), &json!("회비 청구: 12월 회비 (2026-12-05까지)"))
        );
        let spent = row(Kind::Expense, 7, r#"{"expense":7,"title":"저녁","amount":12000}"#).unwrap();
        assert_eq!((&spent["type"], &spent["text"]), (&json!("NOTICE"), &json!("지출: 저녁 (12000원)")));
        assert_eq!(row(Kind::Delete, 40, ""), None, "what withdraws another");
        assert_eq!(row(Kind::MemberJoined, 3, "x"), None);
    }
}
