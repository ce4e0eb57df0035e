//! Made-up channels for trying out.

use crate::support::{whole, whole_at, whole_with};

const SMALL: &str = "/api/mock/channel?isPrivate=false&howManyChannel=2&howManyUserInChannel=4&howManyContentPerUser=3";

#[tokio::test]
async fn channels_with_people_who_have_talked_are_made_the_same_each_time() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let made = anna.http.post(SMALL, "").await.ok();
    let made = made.as_array().unwrap();
    assert_eq!(made.len(), 2);
    let mut said = Vec::new();
    for channel in made {
        assert_eq!((channel["userCount"].as_u64(), channel["isPrivate"].as_bool()), (Some(4), Some(false)));
        assert_eq!(channel["channelCreateUsername"], "anna");
        let rows = anna.content(channel["channelId"].as_u64().unwrap()).await;
        assert_eq!(rows.len(), 12);
        said.push(rows.iter().map(|row| (row["userName"].clone(), row["text"].clone())).collect::<Vec<_>>());
    }
    assert_ne!(said[0], said[1]);
    let again = anna.http.post(SMALL, "").await.ok();
    assert_eq!(again[0]["channelName"], made[0]["channelName"]);
    let rows = anna.content(again[0]["channelId"].as_u64().unwrap()).await;
    assert_eq!(rows.iter().map(|row| (row["userName"].clone(), row["text"].clone())).collect::<Vec<_>>(), said[0]);
    let other = anna.http.post(&format!("{SMALL}&seed=5"), "").await.ok();
    let other = anna.content(other[0]["channelId"].as_u64().unwrap()).await;
    assert_ne!(other.iter().map(|row| (row["userName"].clone(), row["text"].clone())).collect::<Vec<_>>(), said[0]);
    assert_eq!(anna.http.post("/api/mock/channel", "").await.ok().as_array().unwrap().len(), 3, "three by default");
}

#[tokio::test]
async fn everybody_says_as_much_as_was_asked_for_and_some_of_it_answers_what_was_said_before() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let made =
        anna.http.post("/api/mock/channel?howManyChannel=1&howManyUserInChannel=5&howManyContentPerUser=8", "").await;
    let rows = anna.content(made.ok()[0]["channelId"].as_u64().unwrap()).await;
    let of = |name: &str| rows.iter().filter(|row| row["userName"] == name).count();
    assert_eq!((rows.len(), of("anna")), (40, 8));
    assert!(rows.iter().all(|row| of(row["userName"].as_str().unwrap()) == 8));
    let replies: Vec<_> = rows.windows(2).filter(|pair| pair[1]["type"] == "CALLOUT").collect();
    assert!(!replies.is_empty());
    assert!(replies.iter().all(|pair| pair[1]["callOutContentId"] == pair[0]["id"]));
}

#[tokio::test]
async fn one_who_talks_more_than_the_rate_lets_pass_is_waited_for() {
    let world = whole_at(20).await;
    let anna = world.person("anna").await;
    let alone = "/api/mock/channel?howManyChannel=1&howManyUserInChannel=1&howManyContentPerUser=40";
    let made = anna.http.post(alone, "").await.ok();
    assert_eq!(anna.content(made[0]["channelId"].as_u64().unwrap()).await.len(), 40);
}

#[tokio::test]
async fn absurd_amounts_are_refused() {
    let world = whole().await;
    let anna = world.person("anna").await;
    for wrong in [
        "howManyChannel=0",
        "howManyChannel=51",
        "howManyUserInChannel=1000000",
        "howManyContentPerUser=-1",
        "howManyContentPerUser=many",
        "howManyChannel=11&howManyUserInChannel=1&howManyContentPerUser=100",
        "howManyChannel=50&howManyUserInChannel=50&howManyContentPerUser=100",
    ] {
        anna.http.post(&format!("/api/mock/channel?{wrong}"), "").await.refused(400);
    }
    world.http().post(SMALL, "").await.refused(401);
}

#[tokio::test]
async fn there_are_none_outside_a_trial() {
    let world = whole_with(|_| {}).await;
    let anna = world.person("anna").await;
    assert_eq!(anna.http.post(SMALL, "").await.refused(403), "Forbidden");
}
