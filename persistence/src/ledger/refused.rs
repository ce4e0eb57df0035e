//! What the ledger refuses, and why.

use moim_wire::{ErrorCode, UserId};

use super::account::AccountId;
use super::money::Won;
use super::transfer::{RequestKey, TransferId};
use crate::dues::DuesRefused;
use crate::spending::SpendingRefused;

/// Why the ledger did not do what it was asked for. Nothing of it was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// An amount that is none.
    #[error("amount: {0} is not within 1 to {max}", max = Won::MAX.get())]
    Amount(i64),
    /// From an account to itself.
    #[error("targetWalletId: {0} is the wallet that pays; choose another")]
    SameAccount(AccountId),
    /// The source holds less, or holds it for pending transfers.
    #[error("wallet {account} can spend {free}, which is less than {amount}; put money in, or take a smaller amount")]
    InsufficientFunds {
        /// The source.
        account: AccountId,
        /// What is neither spent nor reserved.
        free: Won,
        /// What was asked for.
        amount: Won,
    },
    /// The target, or a sum of it, would hold more than there can be.
    #[error("wallet {0} would hold more than {max}", max = Won::MAX)]
    TooMuch(AccountId),
    /// No such wallet, or one that was closed.
    #[error("there is no wallet {0}")]
    NoSuchAccount(AccountId),
    /// A user without a wallet.
    #[error("you have no wallet yet; open one first")]
    NoWallet,
    /// Another user without a wallet.
    #[error("user {0} has no wallet; pay in cash, or once one is open")]
    NoWalletOf(UserId),
    /// A user has one wallet at a time.
    #[error("you have a wallet already: {0}")]
    WalletExists(AccountId),
    /// Not the owner, nor an admin of the group's wallet who is a member of its room.
    #[error("user {user} may not spend from wallet {account}; its owner or an admin of it may")]
    NotTheSpender {
        /// Who asked.
        user: UserId,
        /// For what.
        account: AccountId,
    },
    /// Not one who takes part in the group's wallet.
    #[error("user {user} takes no part in wallet {account}; join it first")]
    NotAParticipant {
        /// Who asked.
        user: UserId,
        /// For what.
        account: AccountId,
    },
    /// Joined before.
    #[error("you take part in wallet {0} already")]
    AlreadyAParticipant(AccountId),
    /// Not an admin of the group's wallet.
    #[error("only an admin of wallet {0} may do that")]
    NotItsAdmin(AccountId),
    /// The wallet's password is wrong, or was changed while it was looked at.
    #[error("the password of wallet {0} is wrong")]
    WrongPassword(AccountId),
    /// Closing a wallet would lose what it holds.
    #[error("wallet {account} holds {balance}; send it elsewhere first")]
    HoldsMoney {
        /// The wallet.
        account: AccountId,
        /// What it holds.
        balance: Won,
    },
    /// No such transfer.
    #[error("there is no transfer {0}")]
    NoSuchTransfer(TransferId),
    /// It was posted, voided or never pending: it cannot become what was asked for.
    #[error("transfer {0} is settled already, and not that way")]
    Settled(TransferId),
    /// Its time is over.
    #[error("transfer {0} has expired; ask for it anew")]
    Expired(TransferId),
    /// Only what was posted can be corrected, and only once.
    #[error("transfer {0} cannot be corrected: it was not posted, or it is corrected already")]
    NotCorrectable(TransferId),
    /// Dues leave their fund for a reason alone.
    #[error(
        "wallet {0} keeps the dues of its room: money leaves it as a refund or as an expense that the members agreed to"
    )]
    IsAFund(AccountId),
    /// It was made for something, which a transfer back would leave as it is.
    #[error("transfer {0} was made for dues or an expense; give it back there")]
    ForAPurpose(TransferId),
    /// What it was made for does not take it.
    #[error(transparent)]
    Dues(#[from] DuesRefused),
    /// The expense does not take it.
    #[error(transparent)]
    Spending(#[from] SpendingRefused),
    /// The same key came with another request.
    #[error("the key was used for another request, which became transfer {0}; take a new key")]
    KeyReused(TransferId),
    /// A key that no header holds.
    #[error("Idempotency-Key: {0:?} is not 1 to {max} printable ASCII characters without spaces", max = RequestKey::CHARS_MAX)]
    Key(String),
}

impl Refused {
    /// The protocol's code for it.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotTheSpender { .. }
            | Self::NotAParticipant { .. }
            | Self::NotItsAdmin(_)
            | Self::IsAFund(_)
            | Self::Dues(DuesRefused::NotTheTreasurer | DuesRefused::OwnDues)
            | Self::Spending(SpendingRefused::NotTheTreasurer | SpendingRefused::OwnExpense(_)) => {
                ErrorCode::NotAllowed
            }
            Self::InsufficientFunds { .. } => ErrorCode::InsufficientFunds,
            Self::NoWallet => ErrorCode::NoWallet,
            Self::WrongPassword(_) => ErrorCode::WrongPassword,
            Self::KeyReused(_) | Self::Dues(DuesRefused::KeyReused(_)) => ErrorCode::KeyReused,
            _ => ErrorCode::InvalidField,
        }
    }
}
