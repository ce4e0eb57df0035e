//! Dues over REST: a plan is made, its period is asked for in the room, and members pay.

use moim_wire::schema::Kind;
use serde_json::{Value, json};

use crate::support::{Browser, Person, Whole, whole};

const SECRET: &str = "wallet secret";

/// The day so many days from now in Seoul.
fn day(ahead: i64) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64 + 9 * 3_600 + ahead * 86_400;
    jiff::Timestamp::from_second(now).unwrap().strftime("%Y-%m-%d").to_string()
}

fn terms(title: &str) -> Value {
    // Asked so long before that it is asked at once.
    json!({ "title": title, "amountKind": "equal", "amount": 10_000, "firstDue": day(5), "repeat": "monthly",
            "askDays": 20, "graceDays": 3, "lateFee": 500 })
}

/// Anna keeps the dues, Boram has a wallet of 50,000 won; the first request has come to the room.
struct Scene {
    world: Whole,
    anna: Person,
    boram: Person,
    base: String,
    follower: Browser,
    request: u64,
}

async fn scene() -> Scene {
    let world = whole().await;
    let (anna, boram) = (world.person("anna").await, world.person("boram").await);
    let channel = world.channel(&anna, &[&boram]).await;
    for person in [&anna, &boram] {
        person.http.post("/api/wallet/user", &json!({ "password": SECRET }).to_string()).await.ok();
        person.http.post("/api/wallet/user/money", r#"{"amount":50000}"#).await.ok();
    }
    let mut follower = world.follower(&boram, channel).await;
    let base = format!("/api/v1/rooms/{channel}/dues");
    let plan =
        anna.http.with("idempotency-key", "first").post(&format!("{base}/plans"), &terms("회비").to_string()).await;
    assert_eq!((plan.status, &plan.ok()["terms"]["amount"]), (201, &json!(10_000)));
    let again =
        anna.http.with("idempotency-key", "first").post(&format!("{base}/plans"), &terms("회비").to_string()).await;
    assert_eq!(again.ok()["id"], plan.ok()["id"]);
    let (sender, request, text) = follower.next_of(Kind::Request).await;
    let card: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((sender, card["asked"].as_i64(), card["due"].as_str()), (anna.id, Some(20_000), Some(&*day(5))));
    Scene { world, anna, boram, base, follower, request }
}

impl Scene {
    async fn charge(&self, of: &Person) -> Value {
        let answer = self.anna.http.get(&format!("{}/requests/{}", self.base, self.request)).await.ok();
        let charges = answer["charges"].as_array().unwrap();
        charges.iter().find(|charge| charge["user"] == of.id).unwrap().clone()
    }
}

#[tokio::test]
async fn a_member_pays_his_dues_and_the_room_and_the_board_show_it() {
    let mut scene = scene().await;
    let charge = scene.charge(&scene.boram).await;
    let path = format!("{}/charges/{}/payments", scene.base, charge["id"]);
    let payment = json!({ "amount": "12000", "password": SECRET }).to_string();
    let keyed = scene.boram.http.with("idempotency-key", "paying");
    let paid = keyed.post(&path, &payment).await.ok();
    assert_eq!((&paid["amount"], &paid["repeated"]), (&json!(12_000), &json!(false)));
    assert_eq!(keyed.post(&path, &payment).await.ok()["repeated"], true);
    let (sender, request, text) = scene.follower.next_of(Kind::RequestChanged).await;
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((sender, request), (scene.boram.id, scene.request));
    assert_eq!((&told["what"], &told["open"], &told["paidBy"]), (&json!("paid"), &json!(0), &json!(1)));
    let charge = scene.charge(&scene.boram).await;
    assert_eq!((&charge["standing"], &charge["paid"], &charge["open"]), (&json!("paid"), &json!(10_000), &json!(0)));
    let balances = scene.boram.http.get(&format!("{}/balances", scene.base)).await.ok();
    assert_eq!((&balances["fundBalance"], &balances["keeper"]), (&json!(12_000), &json!(false)));
    assert_eq!(balances["members"][0]["credit"], 2_000);
    let entries = scene.boram.http.get(&format!("{}/entries", scene.base)).await.ok();
    assert_eq!((&entries[0]["kind"], &entries[0]["toCharge"]), (&json!("paid"), &json!(10_000)));
    let mine = scene.boram.http.get("/api/v1/dues/mine").await.ok();
    assert_eq!((&mine[0]["roomName"], &mine[0]["standing"]), (&json!("모임"), &json!("paid")));
    assert_eq!(scene.anna.http.post(&path, &payment).await.refused(403), "NotYourCharge");
    let stranger = scene.world.person("stranger").await;
    assert_eq!(stranger.http.get(&format!("{}/requests", scene.base)).await.refused(403), "NotAMember");
}

#[tokio::test]
async fn the_treasurer_writes_cash_down_a_second_member_confirms_it_and_it_is_given_back() {
    let mut scene = scene().await;
    let charge = scene.charge(&scene.boram).await;
    let path = format!("{}/charges/{}", scene.base, charge["id"]);
    let cash = json!({ "amount": 10_000, "note": "=현금" }).to_string();
    assert_eq!(scene.boram.http.post(&format!("{path}/cash"), &cash).await.refused(403), "NotTheTreasurer");
    let receipt = scene.anna.http.post(&format!("{path}/cash"), &cash).await.ok();
    assert_eq!(receipt["state"], "waiting");
    // The second person's client is told what there is to confirm, and that there is not.
    let wrong = scene.anna.http.post(&format!("{path}/cash"), &json!({ "amount": 7 }).to_string()).await.ok();
    scene.boram.http.post(&format!("{}/cash/{}/denial", scene.base, wrong["id"]), "").await;
    for (by, what, amount) in
        [(scene.anna.id, "cashRecorded", 10_000), (scene.anna.id, "cashRecorded", 7), (scene.boram.id, "cashDenied", 7)]
    {
        let (sender, request, text) = scene.follower.next_of(Kind::RequestChanged).await;
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((sender, request), (by, scene.request));
        assert_eq!((&told["what"], &told["amount"], &told["open"]), (&json!(what), &json!(amount), &json!(10_000)));
        let which = if amount == 7 { &wrong } else { &receipt };
        assert_eq!(told["receipt"], which["id"]);
    }
    let list = scene.boram.http.get(&format!("{}/cash", scene.base)).await.ok();
    assert_eq!((&list[0]["state"], &list[1]["state"]), (&json!("waiting"), &json!("denied")), "what waits is first");
    let confirm = format!("{}/cash/{}/confirmation", scene.base, receipt["id"]);
    assert_eq!(scene.anna.http.post(&confirm, "").await.refused(403), "SecondPersonNeeded");
    scene.boram.http.post(&confirm, "").await.ok();
    assert_eq!(scene.charge(&scene.boram).await["standing"], "paid");
    let list = scene.boram.http.get(&format!("{}/cash", scene.base)).await.ok();
    assert_eq!(
        (&list[0]["state"], &list[1]["state"], &list[1]["settledBy"]),
        (&json!("denied"), &json!("confirmed"), &json!(scene.boram.id))
    );
    let older = scene.boram.http.get(&format!("{}/cash?before={}", scene.base, wrong["id"])).await.ok();
    assert_eq!((older.as_array().unwrap().len(), &older[0]["id"]), (1, &receipt["id"]));
    let back = |by: &str| json!({ "amount": 10_000, "by": by }).to_string();
    assert_eq!(scene.anna.http.post(&format!("{path}/refunds"), &back("wallet")).await.refused(400), "MoreThanCame");
    scene.anna.http.post(&format!("{path}/refunds"), &back("cash")).await.ok();
    let why = json!({ "reason": "@다쳐서" }).to_string();
    assert_eq!(scene.anna.http.post(&format!("{path}/waiver"), &why).await.status, 204);
    assert_eq!(scene.charge(&scene.boram).await["standing"], "exempt");
    let table = scene.boram.http.get(&format!("{}/export", scene.base)).await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    let text = String::from_utf8(table.body.to_vec()).unwrap();
    assert!(text.starts_with("\u{feff}\"청구\",\"마감일\"") && text.contains("\"'@다쳐서\""), "{text}");
    assert_eq!((text.matches("\r\n").count(), text.matches('\n').count()), (3, 3));
}

#[tokio::test]
async fn a_table_comes_request_by_request_and_is_refused_before_its_first_line() {
    let mut scene = scene().await;
    scene.anna.http.post(&format!("{}/plans", scene.base), &terms("여행").to_string()).await.ok();
    scene.follower.next_of(Kind::Request).await;
    let path = format!("{}/export", scene.base);
    let table = scene.boram.http.get(&format!("{path}?lang=en")).await;
    let text = String::from_utf8(table.body.to_vec()).unwrap();
    let titles: Vec<&str> = text.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(titles, ["\u{feff}\"Request\"", "\"회비\"", "\"회비\"", "\"여행\"", "\"여행\""]);
    assert_eq!(scene.boram.http.get(&format!("{path}?request=999")).await.refused(400), "NoSuchRequest");
    let stranger = scene.world.person("stranger").await;
    for path in [format!("{path}?request={}", scene.request), path] {
        assert_eq!(stranger.http.get(&path).await.refused(403), "NotAMember");
    }
}

#[tokio::test]
async fn a_plan_is_changed_and_ended_by_the_treasurer_alone() {
    let scene = scene().await;
    let plans = format!("{}/plans", scene.base);
    let plan = scene.boram.http.get(&plans).await.ok()[0].clone();
    let path = format!("{plans}/{}", plan["id"]);
    let mut changed = terms("새 회비");
    changed["firstDue"] = plan["nextDue"].clone();
    changed["askDays"] = json!(1);
    assert_eq!(scene.boram.http.put(&path, &changed.to_string()).await.refused(403), "NotTheTreasurer");
    assert_eq!(scene.anna.http.put(&path, &changed.to_string()).await.ok()["terms"]["title"], "새 회비");
    changed["firstDue"] = json!("2026-02-30");
    assert_eq!(scene.anna.http.put(&path, &changed.to_string()).await.refused(400), "InvalidField");
    assert_eq!(scene.anna.http.delete(&path).await.status, 204);
    assert_eq!(scene.anna.http.get(&plans).await.ok(), json!([]));
    // A fund is paid out of for a reason alone.
    let fund = scene.anna.http.get(&format!("{}/balances", scene.base)).await.ok()["fund"].clone();
    let out = json!({ "walletId": fund, "targetWalletId": 3, "amount": 1, "password": SECRET }).to_string();
    assert_eq!(scene.anna.http.post("/api/wallet/transaction", &out).await.refused(403), "WalletKeepsDues");
}
