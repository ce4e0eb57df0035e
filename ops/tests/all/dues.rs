//! The operator's view of dues, through the binary.

use std::collections::BTreeMap;
use std::path::Path;

use moim_persistence::{
    Accounts, Amount, ChargePayment, Config, Day, Dues, Error, NewPlan, NewRoom, PasswordCost, Persistence, Repeat,
    RequestKey, RoomId, SignUp, Terms, UserId, Won,
};

use super::server::{operate, operated};

const SECRET: &str = "wallet secret";

/// A room of 민지, who keeps its dues, and 준, with a wallet of 50,000 won each.
struct Scene {
    accounts: Accounts,
    room: RoomId,
    minji: UserId,
    jun: UserId,
}

async fn scene(data: &Path) -> Scene {
    let config = Config { password_cost: PasswordCost::LEAST, ..Config::new(data) };
    let accounts = tokio::task::block_in_place(|| Persistence::open_accounts_only(&config)).unwrap();
    let person = async |email: &str, name: &str| {
        let sign_up = SignUp { email: email.into(), username: name.into(), password: "correct horse".into() };
        let user = accounts.users().sign_up(sign_up).await.unwrap().id;
        accounts.ledger().open_wallet(user, SECRET).await.unwrap();
        accounts.ledger().top_up(user, RequestKey::drawn().unwrap(), 50_000).await.unwrap();
        user
    };
    let (minji, jun) = (person("minji@example.org", "민지").await, person("jun@example.org", "준").await);
    let new = NewRoom { name: "등산".into(), description: String::new(), private: false, password: String::new() };
    let room = accounts.rooms().create(minji, new).await.unwrap().id;
    accounts.rooms().join(jun, room, None).await.unwrap();
    Scene { accounts, room, minji, jun }
}

impl Scene {
    fn dues(&self) -> Dues {
        self.accounts.dues()
    }

    async fn plan(&self, title: &str, repeat: Repeat) {
        let terms = Terms {
            title: title.to_owned(),
            amount: Amount::Equal(Won::new(10_000).unwrap()),
            members: BTreeMap::new(),
            first_due: tomorrow(),
            repeat,
            ask_days: 30,
            grace_days: 0,
            late_fee: Won::ZERO,
        };
        let key = RequestKey::drawn().unwrap();
        self.dues().open_plan(NewPlan { actor: self.minji, key, room: self.room, terms, fund: None }).await.unwrap();
    }
}

fn now_ms() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64
}

fn tomorrow() -> Day {
    Day::of_ms(now_ms()).plus_days(1)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_is_asked_and_who_has_paid() {
    let data = tempfile::tempdir().unwrap();
    let scene = scene(data.path()).await;
    let say = |arguments: &[&str]| tokio::task::block_in_place(|| operated(data.path(), arguments, ""));
    scene.plan("12월 회비", Repeat::Once).await;
    let day = tomorrow();
    assert_eq!(say(&["dues", "plans", "1"]), format!("1\t{day}\tonce\t10000 KRW each\t12월 회비"));
    assert_eq!(say(&["dues", "run"]), "due\t1");
    assert_eq!(say(&["dues", "run"]), "due\t0");
    assert_eq!(say(&["dues", "requests", "1"]), format!("1\t{day}\t0\t2\t0 KRW\t12월 회비"));
    let (_, charges) = scene.dues().request(scene.jun, scene.room, moim_persistence::RequestId(1)).await.unwrap();
    let charge = charges.iter().find(|entry| entry.charge.user == scene.jun).unwrap().charge.id;
    let (actor, key, room) = (scene.jun, RequestKey::drawn().unwrap(), scene.room);
    let payment = ChargePayment { actor, key, room, charge, amount: 12_000, password: SECRET.into() };
    scene.dues().pay(payment).await.unwrap();

    let paid = say(&["dues", "charges", "1", "1", "--standing", "paid"]);
    assert_eq!(paid, format!("{charge}\t{}\tpaid\t10000 KRW\t10000 KRW\t0 KRW\t준", scene.jun));
    let open = say(&["dues", "charges", "1", "1", "--standing", "open"]);
    assert!(open.lines().count() == 1 && open.ends_with("\topen\t10000 KRW\t0 KRW\t10000 KRW\t민지"), "{open}");
    let balances = say(&["dues", "balances", "1"]);
    assert!(balances.contains("\t12000 KRW\treserved 0 KRW\n"), "{balances}");
    assert!(balances.contains(&format!("{}\t12000 KRW\t0 KRW\t2000 KRW\t준", scene.jun)), "{balances}");
    let owed = say(&["dues", "owed", "minji@example.org"]);
    assert!(owed.ends_with(&format!("\t1 등산\t{day}\t10000 KRW\t12월 회비")), "{owed}");
    assert_eq!(say(&["dues", "owed", "jun@example.org"]), "");
    let wallet = say(&["ledger", "wallet", "jun@example.org"]);
    let (number, rest) = wallet.split_once('\t').unwrap();
    assert_eq!(rest, "38000 KRW\treserved 0 KRW");
    let entries = say(&["ledger", "entries", number, "--after", "1"]);
    assert!(entries.lines().count() == 1 && entries.contains("\t-12000 KRW\t38000 KRW\t"), "{entries}");
    assert_eq!(say(&["ledger", "entries", number]).lines().count(), 2);
    let none = tokio::task::block_in_place(|| operate(data.path(), &["dues", "charges", "9", "1"], ""));
    assert_eq!(none.status.code(), Some(5), "there is no room 9");
    let none = tokio::task::block_in_place(|| operate(data.path(), &["ledger", "entries", "999"], ""));
    assert_eq!(none.status.code(), Some(5), "there is no wallet 999");
    tokio::task::block_in_place(|| operated(data.path(), &["user", "add", "ha@example.org", "하"], "correct horse\n"));
    let none = tokio::task::block_in_place(|| operate(data.path(), &["ledger", "wallet", "ha@example.org"], ""));
    assert!(String::from_utf8_lossy(&none.stderr).contains("user 3 has no wallet"), "{none:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_room_asked_for_is_seen_by_the_operator_alone() {
    let data = tempfile::tempdir().unwrap();
    let scene = scene(data.path()).await;
    scene.plan("12월 회비", Repeat::Once).await;
    scene.dues().run_due(now_ms()).await.unwrap();
    // No number is the operator's.
    let nobody = scene.dues().requests(UserId(0), scene.room, None, 1).await;
    assert!(matches!(nobody, Err(Error::NotAMember { .. })), "{nobody:?}");
    scene.accounts.rooms().delete(scene.minji, scene.room).await.unwrap();
    let member = scene.dues().requests(scene.minji, scene.room, None, 1).await;
    assert!(matches!(member, Err(Error::NoSuchRoom(_))), "{member:?}");
    let say = |arguments: &[&str]| tokio::task::block_in_place(|| operated(data.path(), arguments, ""));
    assert_eq!(say(&["dues", "charges", "1", "1", "--standing", "void"]).lines().count(), 2);
    assert_eq!(say(&["dues", "export", "1"]).lines().count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_adds_a_line_or_a_column_by_what_he_writes() {
    let data = tempfile::tempdir().unwrap();
    let scene = scene(data.path()).await;
    scene.plan("회비\t0\nfund\twallet 1", Repeat::Once).await;
    let day = tomorrow();
    let plans = tokio::task::block_in_place(|| operated(data.path(), &["dues", "plans", "1"], ""));
    assert_eq!(plans, format!("1\t{day}\tonce\t10000 KRW each\t회비 0 fund wallet 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_every_request_however_many() {
    let data = tempfile::tempdir().unwrap();
    let scene = scene(data.path()).await;
    scene.plan("주간", Repeat::Weeks(1)).await;
    // 130 weeks, and the 30 days that are asked ahead of.
    scene.dues().run_due(now_ms() + (130 * 7 - 30) * 24 * 60 * 60 * 1_000).await.unwrap();
    let table = tokio::task::block_in_place(|| operated(data.path(), &["dues", "export", "1", "--lang", "en"], ""));
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("\u{feff}\"Request\",\"Due\""), "{}", lines[0]);
    assert!(lines[1].starts_with(&format!("\"주간\",\"{}\"", tomorrow())), "the oldest first: {}", lines[1]);
    assert!(lines.len() > 1 + 2 * 125, "{} lines", lines.len());
    let one = tokio::task::block_in_place(|| operated(data.path(), &["dues", "export", "1", "--request", "3"], ""));
    assert_eq!(one.lines().count(), 3);
    let owed = tokio::task::block_in_place(|| operated(data.path(), &["dues", "owed", "jun@example.org"], ""));
    assert_eq!(owed.lines().count(), (lines.len() - 1) / 2, "all of it, however old");
}
