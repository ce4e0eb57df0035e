//! What a browser keeps between the beginning of a login and its end, in a cookie that scripts cannot read.

use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use sha2::{Digest, Sha256};

/// People read a provider's terms; and a code is good for as long at most.
pub(crate) const FLOW_MAX_S: u64 = 600;
const PARTS: usize = 5;

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

    /// Each part is of letters, digits, `-` and `_`.
    pub(crate) fn cookie(&self) -> String {
        let (state, nonce, verifier) = (self.state.secret(), self.nonce.secret(), self.verifier.secret());
        [&self.provider, state, nonce, verifier, &self.connects].map(String::as_str).join(".")
    }

    pub(crate) fn parse(cookie: &str) -> Option<Self> {
        let parts: Vec<String> = cookie.split('.').map(str::to_owned).collect();
        let [provider, state, nonce, verifier, connects] = <[String; PARTS]>::try_from(parts).ok()?;
        let (state, nonce, verifier) = (CsrfToken::new(state), Nonce::new(nonce), PkceCodeVerifier::new(verifier));
        Some(Self { provider, state, nonce, verifier, connects })
    }
}

fn digest(token: &str) -> String {
    Sha256::digest(token).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_comes_back_as_it_was_and_is_of_the_session_that_began_it() {
        let (state, nonce) = (CsrfToken::new_random(), Nonce::new_random());
        let verifier = PkceCodeVerifier::new("v".repeat(43));
        let flow = Flow::new("naver", state, nonce, verifier);
        assert!(!Flow::parse(&flow.cookie()).unwrap().is_connecting());
        let back = Flow::parse(&flow.connecting("a.b.c").cookie()).unwrap();
        assert_eq!((back.provider.as_str(), back.verifier.secret().len()), ("naver", 43));
        assert!(back.is_connecting() && back.connects("a.b.c") && !back.connects("a.b.d"));
    }

    #[test]
    fn what_is_no_flow_is_none() {
        for wrong in ["", "a", "a.b.c.d", "a.b.c.d.e.f"] {
            assert!(Flow::parse(wrong).is_none(), "{wrong}");
        }
    }
}
