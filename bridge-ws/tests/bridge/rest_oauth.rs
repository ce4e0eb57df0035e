//! Logins by a provider, with one that may lie.

use std::time::Duration;

use futures_util::future::join_all;
use moim_bridge::{Config, OauthProvider};
use serde_json::json;

use crate::support::provider::{self, Manner, Provider, query};
use crate::support::{Answer, Http, Whole, whole_with};

/// An installation with the provider, and the provider.
async fn with_provider() -> (Whole, Provider) {
    let provider = Provider::start().await;
    let settings = provider.settings();
    let whole = whole_with(move |config| {
        config.trial = true;
        config.oauth = vec![settings];
    });
    (whole.await, provider)
}

/// Goes to the provider; gives its address and the browser with the cookie of the login.
async fn begin(http: &Http) -> (String, Http) {
    let answer = http.get("/api/v1/oauth/local/login").await;
    assert_eq!(answer.status, 303);
    (answer.header("location").to_owned(), keeping(http, &answer))
}

/// The browser with the cookie that an answer sets.
fn keeping(http: &Http, answer: &Answer) -> Http {
    let cookies = answer.cookies();
    let cookie = cookies.iter().find(|cookie| cookie.starts_with("moim_oauth=")).unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Max-Age=600"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    http.with("cookie", cookie.split(';').next().unwrap())
}

async fn callback(http: &Http, back: &str) -> Answer {
    let answer = http.get(&format!("/api/v1/oauth/local/callback?{back}")).await;
    assert_eq!(answer.status, 303, "{:?}", answer.body);
    assert!(answer.cookies().iter().any(|cookie| cookie.starts_with("moim_oauth=;")), "the cookie is cleared");
    assert_eq!(answer.header("authorization"), "");
    answer
}

/// How a login ended, as the page is told.
fn outcome(answer: &Answer) -> String {
    query(answer.header("location"))["oauth"].clone()
}

/// What proves the person of that name.
fn proof(name: &str) -> String {
    json!({ "password": format!("secret-{name}") }).to_string()
}

/// A whole login; gives how it ended.
async fn log_in(world: &Whole, provider: &Provider) -> Answer {
    let (location, browser) = begin(&world.http()).await;
    callback(&browser, &provider.consent(&location)).await
}

/// The session that a login has ended in.
fn session(world: &Whole, answer: &Answer) -> Http {
    assert_eq!(outcome(answer), "in");
    let cookies = answer.cookies();
    let cookie = cookies.iter().find(|cookie| cookie.starts_with("moim_session=")).unwrap();
    assert!(cookie.contains("HttpOnly"), "{cookie}");
    world.http().with("cookie", cookie.split(';').next().unwrap())
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_is_known_the_next_time() {
    let (world, provider) = with_provider().await;
    let offered = world.http().get("/api/v1/oauth").await.ok();
    assert_eq!(offered, json!([{ "id": "local", "name": "동네 로그인" }]));
    let first = session(&world, &log_in(&world, &provider).await).get("/api/v1/me").await.ok();
    assert_eq!((first["email"].as_str(), first["username"].as_str()), (Some("anna@provider.example"), Some("안나")));
    // Whatever the provider says of her now, it is the same person.
    provider.tell(|told| told.claims = json!({ "email": "other@provider.example", "name": "안나 킴" }));
    let again = session(&world, &log_in(&world, &provider).await);
    let me = again.get("/api/v1/me").await.ok();
    assert_eq!((&me["id"], &me["email"]), (&first["id"], &first["email"]));
    assert!(again.get("/api/user/logout").await.status == 200);
    again.get("/api/v1/me").await.refused(401);
}

#[tokio::test]
async fn a_provider_that_keeps_addresses_out_of_its_tokens_is_asked_for_them() {
    let (world, provider) = with_provider().await;
    provider.tell(|told| {
        told.claims = json!({ "email": null, "email_verified": null, "name": null });
        told.userinfo = json!({ "sub": "anna-there", "email": "anna@provider.example", "email_verified": true });
    });
    let me = session(&world, &log_in(&world, &provider).await).get("/api/v1/me").await.ok();
    assert_eq!((me["email"].as_str(), me["username"].as_str()), (Some("anna@provider.example"), Some("anna")));
    // Of somebody else than it has vouched for.
    provider.tell(|told| {
        told.claims["sub"] = json!("boram-there");
        told.userinfo["email"] = json!("boram@provider.example");
    });
    assert_eq!(outcome(&log_in(&world, &provider).await), "Untrue");
}

#[tokio::test]
async fn an_address_that_has_an_account_does_not_open_it_until_its_owner_connects_the_two() {
    let (world, provider) = with_provider().await;
    let anna = world.person("anna").await;
    provider.tell(|told| told.claims = json!({ "email": "ANNA@example.com" }));
    let refused = log_in(&world, &provider).await;
    assert_eq!(outcome(&refused), "EmailTaken");
    assert!(!refused.cookies().iter().any(|cookie| cookie.starts_with("moim_session=")));

    assert_eq!(anna.http.get("/api/v1/me/oauth").await.ok()["providers"][0]["connected"], false);
    for wrong in ["", r#"{"password":"a guess"}"#] {
        let refused = anna.http.post("/api/v1/me/oauth/local", wrong).await;
        assert_eq!(refused.refused(400), "LoginFailed", "a session left open is not enough");
    }
    let answer = anna.http.post("/api/v1/me/oauth/local", &proof("anna")).await;
    let location = answer.ok()["location"].as_str().unwrap().to_owned();
    let back = callback(&keeping(&anna.http, &answer), &provider.consent(&location)).await;
    assert_eq!(outcome(&back), "connected");
    assert_eq!(anna.http.get("/api/v1/me/oauth").await.ok()["providers"][0]["connected"], true);
    let by_provider = session(&world, &log_in(&world, &provider).await);
    assert_eq!(by_provider.get("/api/v1/me").await.ok()["id"], anna.id);

    // She has a password, so that she can do without.
    assert_eq!(anna.http.delete("/api/v1/me/oauth/local").await.status, 204);
    by_provider.get("/api/v1/me").await.refused(401);
    anna.http.get("/api/v1/me").await.ok();
    assert_eq!(outcome(&log_in(&world, &provider).await), "EmailTaken");
}

#[tokio::test]
async fn an_account_of_the_provider_is_of_one_account_here() {
    let (world, provider) = with_provider().await;
    let owner = session(&world, &log_in(&world, &provider).await);
    let boram = world.person("boram").await;
    let answer = boram.http.post("/api/v1/me/oauth/local", &proof("boram")).await;
    let location = answer.ok()["location"].as_str().unwrap().to_owned();
    let back = callback(&keeping(&boram.http, &answer), &provider.consent(&location)).await;
    assert_eq!(outcome(&back), "ExternalTaken");
    assert_eq!(owner.get("/api/v1/me/oauth").await.ok()["providers"][0]["connected"], true);
}

#[tokio::test]
async fn a_login_planted_in_anothers_browser_connects_nothing() {
    let (world, provider) = with_provider().await;
    let (mallory, anna) = (world.person("mallory").await, world.person("anna").await);
    let answer = mallory.http.post("/api/v1/me/oauth/local", &proof("mallory")).await;
    let location = answer.ok()["location"].as_str().unwrap().to_owned();
    // The cookie and the address of the callback are mallory's, the session is anna's.
    let back = callback(&keeping(&anna.http, &answer), &provider.consent(&location)).await;
    assert_eq!(outcome(&back), "Stale");
    assert_eq!(anna.http.get("/api/v1/me/oauth").await.ok()["providers"][0]["connected"], false);
    let foreign = mallory.http.post("/api/v1/me/oauth/local", &proof("mallory")).await;
    assert_eq!(foreign.status, 200);
    let by_cookie = world.http().with("cookie", &format!("moim_session={}", anna.token));
    by_cookie.with("origin", "https://evil.example").post("/api/v1/me/oauth/local", &proof("anna")).await.refused(403);
}

#[tokio::test]
async fn a_provider_that_lies_logs_nobody_in() {
    let (world, provider) = with_provider().await;
    for lie in [
        json!({ "nonce": "of another login" }),
        json!({ "nonce": null }),
        json!({ "aud": "somebody else" }),
        json!({ "aud": ["moim", "somebody else"] }),
        json!({ "iss": "https://elsewhere.example" }),
        json!({ "exp": 1 }),
        json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }),
    ] {
        provider.tell(|told| told.claims = lie.clone());
        let answer = log_in(&world, &provider).await;
        assert_eq!(outcome(&answer), "Untrue", "{lie}");
        assert!(!answer.cookies().iter().any(|cookie| cookie.starts_with("moim_session=")));
    }
    // Signed with a key that it does not publish.
    provider.tell(|told| (told.claims, told.signs_with) = (json!({}), 1));
    assert_eq!(outcome(&log_in(&world, &provider).await), "Untrue");
}

#[tokio::test]
async fn new_keys_of_a_provider_are_asked_for_but_not_for_every_token_that_is_wrong() {
    let (world, provider) = with_provider().await;
    session(&world, &log_in(&world, &provider).await);
    // Under the name of the old one.
    provider.tell(|told| (told.signs_with, told.publishes) = (1, 1));
    session(&world, &log_in(&world, &provider).await);
    let described = provider.described();
    provider.tell(|told| told.signs_with = 0);
    for _ in 0..3 {
        assert_eq!(outcome(&log_in(&world, &provider).await), "Untrue");
    }
    assert_eq!(provider.described(), described);
}

#[tokio::test]
async fn a_login_that_the_server_has_not_begun_does_not_reach_the_provider() {
    let (world, provider) = with_provider().await;
    let made_up = format!("moim_oauth=local.state.nonce.{}..9999999999.{}", "v".repeat(43), "0".repeat(64));
    let browser = world.http().with("cookie", &made_up);
    assert_eq!(outcome(&callback(&browser, "code=made-up&state=state").await), "Stale");
    assert_eq!(provider.asked_for_tokens(), 0);
}

#[tokio::test]
async fn codes_that_are_made_up_lock_their_address_out_before_they_flood_the_provider() {
    let (world, provider) = with_provider().await;
    let (location, browser) = begin(&world.http()).await;
    let state = query(&location)["state"].clone();
    let failures_max = moim_persistence::Config::new("unused").login_failures_per_address_max as usize;
    for _ in 0..failures_max {
        assert_eq!(outcome(&callback(&browser, &format!("code=made-up&state={state}")).await), "Code");
    }
    assert_eq!(outcome(&callback(&browser, &provider.consent(&location)).await), "Busy");
    assert_eq!(provider.asked_for_tokens(), failures_max);
}

#[tokio::test]
async fn logins_that_a_silent_provider_holds_up_are_so_many_at_once_and_the_next_is_told() {
    let (provider, other) = (Provider::start().await, Provider::start().await);
    let settings = vec![provider.settings(), OauthProvider { id: "other".into(), ..other.settings() }];
    let configure = |config: &mut Config| {
        config.oauth = settings;
        config.limits.provider_timeout = Duration::from_secs(3);
    };
    let world = whole_with(configure).await;
    let (location, browser) = begin(&world.http()).await;
    provider.tell(|told| told.manner = Manner::Silent);
    let back = provider.consent(&location);
    let held_up = join_all((0..33).map(|_| callback(&browser, &back)));
    let http = world.http();
    let (all, of_another) = tokio::join!(held_up, http.get("/api/v1/oauth/other/login"));
    assert!(of_another.header("location").starts_with(&other.issuer), "one provider does not hold up another");
    let ended = |name: &str| all.iter().filter(|answer| outcome(answer) == name).count();
    assert_eq!((ended("Slow"), ended("Busy")), (32, 1));
    assert_eq!(world.bridge.stats().oauth_busy, 1);
}

#[tokio::test]
async fn a_provider_that_cannot_describe_itself_is_asked_by_one_of_those_who_wait() {
    let provider = Provider::start().await;
    let settings = provider.settings();
    let world = whole_with(|config| config.oauth = vec![settings]).await;
    provider.tell(|told| told.description = Manner::Endless);
    let http = world.http();
    let all = join_all((0..8).map(|_| http.get("/api/v1/oauth/local/login"))).await;
    assert!(all.iter().all(|answer| outcome(answer) == "Unreachable"));
    assert_eq!(provider.described(), 1);
}

#[tokio::test]
async fn an_answer_of_another_provider_is_not_taken_for_this_ones() {
    let (world, provider) = with_provider().await;
    let (location, browser) = begin(&world.http()).await;
    let back = provider.consent(&location);
    let answer = callback(&browser, &format!("{back}&iss=https%3A%2F%2Felsewhere.example")).await;
    assert_eq!(outcome(&answer), "Untrue");
    let right = provider.issuer.replace(':', "%3A").replace('/', "%2F");
    session(&world, &callback(&browser, &format!("{back}&iss={right}")).await);
}

#[tokio::test]
async fn a_callback_counts_once_and_in_the_browser_that_began() {
    let (world, provider) = with_provider().await;
    let (location, browser) = begin(&world.http()).await;
    let back = provider.consent(&location);
    assert_eq!(outcome(&callback(&world.http(), &back).await), "Stale", "a browser without the cookie");
    let (_, other) = begin(&world.http()).await;
    assert_eq!(outcome(&callback(&other, &back).await), "Stale", "a browser with the cookie of another login");
    assert_eq!(outcome(&callback(&browser, "code=code0").await), "Stale", "no state");
    session(&world, &callback(&browser, &back).await);
    assert_eq!(outcome(&callback(&browser, &back).await), "Code", "the code is used up, cookie or not");
}

#[tokio::test]
async fn an_expired_code_and_a_person_who_says_no_end_on_the_page() {
    let (world, provider) = with_provider().await;
    let (location, browser) = begin(&world.http()).await;
    let back = provider.consent(&location);
    provider.forget_codes();
    assert_eq!(outcome(&callback(&browser, &back).await), "Code");
    let (location, browser) = begin(&world.http()).await;
    let state = &query(&location)["state"];
    let denied = format!("error=access_denied&error_description=no&state={state}");
    assert_eq!(outcome(&callback(&browser, &denied).await), "Denied");
}

#[tokio::test]
async fn a_provider_that_is_down_silent_or_talks_nonsense_is_told_in_time() {
    let provider = Provider::start().await;
    let settings = provider.settings();
    let configure = move |config: &mut Config| {
        config.oauth = vec![settings];
        config.limits.provider_timeout = Duration::from_millis(300);
    };
    let world = whole_with(configure).await;
    for (manner, told) in [(Manner::Silent, "Slow"), (Manner::Garbage, "Unreachable"), (Manner::Endless, "Unreachable")]
    {
        provider.tell(|told| told.manner = manner);
        assert_eq!(outcome(&log_in(&world, &provider).await), told, "{manner:?}");
    }
    // Port 1 is nobody's.
    let down = whole_with(|config| config.oauth = vec![provider::settings("http://127.0.0.1:1")]).await;
    let answer = down.http().get("/api/v1/oauth/local/login").await;
    assert_eq!((answer.status, outcome(&answer).as_str()), (303, "Unreachable"));
    assert!(down.bridge.stats().oauth_refused == 1);
    let anna = down.person("anna").await;
    anna.http.post("/api/v1/me/oauth/local", &proof("anna")).await.refused(503);
}

#[tokio::test]
async fn nobody_gets_an_account_for_an_address_that_the_provider_has_not_made_sure_of() {
    let (world, provider) = with_provider().await;
    for claims in [json!({ "email_verified": false }), json!({ "email_verified": null }), json!({ "email": null })] {
        provider.tell(|told| {
            told.userinfo = json!({ "sub": "anna-there", "email": "anna@provider.example" });
            told.claims = claims.clone();
        });
        assert_eq!(outcome(&log_in(&world, &provider).await), "NoVerifiedEmail", "{claims}");
    }
}

#[tokio::test]
async fn names_are_held_to_the_rules_of_names_here() {
    let (world, provider) = with_provider().await;
    for (subject, name, taken) in [
        ("long", "가".repeat(41), "long"),
        ("bell", "ring\u{7}".to_owned(), "bell"),
        ("decomposed", "\u{1112}\u{1161}\u{11ab}".to_owned(), "한"),
    ] {
        let email = format!("{subject}@provider.example");
        provider.tell(|told| told.claims = json!({ "sub": subject, "name": name, "email": email }));
        let me = session(&world, &log_in(&world, &provider).await).get("/api/v1/me").await.ok();
        assert_eq!(me["username"], taken);
    }
}

#[tokio::test]
async fn who_has_no_password_cannot_log_in_with_one_nor_lose_the_only_way_in() {
    let (world, provider) = with_provider().await;
    let anna = session(&world, &log_in(&world, &provider).await);
    for password in ["", "whatever it is"] {
        let login = json!({ "email": "anna@provider.example", "password": password }).to_string();
        assert_eq!(world.http().post("/api/user/login", &login).await.refused(400), "LoginFailed");
    }
    assert_eq!(anna.get("/api/v1/me/oauth").await.ok()["hasPassword"], false);
    assert_eq!(anna.delete("/api/v1/me/oauth/local").await.refused(403), "NotAllowed");
    let account = json!({ "email": "anna@provider.example", "username": "안나", "password": "now she has one" });
    anna.put("/api/user", &account.to_string()).await.ok();
    let anna = session(&world, &log_in(&world, &provider).await);
    assert_eq!(anna.delete("/api/v1/me/oauth/local").await.status, 204);
    assert_eq!(anna.delete("/api/v1/me/oauth/local").await.status, 204, "again it changes nothing");
}

#[tokio::test]
async fn a_deleted_account_is_not_logged_in_to_and_its_person_may_come_back_as_somebody_new() {
    let (world, provider) = with_provider().await;
    let anna = session(&world, &log_in(&world, &provider).await);
    let first = anna.get("/api/v1/me").await.ok();
    anna.delete("/api/user").await.ok();
    let again = session(&world, &log_in(&world, &provider).await).get("/api/v1/me").await.ok();
    assert_ne!(first["id"], again["id"]);
}

#[tokio::test]
async fn a_provider_that_is_not_configured_is_named_with_those_that_are() {
    let (world, _provider) = with_provider().await;
    let answer = world.http().get("/api/v1/oauth/elsewhere/login").await;
    assert_eq!(answer.refused(400), "NoSuchProvider");
    assert!(String::from_utf8_lossy(&answer.body).contains("local"));
    world.http().get("/api/v1/me/oauth").await.refused(401);
}
