//! Money as a member sees it: his wallet, what his rooms ask for, who has paid, and what is spent.

use std::fmt;
use std::str::FromStr;

use moim_wire::body;
use moim_wire::chain::{ChainHash, Link};
use moim_wire::limits::{LIST_LIMIT_MAX, MONEY_LIMIT_MAX};
use moim_wire::schema::{self, Decision, ExpenseState, Standing};
use moim_wire::{Opcode, RoomId, UserId};

use crate::client::Client;
use crate::error::Error;
use crate::request::{Answer, Request};

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

numbers! {
    /// Number of a wallet.
    WalletId,
    /// Number of a transfer.
    TransferId,
    /// Number of a request of dues.
    RequestId,
    /// Number of a charge: what a request asks of one member.
    ChargeId,
    /// Number of an expense.
    ExpenseId,
}

/// Whole won.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Won(pub i64);

impl fmt::Display for Won {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KRW", self.0)
    }
}

/// A day in Seoul, as the digits of 20261205; written `2026-12-05`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0 / 10_000, self.0 / 100 % 100, self.0 % 100)
    }
}

/// A wallet, without its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Which.
    pub id: WalletId,
    /// What it holds.
    pub balance: Won,
    /// How much of that pending transfers will take.
    pub reserved: Won,
}

/// The wallet that keeps a room's dues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fund {
    /// The wallet.
    pub wallet: Wallet,
    /// How many entries it has.
    pub entries: u64,
    /// The hash of the newest of them.
    pub head: ChainHash,
}

/// Wallets that a member may look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wallets {
    /// The caller's own, if he has opened one.
    pub own: Option<Wallet>,
    /// The room's, if it has dues.
    pub fund: Option<Fund>,
}

/// What a request asks of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Which.
    pub id: ChargeId,
    /// Who is to pay.
    pub user: UserId,
    /// His name now; empty where the charge is the caller's own.
    pub name: String,
    /// What was asked.
    pub amount: Won,
    /// What came on top.
    pub late_fee: Won,
    /// What was let go.
    pub waived: Won,
    /// What was paid.
    pub paid: Won,
    /// What is left to be paid.
    pub open: Won,
    /// Where it stands.
    pub standing: Standing,
    /// Why it was waived; empty where it was not.
    pub reason: String,
}

/// What a room has asked for, for one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuesRequest {
    /// The room.
    pub room: RoomId,
    /// Which.
    pub id: RequestId,
    /// What it is called.
    pub title: String,
    /// When it is to be paid.
    pub due: Day,
    /// How many days later a late fee is asked.
    pub grace_days: u32,
    /// Which one.
    pub late_fee: Won,
    /// When it was asked, Unix time in milliseconds.
    pub asked_at_ms: u64,
    /// Of how many members something is asked.
    pub asked_of: u32,
    /// How many of them have paid all of it.
    pub paid_by: u32,
    /// What was paid.
    pub collected: Won,
    /// The caller's charge; `None` where nothing is asked of him.
    pub own: Option<Charge>,
}

/// A page of requests, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuesPage {
    /// Numbers fall.
    pub requests: Vec<DuesRequest>,
    /// There are older ones.
    pub more: bool,
}

/// A page of a request's charges, by user id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargePage {
    /// User ids rise.
    pub charges: Vec<Charge>,
    /// There are charges after these.
    pub more: bool,
}

/// An entry of a wallet, as the server gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What its hash is made of.
    pub link: Link,
    /// The chain's hash with it.
    pub hash: ChainHash,
    /// Present name of the counterpart; no part of the hash.
    pub counterpart_name: String,
}

/// A page of a wallet's entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPage {
    /// Numbers rise.
    pub entries: Vec<Entry>,
    /// There are entries after these.
    pub more: bool,
}

/// What a room's fund is to be spent on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expense {
    /// Which.
    pub id: ExpenseId,
    /// What for.
    pub title: String,
    /// More on it.
    pub note: String,
    /// How much.
    pub amount: Won,
    /// The member who is paid; `None`: somebody outside.
    pub payee: Option<UserId>,
    /// The name of who is paid outside.
    pub payee_name: String,
    /// From the cash in the treasurer's hands.
    pub in_cash: bool,
    /// Who proposed it.
    pub proposed_by: UserId,
    /// When it is over, Unix time in milliseconds.
    pub expires_at_ms: u64,
    /// What has become of it.
    pub state: ExpenseState,
    /// So many have to agree.
    pub quorum: u32,
    /// So many do.
    pub approvals: u32,
    /// So many object.
    pub objections: u32,
    /// The caller's vote.
    pub own: Decision,
}

/// A page of expenses, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpensePage {
    /// Numbers fall.
    pub expenses: Vec<Expense>,
    /// There are older ones.
    pub more: bool,
}

impl Client {
    /// The caller's own wallet, and the fund of a room that he is a member of.
    ///
    /// # Errors
    /// [`Error::Refused`] for rooms that the caller is no member of; [`Error::NotConnected`], [`Error::Disconnected`].
    pub async fn wallets(&self, room: Option<RoomId>) -> Result<Wallets, Error> {
        wallets(&self.request(Request::Wallet { room }).await?)
    }

    /// What a room has asked for below `before`, the newest first; without a room what is asked of the caller in all his
    /// rooms. At most `limit` and 100.
    ///
    /// # Errors
    /// As [`Client::wallets`].
    pub async fn dues(&self, room: Option<RoomId>, before: Option<RequestId>, limit: usize) -> Result<DuesPage, Error> {
        let limit = limit.clamp(1, MONEY_LIMIT_MAX) as u16;
        dues_page(&self.request(Request::Dues { room, before, limit }).await?)
    }

    /// Who has paid of a request: charges of users above `after`, at most `limit` and 500.
    ///
    /// # Errors
    /// As [`Client::wallets`].
    pub async fn charges(
        &self,
        room: RoomId,
        request: RequestId,
        after: UserId,
        limit: usize,
    ) -> Result<ChargePage, Error> {
        let limit = limit.clamp(1, LIST_LIMIT_MAX) as u16;
        charge_page(&self.request(Request::Charges { room, request, after, limit }).await?)
    }

    /// Entries of a group's wallet above number `after`, as the server gives them; [`crate::Chain`] verifies them. At most
    /// `limit` and 500.
    ///
    /// # Errors
    /// As [`Client::wallets`].
    pub async fn entries(&self, wallet: WalletId, after: u64, limit: usize) -> Result<EntryPage, Error> {
        let limit = limit.clamp(1, LIST_LIMIT_MAX) as u16;
        entry_page(&self.request(Request::Entries { wallet, after, limit }).await?)
    }

    /// Expenses of a room below `before`, the newest first, at most `limit` and 100.
    ///
    /// # Errors
    /// As [`Client::wallets`].
    pub async fn expenses(&self, room: RoomId, before: Option<ExpenseId>, limit: usize) -> Result<ExpensePage, Error> {
        let limit = limit.clamp(1, MONEY_LIMIT_MAX) as u16;
        expense_page(&self.request(Request::Expenses { room, before, limit }).await?)
    }

    /// Agrees to an expense, or objects; gives what has become of it. The newest vote counts, so it may be asked again.
    ///
    /// # Errors
    /// As [`Client::wallets`]; [`Error::Refused`] (`NotAllowed`) for one's own expense.
    pub async fn vote(&self, room: RoomId, expense: ExpenseId, approves: bool) -> Result<Expense, Error> {
        let page = expense_page(&self.request(Request::Vote { room, expense, approves }).await?)?;
        let nothing = || Error::Protocol("no expense in the answer to VOTE".to_owned());
        page.expenses.into_iter().find(|found| found.id == expense).ok_or_else(nothing)
    }
}

fn wallets(answer: &Answer) -> Result<Wallets, Error> {
    let state = body::read::<schema::WalletState<'_>>(answer.expect(Opcode::WalletState)?)?;
    let fund = state
        .fund()
        .map(|fund| Ok::<_, Error>(Fund { wallet: wallet(fund), entries: fund.entries(), head: hash(fund.head())? }));
    Ok(Wallets { own: state.own().map(wallet), fund: fund.transpose()? })
}

fn wallet(account: schema::Account<'_>) -> Wallet {
    Wallet { id: WalletId(account.wallet()), balance: Won(account.balance()), reserved: Won(account.reserved()) }
}

fn hash(bytes: Option<flatbuffers::Vector<'_, u8>>) -> Result<ChainHash, Error> {
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.bytes()).ok());
    bytes.map(ChainHash).ok_or_else(|| Error::Protocol("a hash that is not 32 bytes".to_owned()))
}

fn dues_page(answer: &Answer) -> Result<DuesPage, Error> {
    let list = body::read::<schema::DuesList<'_>>(answer.expect(Opcode::DuesList)?)?;
    let requests = list.requests().into_iter().flatten().map(|request| DuesRequest {
        room: RoomId(request.room()),
        id: RequestId(request.request()),
        title: text(request.title()),
        due: Day(request.due()),
        grace_days: request.grace_days(),
        late_fee: Won(request.late_fee()),
        asked_at_ms: request.asked_at_ms(),
        asked_of: request.asked_of(),
        paid_by: request.paid_by(),
        collected: Won(request.collected()),
        own: request.own().map(charge),
    });
    Ok(DuesPage { requests: requests.collect(), more: list.more() })
}

fn charge_page(answer: &Answer) -> Result<ChargePage, Error> {
    let list = body::read::<schema::ChargeList<'_>>(answer.expect(Opcode::ChargeList)?)?;
    Ok(ChargePage { charges: list.charges().into_iter().flatten().map(charge).collect(), more: list.more() })
}

fn charge(charge: schema::Charge<'_>) -> Charge {
    Charge {
        id: ChargeId(charge.charge()),
        user: UserId(charge.user()),
        name: text(charge.name()),
        amount: Won(charge.amount()),
        late_fee: Won(charge.late_fee()),
        waived: Won(charge.waived()),
        paid: Won(charge.paid()),
        open: Won(charge.open()),
        standing: charge.standing(),
        reason: text(charge.reason()),
    }
}

fn entry_page(answer: &Answer) -> Result<EntryPage, Error> {
    let list = body::read::<schema::EntryList<'_>>(answer.expect(Opcode::EntryList)?)?;
    let entries = list.entries().into_iter().flatten().map(|entry| {
        let link = Link {
            account: list.wallet(),
            number: entry.number(),
            transfer: entry.transfer(),
            counterpart: entry.counterpart(),
            amount: entry.amount(),
            balance_before: entry.balance_before(),
            balance_after: entry.balance_after(),
            posted_at_ms: entry.posted_at_ms(),
        };
        Ok(Entry { link, hash: hash(entry.hash())?, counterpart_name: text(entry.counterpart_name()) })
    });
    Ok(EntryPage { entries: entries.collect::<Result<_, Error>>()?, more: list.more() })
}

fn expense_page(answer: &Answer) -> Result<ExpensePage, Error> {
    let list = body::read::<schema::ExpenseList<'_>>(answer.expect(Opcode::ExpenseList)?)?;
    let expenses = list.expenses().into_iter().flatten().map(|expense| Expense {
        id: ExpenseId(expense.expense()),
        title: text(expense.title()),
        note: text(expense.note()),
        amount: Won(expense.amount()),
        payee: (expense.payee() != 0).then_some(UserId(expense.payee())),
        payee_name: text(expense.payee_name()),
        in_cash: expense.in_cash(),
        proposed_by: UserId(expense.proposed_by()),
        expires_at_ms: expense.expires_at_ms(),
        state: expense.state(),
        quorum: expense.quorum(),
        approvals: expense.approvals(),
        objections: expense.objections(),
        own: expense.own(),
    });
    Ok(ExpensePage { expenses: expenses.collect(), more: list.more() })
}

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}
