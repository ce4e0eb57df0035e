//! A provider of logins that says what the test tells it to, lies included. That logins work with one that is nobody's
//! stand-in is proved in a browser, beside the other tests of the page.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use moim_bridge::OauthProvider;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

/// Keys made for these tests: the private one, and the public one as a set of keys names it.
const KEYS: [([u8; 48], &str); 2] = [
    (
        [
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, 0xa1, 0x06,
            0x2e, 0x99, 0x50, 0x96, 0x72, 0x9d, 0xed, 0x28, 0xf6, 0x51, 0xc6, 0xd1, 0x25, 0x42, 0xc5, 0x50, 0xdd, 0x79,
            0x9e, 0xa5, 0xc7, 0xc0, 0x51, 0x66, 0x4a, 0x11, 0xe8, 0x2d, 0xd4, 0xc5,
        ],
        "DrFKKRJyYb-msGdfh60pXtBy7rtT-PP41KXcSLoISx4",
    ),
    (
        [
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, 0xdc, 0x24,
            0x6a, 0x1d, 0xc2, 0x58, 0x90, 0x22, 0xf1, 0x9b, 0xac, 0x79, 0x3e, 0xe7, 0x89, 0x05, 0x85, 0x9e, 0xbc, 0x2f,
            0xb7, 0xa6, 0x1b, 0x31, 0xf0, 0x72, 0xfc, 0xc7, 0xde, 0xb3, 0x5d, 0xbf,
        ],
        "fpWs0GCwRGItj3IUZ1FEbNbcPbHwgqguvC3rRpAs0nI",
    ),
];

/// How it answers when it is asked for a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    #[default]
    Well,
    /// Never.
    Silent,
    /// With what is no JSON.
    Garbage,
    /// With what is right, and then more than anybody needs.
    Endless,
}

impl Manner {
    async fn answer(self, right: Value) -> Response {
        match self {
            Self::Well => Json(right).into_response(),
            Self::Silent => std::future::pending().await,
            Self::Garbage => "<html>".into_response(),
            // JSON all the same: who reads it whole takes it.
            Self::Endless => {
                let json = [("content-type", "application/json")];
                (json, right.to_string() + &" ".repeat(4 << 20)).into_response()
            }
        }
    }
}

/// What the test has told it.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) manner: Manner,
    /// The same of its description.
    pub(crate) description: Manner,
    /// Instead of what is right, or beside it; `null` leaves a claim out.
    pub(crate) claims: Value,
    /// What it says of a person beside its tokens.
    pub(crate) userinfo: Value,
    /// The key that it signs with, and the one that it publishes.
    pub(crate) signs_with: usize,
    pub(crate) publishes: usize,
    /// Codes that were not redeemed yet, with nonce and challenge of the login each is for.
    codes: HashMap<String, (String, String)>,
    /// How often it was asked.
    described: usize,
    asked_for_tokens: usize,
}

/// A provider on a port of its own.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    told: Arc<Mutex<Told>>,
}

#[derive(Clone)]
struct Shared {
    issuer: String,
    told: Arc<Mutex<Told>>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let told = Arc::new(Mutex::new(Told::default()));
        let shared = Shared { issuer: issuer.clone(), told: told.clone() };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(description))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/me", get(userinfo))
            .with_state(shared);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = hyper_util::service::TowerToHyperService::new(router.clone());
                let stream = hyper_util::rt::TokioIo::new(stream);
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(stream, service));
            }
        });
        Self { issuer, told }
    }

    pub(crate) fn tell(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.lock().unwrap());
    }

    /// The bridge's settings of it.
    pub(crate) fn settings(&self) -> OauthProvider {
        settings(&self.issuer)
    }

    /// A person says yes at the page that the bridge sent the browser to; gives what the browser comes back with.
    pub(crate) fn consent(&self, location: &str) -> String {
        let asked = query(location);
        assert!(location.starts_with(&format!("{}/authorize?", self.issuer)), "{location}");
        assert_eq!(
            (&*asked["response_type"], &*asked["client_id"], &*asked["code_challenge_method"]),
            ("code", "moim", "S256")
        );
        let mut told = self.told.lock().unwrap();
        let code = format!("code{}", told.codes.len());
        told.codes.insert(code.clone(), (asked["nonce"].clone(), asked["code_challenge"].clone()));
        format!("code={code}&state={}", asked["state"])
    }

    /// How often it was asked for its description.
    pub(crate) fn described(&self) -> usize {
        self.told.lock().unwrap().described
    }

    /// How often it was asked to redeem a code.
    pub(crate) fn asked_for_tokens(&self) -> usize {
        self.told.lock().unwrap().asked_for_tokens
    }

    /// It takes no code back that it has given so far.
    pub(crate) fn forget_codes(&self) {
        self.told.lock().unwrap().codes.clear();
    }
}

/// Settings of a provider of that name.
pub(crate) fn settings(issuer: &str) -> OauthProvider {
    OauthProvider {
        id: "local".into(),
        name: "동네 로그인".into(),
        issuer: issuer.into(),
        client_id: "moim".into(),
        client_secret: Some("hush".into()),
    }
}

/// The parameters of an address; none of these tests' need decoding but colons and slashes.
pub(crate) fn query(location: &str) -> HashMap<String, String> {
    let pairs = location.split_once('?').unwrap().1.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.replace("%3A", ":").replace("%2F", "/"))).collect()
}

async fn description(State(shared): State<Shared>) -> Response {
    let issuer = &shared.issuer;
    let manner = {
        let mut told = shared.told.lock().unwrap();
        told.described += 1;
        told.description
    };
    manner
        .answer(json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/me"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        }))
        .await
}

async fn keys(State(shared): State<Shared>) -> Json<Value> {
    let key = shared.told.lock().unwrap().publishes;
    Json(json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "the key", "x": KEYS[key].1 }] }))
}

async fn token(State(shared): State<Shared>, body: String) -> Response {
    let (manner, right) = {
        let mut told = shared.told.lock().unwrap();
        told.asked_for_tokens += 1;
        (told.manner, redeem(&shared.issuer, &mut told, &body))
    };
    match right {
        Some(right) => manner.answer(right).await,
        None if manner == Manner::Silent => std::future::pending().await,
        None => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response(),
    }
}

/// What it says for a code that is right.
fn redeem(issuer: &str, told: &mut Told, body: &str) -> Option<Value> {
    let form = query(&format!("?{body}"));
    let (code, verifier) = (form.get("code").cloned().unwrap_or_default(), form.get("code_verifier"));
    let redeemed = told.codes.remove(&code);
    let (nonce, _) =
        redeemed.filter(|(_, challenge)| verifier.is_some_and(|v| base64url(&Sha256::digest(v)) == *challenge))?;
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut claims = json!({
        "iss": issuer, "aud": "moim", "sub": "anna-there", "nonce": nonce, "iat": now_s, "exp": now_s + 60,
        "email": "anna@provider.example", "email_verified": true, "name": "안나",
    });
    for (name, value) in told.claims.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("the key".to_owned());
    let key = EncodingKey::from_ed_der(&KEYS[told.signs_with].0);
    let id_token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    Some(json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token }))
}

async fn userinfo(State(shared): State<Shared>) -> Json<Value> {
    Json(shared.told.lock().unwrap().userinfo.clone())
}

fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().chain([0, 0].iter()).take(3).fold(0_usize, |bits, &byte| bits << 8 | usize::from(byte));
        text.extend((0..=three.len()).map(|nth| char::from(LETTERS[bits >> (18 - 6 * nth) & 63])));
    }
    text
}
