//! An HTTP client that keeps nothing to itself: headers as the test says, answers as they came.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderMap};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

#[derive(Clone)]
pub(crate) struct Http {
    bridge: SocketAddr,
    headers: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Http {
    pub(crate) fn new(bridge: SocketAddr) -> Self {
        Self { bridge, headers: Vec::new() }
    }

    /// The same client with one header more.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut with = self.clone();
        with.headers.push((name.to_owned(), value.to_owned()));
        with
    }

    /// The same client with the token in the header.
    pub(crate) fn as_user(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask(Method::POST, path, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &str) -> Answer {
        self.ask(Method::PUT, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, "").await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: &str) -> Answer {
        self.ask_with(method, path, Bytes::from(body.to_owned())).await
    }

    /// Asks with a body of any bytes.
    pub(crate) async fn ask_with(&self, method: Method, path: &str, body: Bytes) -> Answer {
        let stream = TcpStream::connect(self.bridge).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header(HOST, self.bridge.to_string());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = sender.send_request(request.body(Full::from(body)).unwrap()).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Signs a person up and in; gives the id and the token.
    pub(crate) async fn sign_up(&self, name: &str) -> (u32, String) {
        let account = format!(r#"{{"email":"{name}@example.com","username":"{name}","password":"secret-{name}"}}"#);
        let answer = self.post("/api/v1/signup", &account).await.ok();
        (answer["id"].as_u64().unwrap() as u32, answer["token"].as_str().unwrap().to_owned())
    }
}

impl Answer {
    /// The JSON of a success.
    pub(crate) fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {:?}", self.status, self.body);
        if self.body.is_empty() { Value::Null } else { serde_json::from_slice(&self.body).unwrap() }
    }

    /// The name in the envelope of an error of that status; the envelope must be whole.
    pub(crate) fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{:?}", self.body);
        let envelope: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(envelope["statusCode"], status);
        for field in ["status", "exceptionName", "message", "detailedMessage", "timestamp"] {
            assert!(!envelope[field].as_str().unwrap().is_empty(), "{field} in {envelope}");
        }
        envelope["exceptionName"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn cookies(&self) -> Vec<&str> {
        self.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect()
    }
}
