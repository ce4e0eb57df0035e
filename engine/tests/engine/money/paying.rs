//! Charges are paid: once, by their member, and everybody sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use moim_client::{Error, Payment, PaymentKey, Standing, Won};
use moim_persistence::{AuditAction, Via};
use moim_wire::schema::{self, Kind};
use moim_wire::{ErrorCode, Opcode, RoomId, UserId};

use crate::support::club::{AT_FIRST, DUES, WALLET_PASSWORD};
use crate::support::relay::Fate;
use crate::support::{Club, Peer, Relay};

/// Kind, reference and text of the next events of money.
fn money_events(peer: &mut Peer, count: usize) -> Vec<(Kind, u64, String)> {
    let mut events = Vec::new();
    while events.len() < count {
        let received = peer.expect(Opcode::Message);
        let message = received.body::<schema::Message<'_>>();
        if message.kind().0 >= Kind::Money.0 {
            events.push((message.kind(), message.reference(), message.text().to_owned()));
        }
    }
    events
}

fn a_payment_is_seen_by_all(shards: u16) {
    let club = Club::new(shards);
    let scene = &club.scene;
    // Rooms of every shard, and sessions on every shard.
    for _ in 0..4 {
        let room = scene.server.room(scene.anna.user, &[scene.ben.user]);
        club.ask(room);
        let mut watching = [scene.session(&scene.anna), scene.session(&scene.ben)];
        for peer in &mut watching {
            peer.follow(0, room);
        }
        let ben = club.direct(&scene.ben);
        let before = club.balance(&scene.ben);
        let (request, charge) = club.owed(&ben, room);
        let paid = club.runtime.block_on(ben.pay(&Payment::new(room, charge, DUES, WALLET_PASSWORD))).unwrap();
        assert_eq!((paid.amount, paid.open, paid.credit, paid.repeated), (DUES, Won(0), Won(0), false));
        assert_eq!(club.balance(&scene.ben).0, before.0 - DUES.0);
        for peer in &mut watching {
            // The request's own card may come first: nobody had the room in memory.
            let mut events = money_events(peer, 2);
            if events[0].0 == Kind::Request {
                events.remove(0);
                events.extend(money_events(peer, 1));
            }
            assert_eq!((events[0].0, events[0].1), (Kind::Money, paid.transfer.0));
            assert_eq!((events[1].0, events[1].1), (Kind::RequestChanged, request.0));
            assert!(events[1].2.contains(r#""what":"paid""#), "{}", events[1].2);
        }
    }
    club.end();
}

#[test]
fn a_payment_is_seen_by_all_on_one_shard() {
    a_payment_is_seen_by_all(1);
}

#[test]
fn a_payment_is_seen_by_all_on_two_shards() {
    a_payment_is_seen_by_all(2);
}

#[test]
fn what_is_owed_is_shown_and_who_has_paid() {
    let club = Club::new(2);
    let scene = &club.scene;
    let (ben, eve) = (club.direct(&scene.ben), club.direct(&scene.eve));
    let second = scene.server.room(scene.anna.user, &[scene.ben.user]);
    club.ask(second);
    club.runtime.block_on(async {
        let wallets = ben.wallets(Some(scene.room)).await.unwrap();
        assert_eq!(wallets.own.unwrap().balance, AT_FIRST);
        assert_eq!((wallets.fund.unwrap().entries, wallets.fund.unwrap().wallet.balance), (0, Won(0)));
        assert!(eve.wallets(None).await.unwrap().own.is_none(), "she has opened none");

        let all = ben.dues(None, None, 100).await.unwrap();
        assert_eq!(all.requests.iter().map(|request| request.room).collect::<Vec<_>>(), [second, scene.room]);
        assert!(all.requests.iter().all(|request| request.own.as_ref().unwrap().open == DUES));
        let first = ben.dues(None, None, 1).await.unwrap();
        assert!(first.more && first.requests[..] == all.requests[..1]);
        let rest = ben.dues(None, Some(first.requests[0].id), 1).await.unwrap();
        assert!(!rest.more && rest.requests[..] == all.requests[1..]);

        let request = rest.requests[0].clone();
        let charge = request.own.unwrap();
        let part = Payment::new(scene.room, charge.id, Won(4_000), WALLET_PASSWORD);
        assert_eq!(ben.pay(&part).await.unwrap().open, Won(6_000));
        let more = Payment::new(scene.room, charge.id, Won(7_000), WALLET_PASSWORD);
        let paid = ben.pay(&more).await.unwrap();
        assert_eq!((paid.open, paid.credit), (Won(0), Won(1_000)), "what is too much is credit");

        let page = ben.charges(scene.room, request.id, UserId(0), 1).await.unwrap();
        assert!(page.more && page.charges[0].user == scene.anna.user && page.charges[0].standing == Standing::Open);
        let page = ben.charges(scene.room, request.id, scene.anna.user, 100).await.unwrap();
        assert_eq!((page.more, page.charges.len()), (false, 1));
        let own = &page.charges[0];
        assert_eq!((own.name.as_str(), own.paid, own.standing), ("ben", DUES, Standing::Paid));
        let now = ben.dues(Some(scene.room), None, 100).await.unwrap();
        let counts = (now.requests[0].asked_of, now.requests[0].paid_by, now.requests[0].collected);
        assert_eq!(counts, (2, 1, DUES));
    });
    club.end();
}

#[test]
fn a_payment_that_cannot_be_is_refused_with_its_reason_and_moves_nothing() {
    let club = Club::new(2);
    let scene = &club.scene;
    let (anna, ben, eve) = (club.direct(&scene.anna), club.direct(&scene.ben), club.direct(&scene.eve));
    let (_, charge) = club.owed(&ben, scene.room);
    let room = scene.room;
    let refused = |by: &moim_client::Client, payment: Payment| {
        let error = club.runtime.block_on(by.pay(&payment)).unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{error}");
        assert!(!error.to_string().contains("horse"), "{error}");
        (error.code().unwrap(), error.to_string())
    };
    let pay = |amount, password| Payment::new(room, charge, Won(amount), password);
    assert_eq!(refused(&ben, pay(10_000, "another horse")).0, ErrorCode::WrongPassword);
    assert_eq!(refused(&ben, pay(AT_FIRST.0 + 1, WALLET_PASSWORD)).0, ErrorCode::InsufficientFunds);
    for amount in [0, -1, i64::MIN, i64::MAX] {
        let (code, message) = refused(&ben, pay(amount, WALLET_PASSWORD));
        assert!(code == ErrorCode::InvalidField && message.contains("amount"), "{message}");
    }
    assert_eq!(refused(&anna, pay(10_000, WALLET_PASSWORD)).0, ErrorCode::InvalidField, "everybody pays his own");
    assert_eq!(refused(&eve, pay(10_000, WALLET_PASSWORD)).0, ErrorCode::NotAMember);
    let nowhere = Payment::new(RoomId(4_000), charge, DUES, WALLET_PASSWORD);
    assert_eq!(refused(&ben, nowhere).0, ErrorCode::NoSuchRoom);
    let (code, message) = refused(&ben, pay(10_000, WALLET_PASSWORD).under(PaymentKey::kept("a key")));
    assert!(code == ErrorCode::InvalidField && message.contains("key"), "{message}");
    let joined = club.runtime.block_on(eve.join(room, None));
    joined.unwrap();
    assert_eq!(refused(&eve, pay(10_000, WALLET_PASSWORD)).0, ErrorCode::NoWallet);
    assert_eq!((club.balance(&scene.anna), club.balance(&scene.ben)), (AT_FIRST, AT_FIRST));
    club.end();
}

#[test]
fn who_guesses_a_wallets_password_is_made_to_wait() {
    let club = Club::new(1);
    let scene = &club.scene;
    let ben = club.direct(&scene.ben);
    let (_, charge) = club.owed(&ben, scene.room);
    let guess = Payment::new(scene.room, charge, DUES, "another horse");
    let refusal = (0..100).find_map(|_| match club.runtime.block_on(ben.pay(&guess)) {
        Err(Error::Refused(refusal)) if refusal.error_code() == Some(ErrorCode::WrongPassword) => None,
        Err(Error::Refused(refusal)) => Some(refusal),
        other => panic!("{other:?}"),
    });
    let refusal = refusal.expect("guesses are limited");
    assert_eq!(refusal.error_code(), Some(ErrorCode::RateLimited));
    assert!(!refusal.retry_after.is_zero(), "it says when to try again");
    assert_eq!(club.balance(&scene.ben), AT_FIRST);
    club.end();
}

#[test]
fn the_same_key_again_is_answered_and_moves_nothing_and_with_another_request_it_is_refused() {
    let club = Club::new(2);
    let scene = &club.scene;
    let ben = club.direct(&scene.ben);
    let (_, charge) = club.owed(&ben, scene.room);
    let payment = Payment::new(scene.room, charge, DUES, WALLET_PASSWORD);
    let first = club.runtime.block_on(ben.pay(&payment)).unwrap();
    let again = club.runtime.block_on(club.direct(&scene.ben).pay(&payment)).unwrap();
    assert_eq!(again, moim_client::Paid { repeated: true, ..first });
    let other = Payment::new(scene.room, charge, Won(5), WALLET_PASSWORD).under(payment.key().clone());
    let error = club.runtime.block_on(ben.pay(&other)).unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::KeyReused));
    assert_eq!(club.balance(&scene.ben).0, AT_FIRST.0 - DUES.0);
    club.end();
}

#[test]
fn a_payment_whose_answer_is_lost_is_asked_again_and_paid_once() {
    let club = Club::new(2);
    let scene = &club.scene;
    let lost = Arc::new(AtomicU32::new(0));
    let counted = lost.clone();
    let relay = Relay::to(scene.server.engine.address(), move |opcode, _| {
        let is_lost = opcode == Opcode::Paid && counted.fetch_add(1, Ordering::Relaxed) < 2;
        if is_lost { Fate::Cut } else { Fate::Passed }
    });
    let ben = club.client(&scene.ben, relay.address);
    let (_, charge) = club.owed(&ben, scene.room);
    let paid = club.runtime.block_on(ben.pay(&Payment::new(scene.room, charge, DUES, WALLET_PASSWORD))).unwrap();
    assert_eq!(lost.load(Ordering::Relaxed), 3, "two answers were lost, the third came");
    assert_eq!((paid.repeated, paid.amount, paid.open), (true, DUES, Won(0)));
    assert_eq!(ben.stats().reconnects, 2);
    assert_eq!(club.balance(&scene.ben).0, AT_FIRST.0 - DUES.0);
    club.end();
}

#[test]
fn a_payment_leaves_a_line_that_says_by_whom_and_from_where() {
    let club = Club::new(2);
    let scene = &club.scene;
    let ben = club.direct(&scene.ben);
    let (_, charge) = club.owed(&ben, scene.room);
    club.runtime.block_on(ben.pay(&Payment::new(scene.room, charge, DUES, WALLET_PASSWORD))).unwrap();
    let lines = scene.server.wait(scene.server.persistence.accounts().audit().of_user(scene.ben.user, None, 10));
    let line = lines.iter().find(|line| line.action == AuditAction::DuesPaid).unwrap();
    assert_eq!((line.via, line.address.as_str(), line.room), (Via::Native, "127.0.0.1", Some(scene.room)));
    club.end();
}

#[test]
fn a_bridges_sessions_do_not_ask_for_money_here() {
    let club = Club::new(2);
    let scene = &club.scene;
    let mut trunk = scene.trunk();
    trunk.attach_user(1, scene.ben.user, 99);
    trunk.expect(Opcode::Welcome);
    for session in [0, 1] {
        let room = scene.room.0;
        let wallet = trunk.ask(session, Opcode::Wallet, |b| schema::Wallet::create(b, &schema::WalletArgs { room }));
        assert_eq!(trunk.answer(wallet).error_code(), Some(ErrorCode::NotAllowedHere));
        let pay = trunk.ask(session, Opcode::Pay, |b| {
            let (key, password) = (Some(b.create_string("a-key")), Some(b.create_string(WALLET_PASSWORD)));
            schema::Pay::create(b, &schema::PayArgs { room, charge: 1, amount: 1, key, password })
        });
        assert_eq!(trunk.answer(pay).error_code(), Some(ErrorCode::NotAllowedHere));
        let vote = trunk.ask(session, Opcode::Vote, |b| {
            schema::Vote::create(b, &schema::VoteArgs { room, expense: 1, approves: true })
        });
        assert_eq!(trunk.answer(vote).error_code(), Some(ErrorCode::NotAllowedHere));
    }
    club.end();
}
