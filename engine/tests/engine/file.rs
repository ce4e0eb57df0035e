//! Who may say that a file was uploaded: a bridge for itself, in a session that it began so.

use moim_wire::schema::{self, Kind};
use moim_wire::{ErrorCode, Opcode, SendFields};

use crate::support::{Peer, Received, Scene};

const FILE: &str = r#"{"fileId":"1","fileName":"영수증.png","size":3,"contentType":"image/png"}"#;

fn say_file(peer: &mut Peer, session: u32, scene: &Scene, sequence: u32) -> Received {
    let fields = SendFields { room: scene.room.0, sequence, text: FILE, kind: Kind::File, reference: 0 };
    let request = peer.say_for(session, |encoder, out, envelope| encoder.send(out, envelope, &fields));
    peer.answer(request)
}

#[test]
fn a_file_is_said_in_the_bridges_own_session_and_taken_back_like_talk() {
    let scene = Scene::plain();
    let mut trunk = scene.trunk();
    let token = scene.ben.token.clone();
    let request = trunk.say_for(1, |encoder, out, envelope| {
        encoder.frame(out, Opcode::Attach, envelope, |b| {
            let token = Some(b.create_string(&token));
            let args = schema::AttachArgs { token, device: 11, says_files: true, ..Default::default() };
            schema::Attach::create(b, &args)
        });
    });
    assert_eq!(trunk.answer(request).opcode, Opcode::Welcome);
    let mut anna = scene.session(&scene.anna);
    anna.follow(0, scene.room);
    let acknowledged = say_file(&mut trunk, 1, &scene, 1);
    let id = acknowledged.body::<schema::Ack<'_>>().id();
    let heard = anna.expect_talk();
    let heard = heard.body::<schema::Message<'_>>();
    assert_eq!((heard.kind(), heard.text(), heard.head().sender()), (Kind::File, FILE, scene.ben.user.0));
    let fields =
        SendFields { room: scene.room.0, sequence: 2, kind: Kind::Delete, reference: id, ..SendFields::default() };
    let request = trunk.say_for(1, |encoder, out, envelope| encoder.send(out, envelope, &fields));
    assert_eq!(trunk.answer(request).opcode, Opcode::Ack);
    scene.end();
}

#[test]
fn neither_a_native_client_nor_a_browser_shows_a_file_that_it_did_not_upload() {
    let scene = Scene::plain();
    let mut native = scene.session(&scene.ben);
    assert_eq!(say_file(&mut native, 0, &scene, 1).error_code(), Some(ErrorCode::NotAllowed));
    let mut trunk = scene.trunk();
    let request = trunk.attach_token(1, &scene.ben.token, 11);
    assert_eq!(trunk.answer(request).opcode, Opcode::Welcome);
    assert_eq!(say_file(&mut trunk, 1, &scene, 1).error_code(), Some(ErrorCode::NotAllowed));
    native.say_text(0, scene.room, 1, "the session goes on");
    scene.end();
}
