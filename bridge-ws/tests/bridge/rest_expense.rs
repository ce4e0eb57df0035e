//! Expenses out of a room's fund, as its members decide on them over REST.

use moim_wire::schema::Kind;
use serde_json::{Value, json};

use crate::support::{Person, Whole, whole};

const SECRET: &str = "wallet secret";

/// The day so many days from now in Seoul.
fn day(ahead: i64) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64 + 9 * 3_600 + ahead * 86_400;
    jiff::Timestamp::from_second(now).unwrap().strftime("%Y-%m-%d").to_string()
}

/// Anna, who is the treasurer, Boram and Chulsoo, with a fund that Boram has paid 10,000 won into.
struct Scene {
    world: Whole,
    anna: Person,
    boram: Person,
    chulsoo: Person,
    room: u64,
}

async fn scene() -> Scene {
    scene_with(&json!({ "quorum": 2, "limit": 0, "waitDays": 7 })).await
}

/// With rules from before there was money.
async fn scene_with(rules: &Value) -> Scene {
    let world = whole().await;
    let (anna, boram, chulsoo) =
        (world.person("anna").await, world.person("boram").await, world.person("chulsoo").await);
    let room = world.channel(&anna, &[&boram, &chulsoo]).await;
    let set = anna.http.put(&format!("/api/v1/rooms/{room}/expense-rules"), &rules.to_string()).await;
    assert_eq!(set.status, 204);
    let wallet = json!({ "channelId": room, "walletName": "회비", "description": "", "password": SECRET });
    let group = anna.http.post("/api/wallet/group", &wallet.to_string()).await.ok()["groupWalletId"].clone();
    let own = boram.http.post("/api/wallet/user", &json!({ "password": SECRET }).to_string()).await.ok();
    boram.http.post("/api/wallet/user/money", r#"{"amount":10000}"#).await.ok();
    let payment = json!({ "walletId": own["walletId"], "targetWalletId": group, "amount": 10_000, "password": SECRET });
    boram.http.post("/api/wallet/transaction", &payment.to_string()).await.ok();
    let plan = json!({ "fund": group, "title": "회비", "amountKind": "equal", "amount": 1_000, "firstDue": day(60),
        "repeat": "once", "askDays": 1, "graceDays": 0, "lateFee": 0 });
    let opened = anna.http.post(&format!("/api/v1/rooms/{room}/dues/plans"), &plan.to_string()).await;
    assert_eq!(opened.status, 201, "{}", String::from_utf8_lossy(&opened.body));
    Scene { world, anna, boram, chulsoo, room }
}

fn dinner(amount: i64) -> String {
    json!({ "title": "저녁 식사", "amount": amount.to_string(), "payeeName": "한식당" }).to_string()
}

#[tokio::test]
async fn members_agree_and_the_room_sees_it() {
    let Scene { world, anna, boram, chulsoo, room } = scene().await;
    let expenses = format!("/api/v1/rooms/{room}/expenses");
    let mut follower = world.follower(&chulsoo, room).await;
    let keyed = anna.http.with("idempotency-key", "dinner-1");
    let proposed = keyed.post(&expenses, &dinner(4_000)).await.ok();
    assert_eq!(keyed.post(&expenses, &dinner(4_000)).await.ok(), proposed);
    assert_eq!(keyed.post(&expenses, &dinner(5_000)).await.refused(400), "KeyReused");
    assert_eq!(
        (&proposed["state"], &proposed["quorum"], &proposed["payee"]),
        (&json!("proposed"), &json!(2), &json!(null))
    );
    let one = format!("{expenses}/{}", proposed["id"]);
    assert_eq!(anna.http.put(&format!("{one}/vote"), r#"{"approve":true}"#).await.refused(403), "SecondPersonNeeded");
    let half = boram.http.put(&format!("{one}/vote"), r#"{"approve":"true"}"#).await.ok();
    assert_eq!((&half["approvals"], &half["state"]), (&json!(1), &json!("proposed")));
    let whole = chulsoo.http.put(&format!("{one}/vote"), r#"{"approve":true}"#).await.ok();
    assert_eq!((&whole["approvals"], &whole["state"], whole["transfer"].is_u64()), (&json!(2), &json!("posted"), true));
    assert_eq!(boram.http.get(&expenses).await.ok()[0], whole);
    assert_eq!(boram.http.get(&format!("{expenses}?before={}", proposed["id"])).await.ok(), json!([]));
    assert_eq!(boram.http.delete(&one).await.refused(400), "ExpenseSettled");
    let (sender, number, text) = follower.next_of(Kind::Expense).await;
    let card: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((sender, Some(number)), (anna.id, proposed["id"].as_u64()));
    assert_eq!(
        (&card["title"], &card["amount"], &card["payeeName"]),
        (&json!("저녁 식사"), &json!(4_000), &json!("한식당"))
    );
    let mut what = Vec::new();
    for _ in 0..3 {
        let (_, _, text) = follower.next_of(Kind::ExpenseChanged).await;
        what.push(serde_json::from_str::<Value>(&text).unwrap()["what"].clone());
    }
    assert_eq!(what, [json!("approved"), json!("approved"), json!("posted")]);
    // To the original's clients it is a notice.
    let content = anna.content(room).await;
    assert!(
        content.iter().any(|row| row["type"] == "NOTICE" && row["text"] == "지출: 저녁 식사 (4000원)"),
        "{content:?}"
    );
}

#[tokio::test]
async fn rules_are_an_admins_and_small_amounts_go_at_once() {
    let in_force = json!({ "quorum": 1, "limit": 1_000, "waitDays": 3 });
    let Scene { world, anna, boram, chulsoo, room } = scene_with(&in_force).await;
    let (expenses, rules) = (format!("/api/v1/rooms/{room}/expenses"), format!("/api/v1/rooms/{room}/expense-rules"));
    let new = json!({ "quorum": 1, "limit": 9_000, "waitDays": 3 });
    assert_eq!(boram.http.put(&rules, &new.to_string()).await.refused(403), "NotAllowed");
    assert_eq!(anna.http.put(&rules, &new.to_string()).await.status, 204);
    let mut found = chulsoo.http.get(&rules).await.ok();
    let mut next = found.as_object_mut().unwrap().remove("next").unwrap();
    let from = next.as_object_mut().unwrap().remove("from").unwrap();
    assert_eq!((found, next), (in_force, new), "looser than those in force, and there is money");
    assert_eq!(from.as_str().unwrap()[..10], day(3));
    for wrong in [json!({ "quorum": 0, "limit": 0, "waitDays": 1 }), json!({ "quorum": 1, "limit": -1, "waitDays": 1 })]
    {
        assert_eq!(anna.http.put(&rules, &wrong.to_string()).await.refused(400), "InvalidField");
    }
    assert_eq!(anna.http.post(&expenses, &dinner(1_000)).await.ok()["state"], "posted");
    assert_eq!(boram.http.post(&expenses, &dinner(1)).await.refused(403), "NotTheTreasurer");
    assert_eq!(anna.http.post(&expenses, &dinner(9_001)).await.refused(400), "InsufficientFunds");
    for wrong in [
        json!({ "amount": 1, "payeeName": "a" }),
        json!({ "title": "a", "payeeName": "a" }),
        json!({ "title": "a", "amount": 1 }),
    ] {
        assert_eq!(anna.http.post(&expenses, &wrong.to_string()).await.refused(400), "InvalidField", "{wrong}");
    }
    let withdrawn = anna.http.post(&expenses, &dinner(2_000)).await.ok();
    let one = format!("{expenses}/{}", withdrawn["id"]);
    assert_eq!(boram.http.delete(&one).await.refused(403), "NotTheTreasurer");
    assert_eq!(anna.http.delete(&one).await.status, 204);
    assert_eq!(anna.http.get(&one).await.ok()["state"], "withdrawn");
    let stranger = world.person("stranger").await;
    for path in [&expenses, &rules, &one] {
        assert_eq!(stranger.http.get(path).await.refused(403), "NotAMember", "{path}");
    }
    assert_eq!(anna.http.get(&format!("{expenses}/999")).await.refused(400), "NoSuchExpense");
}
