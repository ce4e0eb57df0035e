//! The JSON that SENDs carry, read as leniently as the original's clients write it.

use moim_wire::schema::Kind;
use serde::{Deserialize, Deserializer};

use super::destination::Target;

/// A SEND as the engine takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) room: u32,
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) reference: u64,
}

/// What a page says in a room. `senderName` is not looked at: names are the accounts'.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    #[serde(rename = "type")]
    kind: SaidKind,
    #[serde(deserialize_with = "number")]
    channel_id: u64,
    #[serde(default, deserialize_with = "number_or_none")]
    sender_id: Option<u64>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default, deserialize_with = "number_or_none")]
    call_out_id: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum SaidKind {
    Enter,
    Talk,
    CallOut,
}

/// What a page takes back. `sender` is not looked at: who may is decided by the session.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deleted {
    #[serde(deserialize_with = "number")]
    channel_id: u64,
    #[serde(deserialize_with = "number")]
    channel_content_id: u64,
}

impl Request {
    /// Reads the body of a SEND of the session of `user`; `Err` says to people what is wrong with it.
    pub(super) fn read(target: Target, body: &[u8], user: u32) -> Result<Self, String> {
        match target {
            Target::Message => Self::message(json(body)?, user),
            Target::Deletion => {
                let Deleted { channel_id, channel_content_id } = json(body)?;
                let room = room(channel_id)?;
                Ok(Self { room, kind: Kind::Delete, text: String::new(), reference: channel_content_id })
            }
        }
    }

    fn message(said: Said, user: u32) -> Result<Self, String> {
        if let Some(claimed) = said.sender_id
            && claimed != u64::from(user)
        {
            return Err(format!("senderId {claimed} is not the session's user {user}"));
        }
        let text = said.message.unwrap_or_default();
        let (kind, text, reference) = match said.kind {
            // The greeting is written by those who show it, with the sender's name.
            SaidKind::Enter => (Kind::Enter, String::new(), 0),
            SaidKind::Talk => (Kind::Talk, text, 0),
            SaidKind::CallOut => {
                (Kind::Reply, text, said.call_out_id.ok_or("callOutId: a CALLOUT names the message that it quotes")?)
            }
        };
        Ok(Self { room: room(said.channel_id)?, kind, text, reference })
    }
}

fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("the body is not the JSON expected: {error}"))
}

fn room(channel_id: u64) -> Result<u32, String> {
    u32::try_from(channel_id).map_err(|_| format!("channelId: there is no channel {channel_id}"))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Number(u64),
    Text(String),
}

/// A number, or its digits as text; null and the empty text are none.
fn number_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<Scalar>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Scalar::Number(number)) => Ok(Some(number)),
        Some(Scalar::Text(text)) if text.trim().is_empty() => Ok(None),
        Some(Scalar::Text(text)) => {
            let number = text.trim().parse();
            number.map(Some).map_err(|_| serde::de::Error::custom(format!("\"{text}\" is no number")))
        }
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    number_or_none(deserializer)?.ok_or_else(|| serde::de::Error::custom("a number is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> Result<(u32, Kind, String, u64), String> {
        let Request { room, kind, text, reference } = Request::read(Target::Message, body.as_bytes(), 12)?;
        Ok((room, kind, text, reference))
    }

    #[test]
    fn the_three_types_are_read_with_numbers_as_numbers_or_text() {
        let talk = r#"{"type":"TALK","channelId":"7","senderId":12,"senderName":"민지","message":"안녕"}"#;
        assert_eq!(message(talk), Ok((7, Kind::Talk, "안녕".into(), 0)));
        let enter = r#"{"type":"ENTER","channelId":7,"senderId":"12","senderName":"누구","message":"x"}"#;
        assert_eq!(message(enter), Ok((7, Kind::Enter, String::new(), 0)));
        let reply = r#"{"type":"CALLOUT","channelId":7,"message":"네","callOutId":"244327231488000"}"#;
        assert_eq!(message(reply), Ok((7, Kind::Reply, "네".into(), 244_327_231_488_000)));
    }

    #[test]
    fn a_sender_other_than_the_session_is_refused() {
        let forged = r#"{"type":"TALK","channelId":7,"senderId":13,"message":"x"}"#;
        assert_eq!(message(forged), Err("senderId 13 is not the session's user 12".into()));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let wrong = [
            (r#"{"type":"CALLOUT","channelId":7,"message":"x"}"#, "callOutId"),
            (r#"{"type":"SHOUT","channelId":7,"message":"x"}"#, "SHOUT"),
            (r#"{"type":"TALK","message":"x"}"#, "channelId"),
            (r#"{"type":"TALK","channelId":"seven","message":"x"}"#, "seven"),
            (r#"{"type":"TALK","channelId":4294967296,"message":"x"}"#, "4294967296"),
            ("hello", "JSON"),
        ];
        for (body, named) in wrong {
            let said = message(body).unwrap_err();
            assert!(said.contains(named), "{said}");
        }
    }

    #[test]
    fn a_deletion_names_the_message_and_nobody_else_decides() {
        let body = br#"{"channelId":7,"channelContentId":"40","sender":"someone"}"#;
        let request = Request::read(Target::Deletion, body, 12).unwrap();
        assert_eq!((request.room, request.kind, request.reference), (7, Kind::Delete, 40));
    }
}
