//! The hash chain of a wallet's entries, as `PROTOCOL.md` describes it for those who verify one.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// What the hashed bytes of every entry begin with: no other bytes are hashed under it.
const TAG: &[u8; 16] = b"moim ledger v1\0\0";

/// A SHA-256, written in 64 small hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash(pub [u8; 32]);

impl ChainHash {
    /// What a chain without entries has come to.
    pub const ZERO: Self = Self([0; 32]);
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is no hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no hash of 64 hexadecimal digits")]
pub struct NotAHash(String);

impl FromStr for ChainHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let wrong = || NotAHash(text.to_owned());
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// What the hash of an entry is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The wallet.
    pub account: u64,
    /// The entry's place among the wallet's: dense, from 1.
    pub number: u64,
    /// The transfer that was posted.
    pub transfer: u64,
    /// The wallet at its other end.
    pub counterpart: u64,
    /// Whole won that came (above zero) or went (below).
    pub amount: i64,
    /// The balance before it.
    pub balance_before: i64,
    /// And after it.
    pub balance_after: i64,
    /// When it was posted, Unix time in milliseconds.
    pub posted_at_ms: u64,
}

impl Link {
    /// What the hash is when the chain before it has come to `previous`.
    pub fn hash_after(&self, previous: ChainHash) -> ChainHash {
        let mut hasher = Sha256::new();
        hasher.update(TAG);
        hasher.update(previous.0);
        for number in [self.account, self.number, self.transfer, self.counterpart] {
            hasher.update(number.to_le_bytes());
        }
        for won in [self.amount, self.balance_before, self.balance_after] {
            hasher.update(won.to_le_bytes());
        }
        hasher.update(self.posted_at_ms.to_le_bytes());
        ChainHash(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Link = Link {
        account: 7,
        number: 1,
        transfer: 42,
        counterpart: 3,
        amount: 30_000,
        balance_before: 0,
        balance_after: 30_000,
        posted_at_ms: 1_795_000_000_000,
    };

    #[test]
    fn the_vectors_of_the_page_hold() {
        let first = FIRST.hash_after(ChainHash::ZERO);
        let second = Link {
            number: 2,
            transfer: 43,
            amount: -12_000,
            balance_before: 30_000,
            balance_after: 18_000,
            posted_at_ms: 1_795_000_060_000,
            ..FIRST
        };
        let page = include_str!("../PROTOCOL.md");
        for hash in [first, second.hash_after(first)] {
            assert!(page.contains(&hash.to_string()), "PROTOCOL.md lacks {hash}");
        }
    }

    #[test]
    fn every_field_is_in_the_hash() {
        let others = [
            Link { account: 8, ..FIRST },
            Link { number: 2, ..FIRST },
            Link { transfer: 43, ..FIRST },
            Link { counterpart: 4, ..FIRST },
            Link { amount: 1, ..FIRST },
            Link { balance_before: 1, ..FIRST },
            Link { balance_after: 1, ..FIRST },
            Link { posted_at_ms: 0, ..FIRST },
        ];
        let hash = FIRST.hash_after(ChainHash::ZERO);
        assert!(others.iter().all(|other| other.hash_after(ChainHash::ZERO) != hash));
        assert_ne!(FIRST.hash_after(hash), hash);
    }

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = FIRST.hash_after(ChainHash::ZERO);
        assert_eq!(hash.to_string().parse::<ChainHash>(), Ok(hash));
        for wrong in ["", "0", &"g".repeat(64), &"0".repeat(65), &"+1".repeat(32)] {
            assert!(wrong.parse::<ChainHash>().is_err(), "{wrong}");
        }
    }
}
