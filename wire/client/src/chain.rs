//! The chain of a fund is recomputed: an entry that was changed, left out or put in later does not go unnoticed.

use moim_wire::chain::ChainHash;
use moim_wire::limits::LIST_LIMIT_MAX;

use crate::client::Client;
use crate::error::Error;
use crate::money::{Entry, Fund, WalletId, Won};

/// What is wrong with a wallet's entries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// Entries are numbered from 1 without a gap.
    #[error("entry {found} comes where {expected} is due")]
    Number {
        /// The next number.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// An entry begins with the balance at which the one before it ended, and ends with as much more as came.
    #[error("entry {0} does not add up with the balance before it")]
    Balance(u64),
    /// An entry of another wallet.
    #[error("entry {number} is of wallet {found}")]
    Account {
        /// The entry.
        number: u64,
        /// Whose it is.
        found: WalletId,
    },
    /// More was verified before than the server has told of now: what it told is older, or entries are gone.
    #[error("{told} entries are told of, and {verified} were verified before; ask where the chain stands once more")]
    Behind {
        /// How many the server tells of.
        told: u64,
        /// How many were verified.
        verified: u64,
    },
    /// An entry's hash is made of all of it and of the hash before.
    #[error("entry {number} has the hash {found}, but comes to {computed}")]
    Hash {
        /// The entry.
        number: u64,
        /// What it comes to.
        computed: ChainHash,
        /// What it is said to come to.
        found: ChainHash,
    },
    /// The server says that the chain has come to something else.
    #[error(
        "{entries} entries come to {computed} and {balance}, which is not where the server says that the chain stands"
    )]
    Head {
        /// How many there were.
        entries: u64,
        /// What they come to.
        computed: ChainHash,
        /// What they leave.
        balance: Won,
    },
}

/// A chain as far as it was verified. Kept from one time to the next, it says what was changed in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Of which wallet.
    pub wallet: WalletId,
    /// How many entries were verified.
    pub entries: u64,
    /// What the wallet holds with them.
    pub balance: Won,
    /// The hash of the last.
    pub head: ChainHash,
}

impl Chain {
    /// The chain of a wallet, none of it verified.
    pub const fn new(wallet: WalletId) -> Self {
        Self { wallet, entries: 0, balance: Won(0), head: ChainHash::ZERO }
    }

    /// Goes one entry further, if it is the chain's next.
    ///
    /// # Errors
    /// [`ChainFault`]; the chain stays as it was.
    pub fn take(&mut self, entry: &Entry) -> Result<(), ChainFault> {
        let link = &entry.link;
        let expected = self.entries + 1;
        if link.number != expected {
            return Err(ChainFault::Number { expected, found: link.number });
        }
        let adds_up = link.balance_before.checked_add(link.amount) == Some(link.balance_after);
        if link.balance_before != self.balance.0 || !adds_up {
            return Err(ChainFault::Balance(link.number));
        }
        let computed = link.hash_after(self.head);
        if link.account != self.wallet.0 {
            return Err(ChainFault::Account { number: link.number, found: WalletId(link.account) });
        }
        if computed != entry.hash {
            return Err(ChainFault::Hash { number: link.number, computed, found: entry.hash });
        }
        *self = Self { wallet: self.wallet, entries: expected, balance: Won(link.balance_after), head: computed };
        Ok(())
    }

    /// Whether the chain is the one whose state the server has told.
    ///
    /// # Errors
    /// [`ChainFault::Head`].
    pub fn is_at(&self, fund: &Fund) -> Result<(), ChainFault> {
        let stands = (fund.wallet.id, fund.entries, fund.wallet.balance, fund.head);
        if stands == (self.wallet, self.entries, self.balance, self.head) {
            return Ok(());
        }
        Err(ChainFault::Head { entries: self.entries, computed: self.head, balance: self.balance })
    }
}

impl Client {
    /// Fetches the entries of a fund and recomputes its chain up to where `fund` says that it stands: that as it was told
    /// at first, `None`, or from where it was verified before.
    ///
    /// # Errors
    /// [`Error::Chain`] where the entries are not what was written; as [`Client::wallets`].
    pub async fn verify_fund(&self, fund: &Fund, verified: Option<Chain>) -> Result<Chain, Error> {
        let wallet = fund.wallet.id;
        let broken = |fault| Error::Chain { wallet, fault };
        let mut chain = verified.unwrap_or_else(|| Chain::new(wallet));
        if chain.entries > fund.entries {
            return Err(broken(ChainFault::Behind { told: fund.entries, verified: chain.entries }));
        }
        while chain.entries < fund.entries {
            let left = usize::try_from(fund.entries - chain.entries).unwrap_or(usize::MAX);
            let page = self.entries(wallet, chain.entries, left.min(LIST_LIMIT_MAX)).await?;
            if page.entries.is_empty() {
                break;
            }
            for entry in &page.entries {
                chain.take(entry).map_err(broken)?;
            }
        }
        chain.is_at(fund).map_err(broken)?;
        Ok(chain)
    }
}
