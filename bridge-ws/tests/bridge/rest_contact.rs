//! `/api/contact` as the original's page calls it.

use serde_json::json;

use crate::support::{Http, world};

#[tokio::test]
async fn a_contact_is_added_listed_and_removed_by_the_header() {
    let world = world().await;
    let (_, token) = world.http().sign_up("anna").await;
    world.http().sign_up("chulsoo").await;
    world.http().sign_up("boram").await;
    let anna = world.http().as_user(&token);
    let whom = |http: &Http, email: &str| http.with("contactEmail", email);
    let added = whom(&anna, "Chulsoo@Example.com").post("/api/contact", "").await.ok();
    assert_eq!(added, json!({ "username": "anna", "contactname": "chulsoo" }));
    whom(&anna, "boram@example.com").post("/api/contact", "").await.ok();
    let (boram, chulsoo) = (
        json!({ "email": "boram@example.com", "username": "boram" }),
        json!({ "email": "chulsoo@example.com", "username": "chulsoo" }),
    );
    assert_eq!(anna.get("/api/contact").await.ok(), json!([boram, chulsoo]));
    assert_eq!(whom(&anna, "boram@example.com").delete("/api/contact").await.ok(), boram);
    assert_eq!(anna.get("/api/contact").await.ok(), json!([chulsoo]));
}

#[tokio::test]
async fn whom_one_cannot_have_as_a_contact() {
    let world = world().await;
    let (_, token) = world.http().sign_up("anna").await;
    world.http().sign_up("boram").await;
    let anna = world.http().as_user(&token);
    let with = |email: &str| anna.with("contactEmail", email);
    with("boram@example.com").post("/api/contact", "").await.ok();
    assert_eq!(with("boram@example.com").post("/api/contact", "").await.refused(400), "InvalidField");
    assert_eq!(with("anna@example.com").post("/api/contact", "").await.refused(400), "InvalidField");
    assert_eq!(with("nobody@example.com").post("/api/contact", "").await.refused(400), "NoSuchUser");
    assert_eq!(with("no address").post("/api/contact", "").await.refused(400), "InvalidField");
    anna.post("/api/contact", "").await.refused(400);
    anna.delete("/api/contact").await.refused(400);
    assert_eq!(with("anna@example.com").delete("/api/contact").await.refused(400), "InvalidField");
    world.http().get("/api/contact").await.refused(401);
}

#[tokio::test]
async fn a_deleted_account_is_nobodys_contact() {
    let mut world = world().await;
    let (_, a) = world.http().sign_up("anna").await;
    let (_, b) = world.http().sign_up("boram").await;
    let (anna, boram) = (world.http().as_user(&a), world.http().as_user(&b));
    anna.with("contactEmail", "boram@example.com").post("/api/contact", "").await.ok();
    let leaving = tokio::spawn(async move { boram.delete("/api/user").await });
    world.engine.revoke().await;
    leaving.await.unwrap().ok();
    assert_eq!(anna.get("/api/contact").await.ok(), json!([]));
}
