//! Files: uploaded, shown to the channel, fetched by its members, taken away with their messages.

use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use moim_wire::schema::Kind;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Answer, Http, Person, whole, whole_on, whole_with};

/// For what is done in its own time: a test that waits longer says for what.
const PATIENCE: Duration = Duration::from_secs(60);
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde";
const BOUNDARY: &str = "------------------------moim";

/// A part of a form: its headers, its bytes.
fn part(disposition: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

async fn send(http: &Http, parts: &[Vec<u8>]) -> Answer {
    let body = [parts.concat().as_slice(), format!("--{BOUNDARY}--\r\n").as_bytes()].concat();
    let http = http.with("content-type", &format!("multipart/form-data; boundary={BOUNDARY}"));
    http.ask_with(Method::POST, "/api/file", Bytes::from(body)).await
}

/// Uploads a file of that name; the answer.
async fn upload(person: &Person, channel: u64, name: &str, bytes: &[u8]) -> Answer {
    let file = part(&format!("name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/plain"), bytes);
    send(&person.http, &[part("name=\"channelId\"", channel.to_string().as_bytes()), file]).await
}

fn path(file: &Value) -> String {
    format!("/api/file/{}", file["fileId"])
}

#[tokio::test]
async fn an_upload_is_shown_to_all_and_fetched_by_members_alone() {
    let world = whole().await;
    let (anna, boram, chulsoo) =
        (world.person("anna").await, world.person("boram").await, world.person("chulsoo").await);
    let channel = world.channel(&anna, &[&boram]).await;
    let mut native = world.follower(&boram, channel).await;
    let file = upload(&anna, channel, "../영수증.png", PNG).await.ok();
    let id = file["fileId"].as_u64().unwrap();
    let shown =
        json!({ "fileId": id.to_string(), "fileName": "영수증.png", "size": PNG.len(), "contentType": "image/png" });
    let (sender, _, text) = native.next_of(Kind::File).await;
    assert_eq!((sender, serde_json::from_str::<Value>(&text).unwrap()), (anna.id, shown.clone()));
    let metadata = json!({ "fileId": id, "fileName": "영수증.png", "size": PNG.len(), "contentType": "image/png",
        "channelId": channel, "userId": anna.id, "userName": "anna", "createdAt": file["createdAt"],
        "messageId": file["messageId"] });
    assert_eq!(file, metadata);
    let row = boram.content(channel).await.pop().unwrap();
    assert_eq!((&row["type"], &row["text"], &row["file"]), (&json!("FILE"), &json!("영수증.png"), &shown));
    assert_eq!(row["id"].to_string(), file["messageId"].as_str().unwrap());

    let fetched = boram.http.get(&path(&file)).await;
    assert_eq!((fetched.status, fetched.body.as_ref()), (200, PNG));
    assert_eq!(fetched.header("content-type"), "image/png");
    assert_eq!(fetched.header("x-content-type-options"), "nosniff");
    assert_eq!(fetched.header("content-security-policy"), "default-src 'none'; sandbox");
    assert!(fetched.header("content-disposition").starts_with("inline; "));
    let listed = boram.http.get(&format!("/api/file?channelId={channel}")).await.ok();
    assert_eq!(listed, json!([metadata]));
    chulsoo.http.get(&path(&file)).await.refused(403);
    chulsoo.http.get(&format!("/api/file?channelId={channel}")).await.refused(403);
    assert_eq!(upload(&chulsoo, channel, "a", b"x").await.refused(403), "NotAMember");
    chulsoo.http.delete(&path(&file)).await.refused(403);
    world.http().get(&path(&file)).await.refused(401);
    assert_eq!(boram.http.get("/api/file/999").await.refused(400), "NoSuchFile");
}

#[tokio::test]
async fn parts_of_a_file_and_one_that_is_there_already_are_asked_for_by_headers() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    let bytes: Vec<u8> = (0..=255u8).cycle().take(600_000).collect();
    let file = upload(&anna, channel, "large.bin", &bytes).await.ok();
    let all = anna.http.get(&path(&file)).await;
    assert_eq!((all.header("content-length"), all.body == bytes), ("600000", true));
    let part = anna.http.with("range", "bytes=262140-262150").get(&path(&file)).await;
    assert_eq!((part.status, part.header("content-range")), (206, "bytes 262140-262150/600000"));
    assert_eq!(part.body.as_ref(), &bytes[262_140..262_151]);
    let none = anna.http.with("range", "bytes=600000-").get(&path(&file)).await;
    assert_eq!((none.refused(416).as_str(), none.header("content-range")), ("RangeNotSatisfiable", "bytes */600000"));
    let known = anna.http.with("if-none-match", all.header("etag")).get(&path(&file)).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = anna.http.ask(Method::HEAD, &path(&file), "").await;
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "600000", 0));
}

#[tokio::test]
async fn what_could_run_in_a_page_is_never_shown_in_one() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    let svg = br#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>"#;
    for (name, bytes) in [("a.svg", svg.as_slice()), ("a.html", b"<html><script>alert(1)</script>"), ("a.png", b"<b>")]
    {
        let file = upload(&anna, channel, name, bytes).await.ok();
        let fetched = anna.http.get(&path(&file)).await;
        assert!(fetched.header("content-disposition").starts_with("attachment; "), "{name}");
        assert_eq!(fetched.header("content-security-policy"), "default-src 'none'; sandbox");
    }
    let program = [b"\x7fELF\x02\x01\x01".as_slice(), &[0; 57]].concat();
    assert_eq!(upload(&anna, channel, "a.png", &program).await.refused(400), "FileTypeRefused");
}

#[tokio::test]
async fn a_file_goes_with_its_message_and_a_message_with_its_file() {
    let world = whole_with(|config| config.limits.files_clean_interval = std::time::Duration::from_millis(20)).await;
    let (anna, boram, chulsoo) =
        (world.person("anna").await, world.person("boram").await, world.person("chulsoo").await);
    let channel = world.channel(&anna, &[&boram, &chulsoo]).await;
    let (first, second) =
        (upload(&boram, channel, "1", b"1").await.ok(), upload(&boram, channel, "2", b"2").await.ok());
    assert_eq!(chulsoo.http.delete(&path(&first)).await.refused(403), "NotAllowed");
    assert!(anna.http.delete(&path(&first)).await.ok().is_string());
    assert_eq!(boram.http.get(&path(&first)).await.refused(400), "NoSuchFile");
    let withdraw = format!("/api/message/{}?channelId={channel}", second["messageId"].as_str().unwrap());
    boram.http.delete(&withdraw).await.ok();
    // The cleaning comes by, more than once where it looked while the first was on its way out.
    let cleaned = async {
        while boram.http.get(&path(&second)).await.status == 200 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, cleaned).await.expect("a file of a withdrawn message goes");
    assert_eq!(boram.http.get(&path(&second)).await.refused(400), "NoSuchFile");
    world.until(|stats| stats.files_cleaned >= 1).await;
    assert_eq!(boram.http.get(&format!("/api/file?channelId={channel}")).await.ok(), json!([]));
    let rows = boram.content(channel).await;
    assert!(rows.iter().all(|row| row["type"] == "DELETE" && row["file"].is_null()), "{rows:?}");
}

#[tokio::test]
async fn too_many_bytes_are_refused_and_leave_nothing() {
    let bound = |config: &mut moim_persistence::Config| {
        config.file_bytes_max = 100_000;
        config.files_of_user_bytes_max = 150_000;
    };
    let world = whole_on(bound, |_| {}).await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    assert_eq!(upload(&anna, channel, "a", &[b'a'; 100_001]).await.refused(413), "FileTooLarge");
    // One that is refused gives its bytes back in its own time.
    let given_back = async {
        loop {
            let answer = upload(&anna, channel, "a", &[b'a'; 100_000]).await;
            if answer.status == 200 {
                break;
            }
            assert_eq!(answer.refused(400), "QuotaExceeded");
        }
        loop {
            let answer = upload(&anna, channel, "a", &[b'a'; 60_000]).await;
            assert_eq!(answer.refused(400), "QuotaExceeded");
            if String::from_utf8_lossy(&answer.body).contains("50000 of your 150000 bytes") {
                break;
            }
        }
    };
    timeout(PATIENCE, given_back).await.expect("bytes of refused uploads are given back");
    assert_eq!(anna.content(channel).await.len(), 1);
}

#[tokio::test]
async fn a_form_may_have_its_parts_in_any_order_and_must_have_both() {
    let world = whole().await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    let file = part("name=\"file\"; filename=\"a.txt\"", b"text");
    let number = part("name=\"channelId\"", channel.to_string().as_bytes());
    let other = part("name=\"colour\"", b"red");
    let last = send(&anna.http, &[other, file.clone(), number.clone()]).await.ok();
    assert_eq!(last["contentType"], "text/plain", "by its name");
    for wrong in [vec![file.clone()], vec![number.clone()], vec![number, file.clone(), file]] {
        send(&anna.http, &wrong).await.refused(400);
    }
    let unknown = part("name=\"channelId\"", b"999");
    assert_eq!(send(&anna.http, &[unknown, part("name=\"file\"", b"x")]).await.refused(400), "NoSuchRoom");
    anna.http.post("/api/file", "no form").await.refused(400);
    assert_eq!(anna.content(channel).await.len(), 1);
}

#[tokio::test]
async fn an_upload_whose_bytes_stop_coming_is_given_up_and_leaves_nothing() {
    let configure = |config: &mut moim_bridge::Config| {
        config.limits.transfer_stall = Duration::from_millis(100);
        config.limits.uploads_max = 1;
    };
    let world = whole_with(configure).await;
    let anna = world.person("anna").await;
    let channel = world.channel(&anna, &[]).await;
    let file = part("name=\"file\"; filename=\"half.txt\"\r\nContent-Type: text/plain", &[b'x'; 200_000]);
    let body = [part("name=\"channelId\"", channel.to_string().as_bytes()), file].concat();
    let head = format!(
        "POST /api/file HTTP/1.1\r\nHost: moim\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nConnection: close\r\n\r\n",
        anna.token,
        body.len(),
    );
    let mut stream = TcpStream::connect(world.bridge.local_addr()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..body.len() / 2]).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
    assert_eq!(anna.http.get(&format!("/api/file?channelId={channel}")).await.ok(), json!([]));
    assert!(anna.content(channel).await.is_empty());
    // Its place among the uploads is free again.
    upload(&anna, channel, "whole.txt", b"x").await.ok();
}
