//! A notice of the bank, as it came and as it is kept.

use crate::error::Error;
use crate::ledger::{AccountId, TransferId, Won, stored_won};
use crate::members::field;
use crate::number::numbers;
use crate::sql::Row;

const BANK_ID_CHARS_MAX: usize = 64;
const REFERENCE_CHARS_MAX: usize = 200;
const PAYER_CHARS_MAX: usize = 80;

numbers! {
    /// Number of a notice, from 1, in the order of their coming.
    DepositId;
}

/// What has become of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DepositState {
    /// To be credited; a crash came between, or it is being done.
    Received,
    /// In its wallet.
    Credited,
    /// Of no code that is known: nobody's until the operator says whose.
    Unmatched,
    /// Another notice has replaced it.
    Replaced,
    /// The ledger refused; the operator has to see to it.
    Stuck,
    /// A correction that came before what it corrects.
    Early,
}

impl DepositState {
    const ALL: [Self; 6] = [Self::Received, Self::Credited, Self::Unmatched, Self::Replaced, Self::Stuck, Self::Early];

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Credited => "CREDITED",
            Self::Unmatched => "UNMATCHED",
            Self::Replaced => "REPLACED",
            Self::Stuck => "STUCK",
            Self::Early => "EARLY",
        }
    }

    /// The state of that name, in any case of its letters.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(name))
    }

    pub(super) const fn stored(self) -> i64 {
        self as i64
    }

    fn of(stored: i64) -> Result<Self, Error> {
        let state = usize::try_from(stored).ok().and_then(|place| Self::ALL.get(place)).copied();
        state.ok_or_else(|| Error::Internal(format!("a deposit in state {stored}, which this binary does not know")))
    }
}

/// A notice as the bank tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDeposit {
    /// The bank's own number of it: 1 to 64 printable ASCII characters.
    pub bank_id: String,
    /// What the payer wrote beside it, up to 200 characters; the wallet's code is a word of it.
    pub reference: String,
    /// Who paid, as the bank knows him, up to 80 characters.
    pub payer: String,
    /// How many won came; 0 in a correction of what never came.
    pub amount: i64,
    /// The bank's number of a notice that was wrong, and that this one replaces.
    pub corrects: Option<String>,
}

/// A notice that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// Its number here.
    pub id: DepositId,
    /// The bank's.
    pub bank_id: String,
    /// What the payer wrote.
    pub reference: String,
    /// Who paid, as the bank knows him.
    pub payer: String,
    /// How much.
    pub amount: Won,
    /// The bank's number of what it replaces.
    pub corrects: Option<String>,
    /// Whose it is.
    pub wallet: Option<AccountId>,
    /// What has become of it.
    pub state: DepositState,
    /// The transfer that credited it.
    pub transfer: Option<TransferId>,
    /// Why it is stuck.
    pub failure: Option<String>,
    /// When it was first told, Unix time in milliseconds.
    pub told_at_ms: u64,
    /// When it was credited.
    pub settled_at_ms: Option<u64>,
}

/// A notice that was refused because it contradicts one that came before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The bank's number that both have.
    pub bank_id: String,
    /// What the payer wrote.
    pub reference: String,
    /// How much.
    pub amount: Won,
    /// When it was told, Unix time in milliseconds.
    pub told_at_ms: u64,
}

/// Why a notice, or what an operator wants of one, was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BankRefused {
    /// Something else is known under the same number.
    #[error("the bank told something else under the number {0} before; that stands, and this is written down")]
    Conflict(String),
    /// No notice of that number.
    #[error("there is no deposit {0}")]
    NoSuchDeposit(String),
    /// It is somebody's already, or replaced.
    #[error("deposit {bank_id} is {state}; only what is {wanted} can be treated so", state = .state.name(), wanted = .wanted.name())]
    WrongState {
        /// The bank's number.
        bank_id: String,
        /// What has become of it.
        state: DepositState,
        /// What it would have to be.
        wanted: DepositState,
    },
}

impl NewDeposit {
    /// The same with its fields looked at.
    pub(super) fn checked(self) -> Result<(Self, Won), Error> {
        let Self { bank_id, reference, payer, amount, corrects } = self;
        bank_number("id", &bank_id)?;
        if let Some(corrects) = &corrects {
            bank_number("corrects", corrects)?;
            if *corrects == bank_id {
                let reason = format!("{corrects:?} is the notice itself");
                return Err(Error::InvalidField { field: "corrects", reason });
            }
        }
        let least = i64::from(corrects.is_none());
        let won = Won::new(amount).filter(|won| (least..=Won::DEPOSIT_MAX.get()).contains(&won.get()));
        let won = won.ok_or_else(|| Error::InvalidField {
            field: "amount",
            reason: format!("{amount} is not within {least} to {}", Won::DEPOSIT_MAX.get()),
        })?;
        let reference = field::dues_text("reference", &reference, 0, REFERENCE_CHARS_MAX)?;
        let payer = field::dues_text("payer", &payer, 0, PAYER_CHARS_MAX)?;
        Ok((Self { bank_id, reference, payer, amount, corrects }, won))
    }
}

fn bank_number(field: &'static str, text: &str) -> Result<(), Error> {
    let fits = (1..=BANK_ID_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return Ok(());
    }
    let reason = format!("is not 1 to {BANK_ID_CHARS_MAX} printable ASCII characters without spaces");
    Err(Error::InvalidField { field, reason })
}

/// Columns as [`Deposit::of`] takes them.
pub(super) const COLUMNS: &str = "SELECT deposit_id, bank_id, reference, payer, amount, corrects, wallet_id, state,
    transfer_id, failure, told_at_ms, settled_at_ms FROM bank_deposits";

impl Deposit {
    pub(super) fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: DepositId(row.int(0)?),
            bank_id: row.text(1)?,
            reference: row.text(2)?,
            payer: row.text(3)?,
            amount: stored_won(row, 4)?,
            corrects: row.text_or_null(5)?,
            wallet: row.int_or_null(6)?.map(AccountId),
            state: DepositState::of(row.int(7)?)?,
            transfer: row.int_or_null(8)?.map(TransferId),
            failure: row.text_or_null(9)?,
            told_at_ms: row.int(10)?,
            settled_at_ms: row.int_or_null(11)?,
        })
    }

    /// Whether the bank tells the same as when it told it first.
    pub(super) fn is_told_by(&self, new: &NewDeposit) -> bool {
        (self.amount.get(), &self.reference, &self.corrects) == (new.amount, &new.reference, &new.corrects)
    }
}
