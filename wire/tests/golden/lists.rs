//! Frames of membership and of lists: 0x1e to 0x23.

use moim_wire::{Opcode, schema};

use crate::{ANN, Golden, MINJI, ROOM, answer, id};

pub(crate) fn goldens() -> Vec<Golden> {
    [membership(), members(), rooms()].into_iter().flatten().collect()
}

fn membership() -> Vec<Golden> {
    vec![
        Golden {
            file: "1e-join",
            opcode: Opcode::Join,
            envelope: answer(8),
            about: "Client to server: become a member.",
            notes: &[("password", "of a private room")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Join, envelope, |b| {
                    let password = b.create_string("sesame");
                    schema::Join::create(b, &schema::JoinArgs { room: ROOM, password: Some(password) })
                });
            },
        },
        Golden {
            file: "1f-leave",
            opcode: Opcode::Leave,
            envelope: answer(10),
            about: "Client to server: be a member no more.",
            notes: &[],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Leave, envelope, |b| schema::Leave::create(b, &schema::LeaveArgs { room: ROOM }));
            },
        },
    ]
}

fn members() -> Vec<Golden> {
    vec![
        Golden {
            file: "20-members",
            opcode: Opcode::Members,
            envelope: answer(11),
            about: "Client to server: a page of the room's members, by user id.",
            notes: &[("after", "the last user id of the page before; 0: from the first")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Members, envelope, |b| {
                    schema::Members::create(b, &schema::MembersArgs { room: ROOM, after: 0, limit: 100 })
                });
            },
        },
        Golden {
            file: "21-member-list",
            opcode: Opcode::MemberList,
            envelope: answer(11),
            about: "Server to client: the page.",
            notes: &[("more", "this was the last page")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::MemberList, envelope, |b| {
                    let of = [
                        ("민지", MINJI, schema::Role::Admin, 2, false, schema::Role::Treasurer),
                        ("Ann", ANN, schema::Role::Member, 1, true, schema::Role::Member),
                    ];
                    let members = of.map(|(name, user, role, read, left, office)| {
                        let name = Some(b.create_string(name));
                        schema::Member::create(
                            b,
                            &schema::MemberArgs { user, name, role, read_mark: id(read), left, office },
                        )
                    });
                    let members = b.create_vector(&members);
                    let args = schema::MemberListArgs { room: ROOM, members: Some(members), more: false };
                    schema::MemberList::create(b, &args)
                });
            },
        },
    ]
}

fn rooms() -> Vec<Golden> {
    vec![
        Golden {
            file: "22-rooms",
            opcode: Opcode::Rooms,
            envelope: answer(12),
            about: "Client to server: a page of the caller's rooms, by room id.",
            notes: &[("after", "the last room id of the page before; 0: from the first")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::Rooms, envelope, |b| {
                    schema::Rooms::create(b, &schema::RoomsArgs { after: 0, limit: 1 })
                });
            },
        },
        Golden {
            file: "23-room-list",
            opcode: Opcode::RoomList,
            envelope: answer(12),
            about: "Server to client: the page.",
            notes: &[("unread", "messages above the read mark, counted up to 100"), ("more", "ask on after room 7")],
            build: |e, out, envelope| {
                e.frame(out, Opcode::RoomList, envelope, |b| {
                    let name = b.create_string("저녁 모임");
                    let entry = schema::RoomEntryArgs {
                        room: ROOM,
                        name: Some(name),
                        role: schema::Role::Admin,
                        private: true,
                        members: 2,
                        read_mark: id(2),
                        unread: 1,
                    };
                    let entry = schema::RoomEntry::create(b, &entry);
                    let rooms = b.create_vector(&[entry]);
                    schema::RoomList::create(b, &schema::RoomListArgs { rooms: Some(rooms), more: true })
                });
            },
        },
    ]
}
