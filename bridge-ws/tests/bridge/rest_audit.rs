//! Audit lines over REST: who sees them, and from where they say that money was moved.

use serde_json::{Value, json};

use crate::support::whole;

const PASSWORD: &str = "dues and don'ts";

/// The actions of an answer, the oldest first.
fn actions(lines: &Value) -> Vec<&str> {
    lines.as_array().unwrap().iter().rev().map(|line| line["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_auditor_sees_who_paid_what_and_from_where() {
    let world = whole().await;
    let (anna, boram, chulsoo) =
        (world.person("anna").await, world.person("boram").await, world.person("chulsoo").await);
    let room = world.channel(&anna, &[&boram, &chulsoo]).await;
    let body = json!({ "password": PASSWORD }).to_string();
    boram.http.post("/api/wallet/user", &body).await.ok();
    boram.http.post("/api/wallet/user/money", r#"{"amount":50000}"#).await.ok();
    let body = json!({ "channelId": room, "walletName": "회비", "description": "", "password": PASSWORD }).to_string();
    let group = anna.http.post("/api/wallet/group", &body).await.ok()["groupWalletId"].as_u64().unwrap();
    let own = boram.http.get("/api/wallet/user").await.ok()["walletId"].as_u64().unwrap();
    let body = json!({ "walletId": own, "targetWalletId": group, "amount": 10_000, "password": PASSWORD }).to_string();
    boram.http.post("/api/wallet/transaction", &body).await.ok();
    anna.http.put(&format!("/api/v1/rooms/{room}/offices/{}", chulsoo.id), r#"{"office":"AUDITOR"}"#).await;

    let audit = format!("/api/v1/rooms/{room}/audit");
    let seen = chulsoo.http.get(&audit).await.ok();
    assert_eq!(actions(&seen), ["groupWalletOpened", "transferred", "officeChanged"]);
    let line = &seen[1];
    assert_eq!((line["actor"].as_u64(), &line["actorName"]), (Some(boram.id.into()), &json!("boram")));
    assert_eq!((&line["via"], &line["address"]), (&json!("rest"), &json!("127.0.0.0/24")));
    assert_eq!(
        (&line["amount"], &line["room"], &line["detail"]),
        (&json!(10_000), &json!(room), &json!("boram → 회비"))
    );
    assert_eq!(seen[0]["detail"], "chulsoo: auditor");
    let older = chulsoo.http.get(&format!("{audit}?before={}&limit=1", line["id"])).await.ok();
    assert_eq!(actions(&older), ["groupWalletOpened"]);

    assert_eq!(actions(&anna.http.get(&audit).await.ok()).len(), 3, "an admin");
    assert_eq!(boram.http.get(&audit).await.refused(403), "NotAllowed");
    let stranger = world.person("stranger").await;
    assert_eq!(stranger.http.get(&audit).await.refused(403), "NotAMember");
    assert_eq!(anna.http.get(&format!("{audit}?limit=101")).await.refused(400), "BadRequest");

    let own = boram.http.get("/api/v1/ledger/audit").await.ok();
    assert_eq!(actions(&own), ["walletOpened", "deposited", "transferred"]);
    assert!(own.as_array().unwrap().iter().all(|line| line["address"] == "127.0.0.1"), "one's own, whole: {own}");
}
