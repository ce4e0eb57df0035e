//! The hash chain of an account's entries, as `wire/PROTOCOL.md` describes it for those who verify one.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::account::AccountId;
use super::money::Won;
use super::transfer::TransferId;
use crate::error::Error;

/// What the hashed bytes of every entry begin with: no other bytes are hashed under it.
const TAG: &[u8; 16] = b"moim ledger v1\0\0";

/// A SHA-256, written in 64 small hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// What a chain without entries has come to.
    pub const ZERO: Self = Self([0; 32]);
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Internal(format!("{text:?} is no hash of 64 hexadecimal digits"));
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(wrong());
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// One side of a posted transfer: what it did to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: AccountId,
    /// Its place among the account's entries: dense, from 1.
    pub number: u64,
    /// The transfer that was posted.
    pub transfer: TransferId,
    /// The account at its other end.
    pub counterpart: AccountId,
    /// What came (above zero) or went (below).
    pub amount: Won,
    /// The balance before it.
    pub balance_before: Won,
    /// And after it.
    pub balance_after: Won,
    /// When it was posted.
    pub posted_at_ms: u64,
    /// The chain's hash with it.
    pub hash: Hash,
}

impl Entry {
    /// What the hash is when the chain before it has come to `previous`.
    pub fn hash_after(&self, previous: Hash) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(TAG);
        hasher.update(previous.0);
        for number in [self.account.0, self.number, self.transfer.0, self.counterpart.0] {
            hasher.update(number.to_le_bytes());
        }
        for won in [self.amount, self.balance_before, self.balance_after] {
            hasher.update(won.get().to_le_bytes());
        }
        hasher.update(self.posted_at_ms.to_le_bytes());
        Hash(hasher.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let won = |won| Won::new(won).unwrap();
        Entry {
            account: AccountId(7),
            number: 1,
            transfer: TransferId(42),
            counterpart: AccountId(3),
            amount: won(30_000),
            balance_before: Won::ZERO,
            balance_after: won(30_000),
            posted_at_ms: 1_795_000_000_000,
            hash: Hash::ZERO,
        }
    }

    /// The vector of PROTOCOL.md, which is checked against this page there.
    #[test]
    fn the_vector_of_the_protocol_holds() {
        let first = entry().hash_after(Hash::ZERO);
        let won = |won| Won::new(won).unwrap();
        let second = Entry {
            number: 2,
            transfer: TransferId(43),
            amount: won(-12_000),
            balance_before: won(30_000),
            balance_after: won(18_000),
            posted_at_ms: 1_795_000_060_000,
            ..entry()
        };
        let page = include_str!("../../../wire/PROTOCOL.md");
        for hash in [first, second.hash_after(first)] {
            assert!(page.contains(&hash.to_string()), "PROTOCOL.md lacks {hash}");
        }
    }

    #[test]
    fn every_field_is_in_the_hash() {
        let whole = entry();
        let more = Won::new(1).unwrap();
        let others = [
            Entry { account: AccountId(8), ..entry() },
            Entry { number: 2, ..entry() },
            Entry { transfer: TransferId(43), ..entry() },
            Entry { counterpart: AccountId(4), ..entry() },
            Entry { amount: more, ..entry() },
            Entry { balance_before: more, ..entry() },
            Entry { balance_after: more, ..entry() },
            Entry { posted_at_ms: 0, ..entry() },
        ];
        let hash = whole.hash_after(Hash::ZERO);
        assert!(others.iter().all(|other| other.hash_after(Hash::ZERO) != hash));
        assert_ne!(whole.hash_after(hash), hash);
    }

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = entry().hash_after(Hash::ZERO);
        assert_eq!(hash.to_string().parse::<Hash>().unwrap(), hash);
        for wrong in ["", "0", &"g".repeat(64), &"0".repeat(65)] {
            assert!(wrong.parse::<Hash>().is_err(), "{wrong}");
        }
    }
}
