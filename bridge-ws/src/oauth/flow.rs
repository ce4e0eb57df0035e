//! What a browser keeps between the beginning of a login and its end, in a signed cookie that scripts cannot read.

use hmac::{Hmac, KeyInit, Mac};
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use sha2::{Digest, Sha256};

/// People read a provider's terms; and a code is good for as long at most.
pub(crate) const FLOW_MAX_S: u64 = 600;
/// The last of them is when it is over, in Unix seconds.
const PARTS: usize = 6;

/// A login under way.
pub(crate) struct Flow {
    pub(super) provider: String,
    pub(super) state: CsrfToken,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
    /// Whose account the provider's is to be connected with: a digest of the session's token, which nobody who plants a
    /// cookie in another's browser can know. Empty where somebody logs in.
    connects: String,
}

impl Flow {
    pub(super) fn new(provider: &str, state: CsrfToken, nonce: Nonce, verifier: PkceCodeVerifier) -> Self {
        Self { provider: provider.to_owned(), state, nonce, verifier, connects: String::new() }
    }

    /// The same, to connect the provider's account with that of the session.
    pub(crate) fn connecting(self, token: &str) -> Self {
        Self { connects: digest(token), ..self }
    }

    pub(crate) fn is_connecting(&self) -> bool {
        !self.connects.is_empty()
    }

    /// Whether it was begun by the bearer of that token.
    pub(crate) fn connects(&self, token: &str) -> bool {
        self.connects == digest(token)
    }

    /// Whether the provider answers this login.
    pub(crate) fn is_of(&self, provider: &str, state: &str) -> bool {
        self.provider == provider && self.state.secret() == state
    }

    /// Each part is of letters, digits, `-` and `_`; behind them is the signature.
    pub(super) fn cookie(&self, key: &[u8], now_s: u64) -> String {
        let (state, nonce, verifier) = (self.state.secret(), self.nonce.secret(), self.verifier.secret());
        let until_s = (now_s + FLOW_MAX_S).to_string();
        let parts = [&self.provider, state, nonce, verifier, &self.connects, &until_s].map(String::as_str).join(".");
        let signature = hex::encode(mac(key, &parts).finalize().into_bytes());
        format!("{parts}.{signature}")
    }

    pub(super) fn parse(cookie: &str, key: &[u8], now_s: u64) -> Option<Self> {
        let (parts, signature) = cookie.rsplit_once('.')?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(signature, &mut bytes).ok()?;
        mac(key, parts).verify_slice(&bytes).ok()?;
        let parts: Vec<String> = parts.split('.').map(str::to_owned).collect();
        let [provider, state, nonce, verifier, connects, until_s] = <[String; PARTS]>::try_from(parts).ok()?;
        if until_s.parse::<u64>().ok()? < now_s {
            return None;
        }
        let (state, nonce, verifier) = (CsrfToken::new(state), Nonce::new(nonce), PkceCodeVerifier::new(verifier));
        Some(Self { provider, state, nonce, verifier, connects })
    }
}

fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

fn mac(key: &[u8], parts: &str) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length").chain_update(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"of this installation";

    #[test]
    fn a_flow_comes_back_as_it_was_and_is_of_the_session_that_began_it() {
        let (state, nonce) = (CsrfToken::new_random(), Nonce::new_random());
        let verifier = PkceCodeVerifier::new("v".repeat(43));
        let flow = Flow::new("naver", state, nonce, verifier);
        assert!(!Flow::parse(&flow.cookie(KEY, 0), KEY, 0).unwrap().is_connecting());
        let back = Flow::parse(&flow.connecting("a.b.c").cookie(KEY, 0), KEY, FLOW_MAX_S).unwrap();
        assert_eq!((back.provider.as_str(), back.verifier.secret().len()), ("naver", 43));
        assert!(back.is_connecting() && back.connects("a.b.c") && !back.connects("a.b.d"));
    }

    #[test]
    fn what_is_no_flow_or_over_or_made_up_is_none() {
        let (state, nonce) = (CsrfToken::new("s".into()), Nonce::new("n".into()));
        let right = Flow::new("naver", state, nonce, PkceCodeVerifier::new("v".repeat(43))).cookie(KEY, 0);
        assert!(Flow::parse(&right, KEY, FLOW_MAX_S).is_some());
        assert!(Flow::parse(&right, KEY, FLOW_MAX_S + 1).is_none(), "over");
        assert!(Flow::parse(&right, b"another", 0).is_none(), "another installation's");
        let changed = right.replace("naver", "kakao");
        let unsigned = right.rsplit_once('.').unwrap().0;
        for wrong in ["", "a", "a.b.c.d", "a.b.c.d.e.f.", &changed, unsigned, &right[..right.len() - 2]] {
            assert!(Flow::parse(wrong, KEY, 0).is_none(), "{wrong}");
        }
    }
}
