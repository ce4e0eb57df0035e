//! Frames of the session itself: 0x01 to 0x0a.

use moim_wire::{ErrorCode, Opcode, schema};

use crate::{DEVICE, Golden, MINJI, TOKEN, answer, id};

pub(crate) fn goldens() -> Vec<Golden> {
    [opening(), login(), answers()].into_iter().flatten().collect()
}

fn opening() -> Vec<Golden> {
    vec![
        Golden {
            file: "01-hello",
            opcode: Opcode::Hello,
            envelope: answer(1),
            about: "Client to server: the first frame of a connection.",
            notes: &[("device", "0x5eed0001"), ("capabilities", "none of them")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Hello, envelope, |b| {
                    let (token, agent) = (b.create_string(TOKEN), b.create_string("golden/1.0"));
                    let args = schema::HelloArgs {
                        minor: 0,
                        capabilities: 0,
                        token: Some(token),
                        device: DEVICE,
                        agent: Some(agent),
                    };
                    schema::Hello::create(b, &args)
                });
            },
        },
        Golden {
            file: "02-welcome",
            opcode: Opcode::Welcome,
            envelope: answer(1),
            about: "Server to client: the session stands.",
            notes: &[("expires_at_ms", "2026-11-23T09:30:00Z"), ("durable", "an ACK follows the journal's sync")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Welcome, envelope, |b| {
                    let (name, server) = (b.create_string("민지"), b.create_string("moim/0.1.0"));
                    let args = schema::WelcomeArgs {
                        minor: 0,
                        capabilities: 0,
                        user: MINJI,
                        name: Some(name),
                        expires_at_ms: crate::MORNING_MS + 86_400_000,
                        heartbeat_ms: 30_000,
                        frame_bytes_max: 32_768,
                        sends_in_flight_max: 64,
                        durable: true,
                        server: Some(server),
                    };
                    schema::Welcome::create(b, &args)
                });
            },
        },
    ]
}

fn login() -> Vec<Golden> {
    vec![
        Golden {
            file: "03-login",
            opcode: Opcode::Login,
            envelope: answer(1),
            about: "Client to server, before HELLO: e-mail and password for a token.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Login, envelope, |b| {
                    let (email, password) = (b.create_string("minji@example.com"), b.create_string("correct horse"));
                    schema::Login::create(b, &schema::LoginArgs { email: Some(email), password: Some(password) })
                });
            },
        },
        Golden {
            file: "04-logged-in",
            opcode: Opcode::LoggedIn,
            envelope: answer(1),
            about: "Server to client: the token for HELLO.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::LoggedIn, envelope, |b| {
                    let (token, name) = (b.create_string(TOKEN), b.create_string("민지"));
                    let args = schema::LoggedInArgs { token: Some(token), user: MINJI, name: Some(name) };
                    schema::LoggedIn::create(b, &args)
                });
            },
        },
    ]
}

fn answers() -> Vec<Golden> {
    vec![
        Golden {
            file: "05-ping",
            opcode: Opcode::Ping,
            envelope: answer(2),
            about: "Either direction: are you there?",
            notes: &[("stamp", "whatever the sender likes; PONG returns it")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Ping, envelope, |b| schema::Ping::create(b, &schema::PingArgs { stamp: 77 }));
            },
        },
        Golden {
            file: "06-pong",
            opcode: Opcode::Pong,
            envelope: answer(2),
            about: "Either direction: the answer to PING, with the same body.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Pong, envelope, |b| schema::Ping::create(b, &schema::PingArgs { stamp: 77 }));
            },
        },
        Golden {
            file: "07-error",
            opcode: Opcode::Error,
            envelope: answer(3),
            about: "Server to client: request 3 was refused.",
            notes: &[("code", "NotAMember"), ("retry_after_ms", "0: trying again does not help")],
            build: |e, out, envelope| {
                e.error(out, envelope, ErrorCode::NotAMember, "user 12 is no member of room 7", 0);
            },
        },
        Golden {
            file: "08-busy",
            opcode: Opcode::Busy,
            envelope: answer(5),
            about: "Server to client: request 5 was not looked at.",
            notes: &[],
            build: |e, out, envelope| e.busy(out, envelope, "the room's queue is full", 250),
        },
        Golden {
            file: "09-goodbye",
            opcode: Opcode::Goodbye,
            envelope: answer(0),
            about: "Either direction: the connection or session ends; here the server stops.",
            notes: &[("code", "ShuttingDown"), ("retry_after_ms", "come back after two seconds")],
            build: |e, out, envelope| {
                e.goodbye(out, envelope, Some(ErrorCode::ShuttingDown), "the server restarts", 2_000);
            },
        },
        Golden {
            file: "0a-done",
            opcode: Opcode::Done,
            envelope: answer(8),
            about: "Server to client: request 8 was carried out.",
            notes: &[("id", "of what came of it; 0 where nothing needs a name")],
            build: |e, out, envelope| e.done(out, envelope, id(3)),
        },
    ]
}
