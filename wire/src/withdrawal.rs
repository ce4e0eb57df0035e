//! Taking a message back: a later message of kind `Delete` names it by `reference`, and from then on only its head is
//! left, in a message of kind `Delete` that names itself. So ids and order stay, and a page needs no second look-up.

use crate::body;
use crate::decode::Frame;
use crate::encode::{Encoder, Envelope, MessageFields};
use crate::generated::moim::{Kind, Message, Role};
use crate::id::MessageId;
use crate::limits::FRAME_BYTES_MAX;

/// The message that this one withdraws; `None` for every other kind, and for what is left of a withdrawn message.
pub fn withdraws(message: &Message<'_>) -> Option<MessageId> {
    let names_itself = message.reference() == message.head().id();
    (message.kind() == Kind::Delete && !names_itself).then(|| MessageId(message.reference()))
}

/// Whether this is what is left of a withdrawn message.
pub fn is_withdrawn(message: &Message<'_>) -> bool {
    message.kind() == Kind::Delete && message.reference() == message.head().id()
}

/// What is left of the message in a MESSAGE frame, as a frame of no session. Of what is left already the same again;
/// `None` for bytes that are no MESSAGE frame.
pub fn left_of(frame: &[u8]) -> Option<Vec<u8>> {
    let frame = Frame::first(frame, FRAME_BYTES_MAX).ok().flatten()?;
    let head = *body::read::<Message<'_>>(frame.body()).ok()?.head();
    let fields = MessageFields { head, text: "", reference: head.id(), kind: Kind::Delete, role: Role::Member };
    let mut left = Vec::new();
    Encoder::new().message(&mut left, Envelope::default(), &fields);
    Some(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::moim::MessageHead;

    fn frame(kind: Kind, reference: u64) -> Vec<u8> {
        let head = MessageHead::new(50, 40, 7, 12, 99, 3);
        let mut frame = Vec::new();
        let fields = MessageFields { head, text: "said in haste", reference, kind, role: Role::Member };
        Encoder::new().message(&mut frame, Envelope::default(), &fields);
        frame
    }

    fn with<T>(frame: &[u8], look: impl FnOnce(&Message<'_>) -> T) -> T {
        let frame = Frame::first(frame, FRAME_BYTES_MAX).unwrap().unwrap();
        look(&body::read::<Message<'_>>(frame.body()).unwrap())
    }

    #[test]
    fn a_withdrawn_message_keeps_its_head_alone() {
        let left = left_of(&frame(Kind::Talk, 0)).unwrap();
        with(&left, |message| {
            assert!(is_withdrawn(message));
            assert_eq!(withdraws(message), None);
            assert_eq!((message.text(), message.head().sender(), message.head().prev_id()), ("", 12, 40));
        });
        assert_eq!(left_of(&left).unwrap(), left, "once more changes nothing");
        assert!(!left.windows(5).any(|bytes| bytes == b"haste"));
    }

    #[test]
    fn what_withdraws_is_told_from_what_is_withdrawn() {
        with(&frame(Kind::Delete, 40), |message| {
            assert_eq!(withdraws(message), Some(MessageId(40)));
            assert!(!is_withdrawn(message));
        });
        with(&frame(Kind::Reply, 40), |message| assert_eq!(withdraws(message), None));
        assert_eq!(left_of(b"no frame"), None);
    }
}
