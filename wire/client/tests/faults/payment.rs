//! Payments over breaks and refusals: asked again under one key for as long as the answer may come, never under
//! another.

use moim_client::{ChargeId, Client, Error, Paid, Payment, PaymentKey, Won};
use moim_wire::schema;
use moim_wire::{ErrorCode, Opcode};

use crate::peer::{Heard, Line, Peer, ROOM};

fn payment() -> Payment {
    Payment::new(ROOM, ChargeId(77), Won(10_000), "wallet horse")
}

fn key_of(heard: &Heard) -> String {
    heard.read::<schema::Pay<'_>>().key().unwrap().to_owned()
}

async fn paid(line: &mut Line, pay: &Heard, repeated: bool) {
    let envelope = pay.answer();
    line.say(|e, out| {
        e.frame(out, Opcode::Paid, envelope, |b| {
            let args = schema::PaidArgs { transfer: 9, amount: 10_000, repeated, ..schema::PaidArgs::default() };
            schema::Paid::create(b, &args)
        });
    })
    .await;
}

async fn refuse(line: &mut Line, pay: &Heard, code: ErrorCode, retry_after_ms: u32) {
    let envelope = pay.answer();
    line.say(|e, out| e.error(out, envelope, code, "", retry_after_ms)).await;
}

/// What comes of a payment that a server answers so: before a break where `broken`, and then behind it.
async fn comes_to(broken: bool, script: impl AsyncFnOnce(Line, Heard) -> Line) -> Result<Paid, Error> {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let payment = payment();
    let server = async {
        let mut pay = line.expect(Opcode::Pay).await;
        assert_eq!(key_of(&pay), payment.key().as_str());
        if broken {
            drop(line);
            line = peer.welcome().await;
            pay = line.expect(Opcode::Pay).await;
            assert_eq!(key_of(&pay), payment.key().as_str());
        }
        script(line, pay).await
    };
    let (outcome, _line) = tokio::join!(client.pay(&payment), server);
    outcome
}

#[tokio::test]
async fn what_passes_is_waited_for_under_the_same_key() {
    let passing = [ErrorCode::StoreUnavailable, ErrorCode::RateLimited];
    let outcome = comes_to(false, async |mut line, pay| {
        let key = key_of(&pay);
        line.busy(&pay).await;
        let mut pay = line.expect(Opcode::Pay).await;
        for code in passing {
            assert_eq!(key_of(&pay), key);
            refuse(&mut line, &pay, code, 1).await;
            pay = line.expect(Opcode::Pay).await;
        }
        assert_eq!(key_of(&pay), key);
        paid(&mut line, &pay, true).await;
        line
    })
    .await;
    assert!(outcome.unwrap().repeated);
}

#[tokio::test]
async fn a_refusal_before_anything_was_lost_moved_nothing() {
    for (code, retry_after_ms) in
        [(ErrorCode::InsufficientFunds, 0), (ErrorCode::StorageFull, 1), (ErrorCode::RateLimited, 60_000)]
    {
        let outcome = comes_to(false, async |mut line, pay| {
            refuse(&mut line, &pay, code, retry_after_ms).await;
            line
        })
        .await;
        assert!(
            matches!(&outcome, Err(Error::Refused(refusal)) if refusal.error_code() == Some(code)
                     && refusal.retry_after.as_millis() == u128::from(retry_after_ms)),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_or_of_a_server_that_failed_leaves_open_what_was_done() {
    for (broken, code) in
        [(true, ErrorCode::WrongPassword), (true, ErrorCode::NotAMember), (false, ErrorCode::Internal)]
    {
        let outcome = comes_to(broken, async |mut line, pay| {
            refuse(&mut line, &pay, code, 0).await;
            line
        })
        .await;
        assert!(
            matches!(&outcome, Err(Error::Uncertain(refusal)) if refusal.error_code() == Some(code)),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_full_disk_behind_a_lost_answer_is_waited_for() {
    let outcome = comes_to(true, async |mut line, pay| {
        refuse(&mut line, &pay, ErrorCode::StorageFull, 1).await;
        let again = line.expect(Opcode::Pay).await;
        paid(&mut line, &again, true).await;
        line
    })
    .await;
    assert!(outcome.unwrap().repeated);
}

#[tokio::test]
async fn one_that_is_given_up_and_paid_again_has_the_key_that_it_had() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let payment = payment();
    tokio::select! {
        _ = client.pay(&payment) => panic!("nobody has answered"),
        pay = line.expect(Opcode::Pay) => assert_eq!(key_of(&pay), payment.key().as_str()),
    }
    let server = async {
        let pay = line.expect(Opcode::Pay).await;
        assert_eq!(key_of(&pay), payment.key().as_str());
        paid(&mut line, &pay, true).await;
    };
    let (outcome, ()) = tokio::join!(client.pay(&payment), server);
    assert!(outcome.unwrap().repeated);
}

/// Said, it would end the session, and with it everything that waits.
async fn is_not_said(client: &Client, line: &mut Line, payment: &Payment) {
    let outcome = client.pay(payment).await;
    assert!(matches!(outcome, Err(Error::RequestTooLong { bytes: 33_000.., bytes_max: 32_768 })), "{outcome:?}");
    let other = Payment::new(ROOM, ChargeId(78), Won(1), "wallet horse");
    let server = async {
        let pay = line.expect(Opcode::Pay).await;
        assert_eq!(key_of(&pay), other.key().as_str());
        paid(line, &pay, false).await;
    };
    let (outcome, ()) = tokio::join!(client.pay(&other), server);
    outcome.unwrap();
}

#[tokio::test]
async fn a_key_or_a_password_that_no_frame_holds_is_refused_and_the_session_goes_on() {
    let peer = Peer::listen().await;
    let (client, mut line) = peer.connected().await;
    let long = "x".repeat(33_000);
    is_not_said(&client, &mut line, &payment().under(PaymentKey::kept(&*long))).await;
    is_not_said(&client, &mut line, &Payment::new(ROOM, ChargeId(77), Won(10_000), &*long)).await;
}
