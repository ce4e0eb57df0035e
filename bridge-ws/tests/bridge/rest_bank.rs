//! Notices of a bank: whose signature passes, and what it is told.

use std::time::{SystemTime, UNIX_EPOCH};

use moim_bridge::{BankSecrets, bank_signature};
use serde_json::{Value, json};

use crate::support::{Answer, Http, Person, Whole, whole, whole_with};

const OLD: &str = "the secret that the bank had before";
const NEW: &str = "the secret that the bank has from now";

async fn with_a_bank() -> (Whole, Person) {
    let world = whole_with(|config| {
        config.trial = true;
        config.bank = BankSecrets::new(vec![OLD.into(), NEW.into()]);
    })
    .await;
    let anna = world.person("anna").await;
    anna.http.post("/api/wallet/user", r#"{"password":"wallet secret"}"#).await.ok();
    (world, anna)
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn tell_at(http: &Http, secret: &str, at_s: u64, signed: &str, sent: &str) -> Answer {
    let at = at_s.to_string();
    let signature = bank_signature(secret, &at, signed.as_bytes());
    http.with("moim-timestamp", &at).with("moim-signature", &signature).post("/api/v1/bank/deposits", sent).await
}

async fn tell(http: &Http, secret: &str, notice: &Value) -> Answer {
    let body = notice.to_string();
    tell_at(http, secret, now_s(), &body, &body).await
}

#[tokio::test]
async fn a_signed_notice_is_credited_once_by_either_secret() {
    let (world, anna) = with_a_bank().await;
    let bank = world.http();
    let code = anna.http.get("/api/v1/bank/reference").await.ok();
    let notice = json!({ "id": "b-1", "reference": code["reference"], "payer": "김민지", "amount": 30_000 });
    let taken = tell(&bank, OLD, &notice).await.ok();
    assert_eq!((&taken["id"], &taken["amount"], &taken["state"]), (&json!("b-1"), &json!(30_000), &json!("CREDITED")));
    assert_eq!(tell(&bank, NEW, &notice).await.ok(), taken);
    let wallet = anna.http.get("/api/wallet/user").await.ok();
    assert_eq!((&wallet["money"], &wallet["walletId"]), (&json!(30_000), &code["walletId"]));
    let more = json!({ "id": "b-1", "reference": code["reference"], "amount": 90_000 });
    assert_eq!(tell(&bank, NEW, &more).await.refused(409), "ContradictsEarlierNotice");
    let nobodys = json!({ "id": "b-2", "reference": "회비", "amount": 1 });
    assert_eq!(tell(&bank, NEW, &nobodys).await.ok()["state"], "UNMATCHED");
    assert_eq!(anna.http.get("/api/wallet/user").await.ok()["money"], 30_000);
}

#[tokio::test]
async fn what_the_bank_did_not_sign_just_now_moves_nothing() {
    let (world, anna) = with_a_bank().await;
    let bank = world.http();
    let code = anna.http.get("/api/v1/bank/reference").await.ok()["reference"].clone();
    let body = json!({ "id": "b-1", "reference": code, "amount": 30_000 }).to_string();
    let more = body.replace("30000", "90000");
    let refused = [
        tell_at(&bank, "somebody else's secret, as long", now_s(), &body, &body).await,
        tell_at(&bank, NEW, now_s(), &body, &more).await,
        tell_at(&bank, NEW, now_s() - 3_600, &body, &body).await,
        tell_at(&bank, NEW, now_s() + 3_600, &body, &body).await,
        bank.post("/api/v1/bank/deposits", &body).await,
        anna.http.post("/api/v1/bank/deposits", &body).await,
    ];
    let count = refused.len() as u64;
    for answer in refused {
        assert_eq!(answer.refused(401), "Unauthorized");
    }
    assert_eq!(world.bridge.stats().bank_unsigned, count);
    for wrong in ["", "[]", r#"{"id":"b-1"}"#, r#"{"id":"b-1","amount":1,"extra":1}"#, r#"{"id":"b-1","amount":1.5}"#] {
        assert_eq!(tell_at(&bank, NEW, now_s(), wrong, wrong).await.refused(400), "BadRequest", "{wrong}");
    }
    let none = json!({ "id": "b-1", "amount": 0 });
    assert_eq!(tell(&bank, NEW, &none).await.refused(400), "InvalidField");
    assert_eq!(anna.http.get("/api/wallet/user").await.ok()["money"], 0);
}

#[tokio::test]
async fn without_a_secret_there_is_no_bank() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let notice = json!({ "id": "b-1", "reference": "", "amount": 1 });
    assert_eq!(tell(&world.http(), "", &notice).await.refused(403), "Forbidden");
    assert_eq!(anna.http.get("/api/v1/bank/reference").await.refused(403), "Forbidden");
}
