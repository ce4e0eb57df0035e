//! What a bank proves its notices with: an HMAC-SHA256 over the time and the body, with a secret that both know.

use std::fmt;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A notice is refused whose time is further from ours than this: who has listened cannot say it again later.
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// The secrets that a bank may sign with. None: notices are refused.
#[derive(Clone, Default)]
pub struct BankSecrets(Vec<String>);

/// Why a notice is not taken for the bank's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unsigned {
    #[error("Moim-Timestamp: {0:?} is no Unix time in seconds")]
    Timestamp(String),
    #[error("Moim-Timestamp: {given} is {away_s} s away from the server's time, more than {max} s; sign it anew", max = WINDOW.as_secs())]
    Stale { given: u64, away_s: u64 },
    #[error("Moim-Signature: is not 64 hexadecimal digits")]
    Form,
    #[error("Moim-Signature: is not of this body and time, by a secret that is known here")]
    Wrong,
}

impl BankSecrets {
    /// One secret, or two while the second takes the first one's place.
    pub const fn new(secrets: Vec<String>) -> Self {
        Self(secrets)
    }

    /// The secret that a bank signs with from now on.
    pub fn newest(&self) -> Option<&str> {
        self.0.last().map(String::as_str)
    }

    /// Whether there is a bank at all.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets pass what was signed with one of the secrets just now. Compares in constant time.
    pub(crate) fn verify(&self, timestamp: &str, signature: &str, body: &[u8], now_s: u64) -> Result<(), Unsigned> {
        let digits = !timestamp.is_empty() && timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let given = timestamp.parse::<u64>().ok().filter(|_| digits);
        let given = given.ok_or_else(|| Unsigned::Timestamp(timestamp.chars().take(40).collect()))?;
        let away_s = given.abs_diff(now_s);
        if away_s > WINDOW.as_secs() {
            return Err(Unsigned::Stale { given, away_s });
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(signature, &mut bytes).map_err(|_| Unsigned::Form)?;
        let is_signed = |secret: &String| mac(secret, timestamp, body).verify_slice(&bytes).is_ok();
        if self.0.iter().any(is_signed) { Ok(()) } else { Err(Unsigned::Wrong) }
    }
}

impl fmt::Debug for BankSecrets {
    /// How many, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BankSecrets({})", self.0.len())
    }
}

/// The signature that goes with a body and a time, as the header `Moim-Signature` has it.
pub fn bank_signature(secret: &str, timestamp: &str, body: &[u8]) -> String {
    hex::encode(mac(secret, timestamp, body).finalize().into_bytes())
}

fn mac(secret: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key may have any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u64 = 1_795_000_000;
    const BODY: &[u8] = br#"{"id":"1","reference":"M0071F","amount":30000}"#;

    fn verify(secrets: &[&str], signed_with: &str, at_s: u64, body: &[u8]) -> Result<(), Unsigned> {
        let at = at_s.to_string();
        let secrets = BankSecrets::new(secrets.iter().map(ToString::to_string).collect());
        secrets.verify(&at, &bank_signature(signed_with, &at, body), BODY, NOW_S)
    }

    #[test]
    fn the_documented_example_has_its_signature() {
        // printf '1795000000.{"id":"1","reference":"M0071F","amount":30000}' | openssl dgst -sha256 -hmac 'a secret of the bank'
        let signature = bank_signature("a secret of the bank", "1795000000", BODY);
        assert_eq!(signature, "5b0bd822773b7bf709f87a3a89dfb99ed8275b8dd0fe0029e797eeb474a6b28a");
    }

    #[test]
    fn either_secret_passes_while_one_takes_the_others_place() {
        assert_eq!(verify(&["old", "new"], "old", NOW_S, BODY), Ok(()));
        assert_eq!(verify(&["old", "new"], "new", NOW_S, BODY), Ok(()));
        assert_eq!(verify(&["new"], "old", NOW_S, BODY), Err(Unsigned::Wrong));
        assert_eq!(verify(&[], "", NOW_S, BODY), Err(Unsigned::Wrong));
    }

    #[test]
    fn another_body_another_time_and_an_old_one_are_refused() {
        let other = br#"{"id":"1","reference":"M0071F","amount":90000}"#;
        assert_eq!(verify(&["s"], "s", NOW_S, other), Err(Unsigned::Wrong));
        for at_s in [NOW_S - 300, NOW_S + 300] {
            assert_eq!(verify(&["s"], "s", at_s, BODY), Ok(()));
        }
        for at_s in [NOW_S - 301, NOW_S + 301] {
            assert_eq!(verify(&["s"], "s", at_s, BODY), Err(Unsigned::Stale { given: at_s, away_s: 301 }));
        }
        let secrets = BankSecrets::new(vec!["s".into()]);
        let signature = bank_signature("s", "1795000000", BODY);
        assert_eq!(secrets.verify("1795000001", &signature, BODY, NOW_S), Err(Unsigned::Wrong));
        for wrong in ["", "soon", "-1", "+1795000000", "1.5"] {
            assert!(matches!(secrets.verify(wrong, &signature, BODY, NOW_S), Err(Unsigned::Timestamp(_))), "{wrong}");
        }
        for wrong in ["", "abc", &"g".repeat(64), &signature[1..], &"é".repeat(32)] {
            assert_eq!(secrets.verify("1795000000", wrong, BODY, NOW_S), Err(Unsigned::Form), "{wrong}");
        }
    }
}
