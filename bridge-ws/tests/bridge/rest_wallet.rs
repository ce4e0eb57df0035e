//! Wallets, transfers and reservations, as the original's clients ask for them.

use serde_json::{Value, json};

use crate::support::{Browser, Person, Whole, whole, whole_with};

const SECRET: &str = "wallet secret";

/// Opens a wallet of that much money; its id.
async fn wallet(person: &Person, money: i64) -> u64 {
    let opened = person.http.post("/api/wallet/user", &json!({ "password": SECRET }).to_string()).await.ok();
    assert_eq!((&opened["money"], opened["username"].is_string()), (&json!(0), true));
    if money > 0 {
        // The original's page sends numbers as text.
        let filled =
            person.http.post("/api/wallet/user/money", &json!({ "amount": money.to_string() }).to_string()).await;
        assert_eq!(filled.ok()["money"], money);
    }
    opened["walletId"].as_u64().unwrap()
}

async fn group_wallet(person: &Person, channel: u64) -> u64 {
    let new = json!({ "channelId": channel, "walletName": "회비", "description": "매달 5일", "password": SECRET });
    let opened = person.http.post("/api/wallet/group", &new.to_string()).await.ok();
    let id = opened["groupWalletId"].as_u64().unwrap();
    let expected = json!({
        "groupWalletId": id, "money": 0, "reserved": 0, "walletName": "회비", "description": "매달 5일", "channel": channel,
    });
    assert_eq!(opened, expected);
    id
}

fn payment(from: u64, to: u64, amount: impl Into<Value>) -> String {
    let amount: Value = amount.into();
    json!({ "walletId": from, "targetWalletId": to.to_string(), "amount": amount, "password": SECRET }).to_string()
}

/// Anna with a group's wallet in her channel, Boram with money.
struct Scene {
    world: Whole,
    anna: Person,
    boram: Person,
    channel: u64,
    group: u64,
    boram_wallet: u64,
}

async fn scene() -> Scene {
    let world = whole().await;
    let (anna, boram) = (world.person("anna").await, world.person("boram").await);
    let channel = world.channel(&anna, &[&boram]).await;
    let group = group_wallet(&anna, channel).await;
    let boram_wallet = wallet(&boram, 10_000).await;
    Scene { world, anna, boram, channel, group, boram_wallet }
}

#[tokio::test]
async fn money_goes_from_a_member_to_the_group_and_both_statements_show_it() {
    let Scene { world: _world, boram, anna, group, boram_wallet, .. } = scene().await;
    let sent = boram.http.post("/api/wallet/transaction", &payment(boram_wallet, group, "3000")).await.ok();
    assert_eq!((&sent["transferType"], &sent["amount"]), (&json!("SEND"), &json!(3_000)));
    assert_eq!((&sent["balanceBefore"], &sent["balanceAfter"]), (&json!(10_000), &json!(7_000)));
    assert_eq!((&sent["wallet"]["owner"], &sent["targetWallet"]["owner"]), (&json!("boram"), &json!("회비")));
    let own = boram.http.get("/api/wallet/user/transaction/all").await.ok();
    assert_eq!((own.as_array().unwrap().len(), &own[0]["transferType"], &own[1]), (2, &json!("RECEIVE"), &sent));
    let path = format!("/api/wallet/group/{group}/transaction/all");
    let of_group = anna.http.get(&path).await.ok();
    let received = &of_group[0];
    assert_eq!((&received["transferType"], &received["balanceAfter"]), (&json!("RECEIVE"), &json!(3_000)));
    assert_eq!((&received["wallet"]["owner"], &received["targetWallet"]["owner"]), (&json!("회비"), &json!("boram")));
    assert_eq!(anna.http.get(&format!("/api/wallet/group/{group}")).await.ok()["money"], 3_000);
    assert_eq!(boram.http.get("/api/wallet/user").await.ok()["money"], 7_000);
    assert_eq!(anna.http.get(&format!("{path}?after=1")).await.ok(), json!([]));
    anna.http.get(&format!("{path}?limit=501")).await.refused(400);
}

#[tokio::test]
async fn what_would_lose_or_make_money_is_refused() {
    let Scene { world: _world, boram, anna, group, boram_wallet, .. } = scene().await;
    let pay = |body: String| {
        let boram = boram.http.clone();
        async move { boram.post("/api/wallet/transaction", &body).await.refused(400) }
    };
    assert_eq!(pay(payment(boram_wallet, boram_wallet, 1)).await, "SameWallet");
    for amount in [json!(0), json!(-5), json!("-5"), json!(9_007_199_254_740_992_i64), json!(null)] {
        assert_eq!(pay(payment(boram_wallet, group, amount.clone())).await, "InvalidAmount", "{amount}");
    }
    for amount in [json!(1.5), json!("a lot"), json!("1e3")] {
        assert_eq!(pay(payment(boram_wallet, group, amount.clone())).await, "BadRequest", "{amount}");
    }
    assert_eq!(pay(payment(boram_wallet, group, 10_001)).await, "InsufficientFunds");
    assert_eq!(pay(payment(boram_wallet, 999_999, 1)).await, "NoSuchWallet");
    assert_eq!(pay(payment(1, boram_wallet, 1)).await, "NoSuchWallet");
    assert_eq!(pay(payment(999_999, group, 1)).await, "NoSuchWallet");
    assert_eq!(pay(String::new()).await, "BadRequest");
    let wrong = payment(boram_wallet, group, 1).replace(SECRET, "wrong secret");
    assert_eq!(pay(wrong).await, "WrongPassword");
    // Boram knows the group's password and is no admin of it; nor is Boram's wallet anyone else's.
    boram.http.post("/api/wallet/transaction", &payment(group, boram_wallet, 1)).await.refused(403);
    anna.http.post("/api/wallet/transaction", &payment(boram_wallet, group, 1)).await.refused(403);
    assert_eq!(boram.http.get("/api/wallet/user").await.ok()["money"], 10_000);
}

#[tokio::test]
async fn the_same_key_pays_once_and_none_pays_each_time() {
    let Scene { world: _world, boram, group, boram_wallet, .. } = scene().await;
    let keyed = boram.http.with("idempotency-key", "dues-2026-11");
    let first = keyed.post("/api/wallet/transaction", &payment(boram_wallet, group, 1_000)).await.ok();
    let again = keyed.post("/api/wallet/transaction", &payment(boram_wallet, group, 1_000)).await.ok();
    assert_eq!(first, again);
    let other = keyed.post("/api/wallet/transaction", &payment(boram_wallet, group, 2_000)).await;
    assert_eq!(other.refused(400), "KeyReused");
    for _ in 0..2 {
        boram.http.post("/api/wallet/transaction", &payment(boram_wallet, group, 500)).await.ok();
    }
    assert_eq!(boram.http.get("/api/wallet/user").await.ok()["money"], 8_000);
    let spaced = boram.http.with("idempotency-key", "two words");
    assert_eq!(
        spaced.post("/api/wallet/transaction", &payment(boram_wallet, group, 1)).await.refused(400),
        "InvalidKey"
    );
}

#[tokio::test]
async fn money_out_of_nowhere_is_for_a_trial_alone() {
    let world = whole_with(|_| {}).await;
    let anna = world.person("anna").await;
    wallet(&anna, 0).await;
    assert_eq!(anna.http.post("/api/wallet/user/money", r#"{"amount":1}"#).await.refused(403), "Forbidden");
}

#[tokio::test]
async fn a_wallet_is_opened_once_and_closed_empty() {
    let Scene { world: _world, anna, boram, group, boram_wallet, .. } = scene().await;
    let password = json!({ "password": SECRET }).to_string();
    assert_eq!(boram.http.post("/api/wallet/user", &password).await.refused(400), "WalletExists");
    assert_eq!(anna.http.post("/api/wallet/user", r#"{"password":"short"}"#).await.refused(400), "InvalidField");
    assert_eq!(anna.http.get("/api/wallet/user").await.refused(400), "NoSuchWallet");
    assert_eq!(boram.http.delete("/api/wallet/user").await.refused(400), "WalletHoldsMoney");
    boram.http.post("/api/wallet/transaction", &payment(boram_wallet, group, 10_000)).await.ok();
    let path = format!("/api/wallet/group/{group}");
    assert_eq!(boram.http.delete(&path).await.refused(403), "NotItsAdmin");
    assert_eq!(anna.http.delete(&path).await.refused(400), "WalletHoldsMoney");
    assert!(boram.http.delete("/api/wallet/user").await.ok().is_string());
    assert_eq!(boram.http.get("/api/wallet/user").await.refused(400), "NoSuchWallet");
    let anna_wallet = wallet(&anna, 0).await;
    anna.http.post("/api/wallet/transaction", &payment(group, anna_wallet, 10_000)).await.ok();
    assert!(anna.http.delete(&path).await.ok().is_string());
    assert_eq!(anna.http.get(&path).await.refused(400), "NoSuchWallet");
}

#[tokio::test]
async fn a_groups_wallet_is_for_its_channel_and_its_participants() {
    let Scene { world, anna, boram, channel, group, .. } = scene().await;
    let chulsoo = world.person("chulsoo").await;
    let path = format!("/api/wallet/group/{group}");
    let of_channel = format!("/api/wallet/group/all/channel/{channel}");
    assert_eq!(boram.http.get(&of_channel).await.ok()[0]["groupWalletId"], group);
    for view in ["", "/transaction/all", "/participant/all", "/reservation"] {
        assert_eq!(boram.http.get(&format!("{path}{view}")).await.refused(403), "NotAParticipant", "{view}");
    }
    assert_eq!(chulsoo.http.post(&path, "").await.refused(403), "NotAMember");
    assert_eq!(chulsoo.http.get(&of_channel).await.refused(403), "NotAMember");
    let foreign = json!({ "channelId": channel, "walletName": "mine", "password": SECRET }).to_string();
    assert_eq!(chulsoo.http.post("/api/wallet/group", &foreign).await.refused(403), "NotAMember");
    assert_eq!(boram.http.post(&path, "").await.ok()["groupWalletId"], group);
    assert_eq!(boram.http.post(&path, "").await.refused(400), "AlreadyAParticipant");
    let participants = boram.http.get(&format!("{path}/participant/all")).await.ok();
    let seen: Vec<_> =
        participants.as_array().unwrap().iter().map(|p| (&p["username"], &p["userAuthorityEnum"])).collect();
    assert_eq!(seen, [(&json!("anna"), &json!("ADMIN")), (&json!("boram"), &json!("USER"))]);
    assert_eq!(boram.http.get("/api/wallet/user/group/all").await.ok()[0]["groupWalletId"], group);
    // Who leaves the channel sees no more of it.
    boram.http.delete(&format!("/api/v1/rooms/{channel}/membership")).await.ok();
    assert_eq!(boram.http.get(&path).await.refused(403), "NotAParticipant");
    assert_eq!(boram.http.get("/api/wallet/user/group/all").await.ok(), json!([]));
    assert_eq!(anna.http.get("/api/wallet/group/0").await.refused(400), "NoSuchWallet");
}

#[tokio::test]
async fn a_reservation_is_booked_listed_and_cancelled() {
    let Scene { world: _world, anna, boram, group, boram_wallet, .. } = scene().await;
    let booking = |kind: &str, time: &str| {
        json!({
            "type": kind, "walletId": boram_wallet.to_string(), "targetWalletId": group, "amount": "700",
            "password": SECRET, "reservationTime": time,
        })
        .to_string()
    };
    let booked = boram.http.post("/api/wallet/reservation", &booking("MONTHLY", "2099-01-31T09:30:45")).await.ok();
    let expected = json!({
        "id": booked["id"], "walletId": boram_wallet, "targetWalletId": group, "amount": 700,
        "reservationTime": "2099-01-31T09:30:00", "reservationType": "MONTHLY", "reservationState": "RESERVATION",
        "username": "boram", "transactionId": null, "failure": null,
    });
    assert_eq!(booked, expected);
    for (kind, time) in
        [("DAILY", "2020-01-01T00:00:00"), ("DAILY", "soon"), ("WEEKLY", "2099-01-01T00:00:00"), ("DAILY", "")]
    {
        boram.http.post("/api/wallet/reservation", &booking(kind, time)).await.refused(400);
    }
    assert_eq!(boram.http.get("/api/wallet/user/reservation").await.ok(), json!([booked]));
    assert_eq!(anna.http.get(&format!("/api/wallet/group/{group}/reservation")).await.ok(), json!([booked]));
    let path = format!("/api/wallet/reservation/{}", booked["id"]);
    anna.http.delete(&path).await.refused(400);
    assert!(boram.http.delete(&path).await.ok().is_string());
    boram.http.delete(&path).await.refused(400);
    assert_eq!(boram.http.get("/api/wallet/user/reservation").await.ok()[0]["reservationState"], "CANCELLED");
}

#[tokio::test]
async fn the_room_is_told_and_a_member_follows_the_chain_to_the_head_that_it_was_told() {
    let Scene { world, anna, boram, channel, group, boram_wallet } = scene().await;
    let mut follower: Browser = world.follower(&anna, channel).await;
    for amount in [100, 200] {
        boram.http.post("/api/wallet/transaction", &payment(boram_wallet, group, amount)).await.ok();
    }
    let mut told = Vec::new();
    for _ in 0..2 {
        let (sender, _, text) = follower.next_of(moim_wire::schema::Kind::Money).await;
        assert_eq!(sender, boram.id);
        told.push(serde_json::from_str::<Value>(&text).unwrap());
    }
    assert_eq!(told.iter().map(|told| told["entry"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!((&told[1]["from"]["name"], &told[1]["balance"]), (&json!("boram"), &json!(300)));
    let entries = boram.http.get(&format!("/api/v1/ledger/groups/{group}/entries")).await.ok();
    let head = boram.http.get(&format!("/api/v1/ledger/groups/{group}/head")).await.ok();
    assert_eq!((&head["hash"], &head["entries"]), (&entries[1]["hash"], &json!(2)));
    assert_eq!((&told[0]["head"], &told[1]["head"]), (&entries[0]["hash"], &head["hash"]));
    let stranger = world.person("stranger").await;
    stranger.http.get(&format!("/api/v1/ledger/groups/{group}/entries")).await.refused(403);
    stranger.http.get(&format!("/api/v1/ledger/groups/{group}/head")).await.refused(403);
    // To the original's clients it is no row of the talk.
    assert!(anna.content(channel).await.is_empty());
}
