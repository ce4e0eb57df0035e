//! Frames of a trunk: 0x30 to 0x33, and frames of the others that carry a session.

use moim_wire::{Encoder, Envelope, ErrorCode, Opcode, SendFields, schema};

use crate::{DEVICE, Golden, MINJI, ROOM, TOKEN, answer, room};

/// The bridge numbered this browser 9.
const fn session(request: u32) -> Envelope {
    Envelope { request, session: 9 }
}

pub(crate) fn goldens() -> Vec<Golden> {
    [sessions(), requests(), changes()].into_iter().flatten().collect()
}

/// ATTACH with a browser's token.
fn attach(e: &mut Encoder, out: &mut Vec<u8>, envelope: Envelope, says_files: bool) {
    e.frame(out, Opcode::Attach, envelope, |b| {
        let (token, address) = (b.create_string(TOKEN), b.create_string("203.0.113.9"));
        let (token, address) = (Some(token), Some(address));
        schema::Attach::create(b, &schema::AttachArgs { token, user: 0, device: DEVICE, address, says_files })
    });
}

fn sessions() -> Vec<Golden> {
    vec![
        Golden {
            file: "30-attach",
            opcode: Opcode::Attach,
            envelope: session(1),
            about: "Bridge to engine: session 9 begins, with a browser's token.",
            notes: &[("user", "0: the token names him")],
            build: |e, out, envelope| attach(e, out, envelope, false),
        },
        Golden {
            file: "30-attach-user",
            opcode: Opcode::Attach,
            envelope: session(1),
            about: "Bridge to engine: session 9 begins, for a user whom the bridge has authenticated.",
            notes: &[("device", "0: this session will not send")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Attach, envelope, |b| {
                    let address = b.create_string("203.0.113.9");
                    let address = Some(address);
                    let args = schema::AttachArgs { token: None, user: MINJI, device: 0, address, says_files: false };
                    schema::Attach::create(b, &args)
                });
            },
        },
        Golden {
            file: "30-attach-files",
            opcode: Opcode::Attach,
            envelope: session(1),
            about: "Bridge to engine: session 9 begins, in which the bridge itself speaks for a browser's user.",
            notes: &[("says_files", "it may say File")],
            build: |e, out, envelope| attach(e, out, envelope, true),
        },
        Golden {
            file: "31-detach",
            opcode: Opcode::Detach,
            envelope: session(0),
            about: "Bridge to engine: session 9 ends; not answered.",
            notes: &[("code", "0: the browser went")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Detach, envelope, |b| schema::Detach::create(b, &schema::DetachArgs { code: 0 }));
            },
        },
        Golden {
            file: "09-goodbye-trunk",
            opcode: Opcode::Goodbye,
            envelope: session(0),
            about: "Engine to bridge: session 9 is over, the trunk goes on.",
            notes: &[("code", "TokenRevoked")],
            build: |e, out, envelope| {
                e.goodbye(out, envelope, Some(ErrorCode::TokenRevoked), "the login was ended", 0);
            },
        },
    ]
}

fn requests() -> Vec<Golden> {
    vec![
        Golden {
            file: "11-opened-trunk",
            opcode: Opcode::Opened,
            envelope: session(4),
            about: "Engine to bridge: session 9 follows the room from here on.",
            notes: &[],
            build: |e, out, envelope| e.frame(out, Opcode::Opened, envelope, room::opened),
        },
        Golden {
            file: "14-send-trunk",
            opcode: Opcode::Send,
            envelope: session(5),
            about: "Bridge to engine: session 9 says something.",
            notes: &[],
            build: |e, out, envelope| {
                let fields = SendFields { room: ROOM, sequence: 3, text: "안녕하세요", ..SendFields::default() };
                e.send(out, envelope, &fields);
            },
        },
    ]
}

fn changes() -> Vec<Golden> {
    vec![
        Golden {
            file: "32-sync",
            opcode: Opcode::Sync,
            envelope: answer(2),
            about: "Bridge to engine: the room's changes up to 21 are committed; sequence them.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Sync, envelope, |b| {
                    schema::Sync::create(b, &schema::SyncArgs { room: ROOM, change: 21 })
                });
            },
        },
        Golden {
            file: "33-revoke",
            opcode: Opcode::Revoke,
            envelope: answer(3),
            about: "Bridge to engine: end the sessions of a login.",
            notes: &[("login", "0: all of the user's")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Revoke, envelope, |b| {
                    schema::Revoke::create(b, &schema::RevokeArgs { user: MINJI, login: 31 })
                });
            },
        },
    ]
}
