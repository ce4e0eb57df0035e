//! Operations of money: asked of the stores in a native session's name, answered to it, and told to the rooms' owners.

use std::collections::BTreeSet;

use moim_persistence::{
    AccountId, Accounts, Change, Charge, ChargeEntry, ChargePayment, Error as StoreError, ExpenseEntry, Fund, Origin,
    Outcome, OwedRequest, Refused, StatementLine, Via, Wallet, Won,
};
use moim_wire::{Envelope, RoomId, UserId};

use super::Core;
use super::money_frame::put_answer;
use super::store::cut;
use crate::money::MoneyRequest;
use crate::shard::ConnectionKey;

/// What comes of a request, for the caller.
pub(super) enum Answer {
    Wallets { own: Option<Wallet>, fund: Option<Fund> },
    Dues { requests: Vec<OwedRequest>, more: bool },
    Charges { request: u64, charges: Vec<ChargeEntry>, more: bool },
    Paid { outcome: Outcome, charge: Charge, credit: Won },
    Entries { wallet: u64, lines: Vec<StatementLine>, more: bool },
    Expenses { room: RoomId, caller: UserId, expenses: Vec<ExpenseEntry>, more: bool },
}

impl Core {
    pub(super) fn money(&mut self, key: ConnectionKey, envelope: Envelope, request: MoneyRequest) {
        let Some(user) = self.admitted(key, envelope, request.is_page()) else { return };
        let address = self.connections.get_mut(key).map(|connection| connection.peer);
        let accounts = self.persistence.accounts().by_way_of(Origin { via: Via::Native, address });
        // What is committed is told whatever becomes of the answer: the room is to hear of it at once, the caller may be gone.
        let ask = async move {
            let mut changes = Vec::new();
            let answer = ask(&accounts, user, request, &mut changes).await;
            Ok((answer, changes))
        };
        self.when_stored(ask, move |core, result| {
            let answer = result.and_then(|(answer, changes)| {
                core.announce(&changes);
                answer
            });
            match answer {
                Ok(answer) => core.put(key, |encoder, out| put_answer(encoder, out, envelope, &answer)),
                // Nothing was done: the caller need not ask himself whether he has paid.
                Err(error @ StoreError::Busy { .. }) => core.busy(key, envelope, &error.to_string()),
                Err(error) => core.refuse_stored(key, envelope, &error),
            }
        });
    }

    /// Tells the rooms' owners that there are changes to be sequenced.
    fn announce(&mut self, changes: &[Change]) {
        let rooms: BTreeSet<RoomId> = changes.iter().map(|change| change.room).collect();
        for room in rooms {
            self.happen(|shard, _, effects| shard.announce_changes(room, effects));
        }
    }
}

/// Carries a request out; `changes` are those that it brought about, also where the answer fails.
async fn ask(
    accounts: &Accounts,
    user: UserId,
    request: MoneyRequest,
    changes: &mut Vec<Change>,
) -> Result<Answer, StoreError> {
    Ok(match request {
        MoneyRequest::Wallet { room } => {
            let fund = match room {
                Some(room) => accounts.dues().fund(user, room).await?,
                None => None,
            };
            Answer::Wallets { own: own_wallet(accounts, user).await?, fund }
        }
        MoneyRequest::Dues { room, before, limit } => {
            let (requests, more) = cut(accounts.dues().owed(user, room, before, limit + 1).await?, limit);
            Answer::Dues { requests, more }
        }
        MoneyRequest::Charges { room, request, after, limit } => {
            let (charges, more) = cut(accounts.dues().charges(user, (room, request), after, limit + 1).await?, limit);
            Answer::Charges { request: request.0, charges, more }
        }
        MoneyRequest::Pay { room, charge, amount, key, password } => {
            let payment = ChargePayment { actor: user, key, room, charge, amount, password };
            let outcome = accounts.dues().pay(payment).await?;
            changes.extend_from_slice(&outcome.notices);
            // The money has moved: a refusal from here on would say that it has not.
            let stands = accounts.dues().charge(user, room, charge).await;
            let (charge, credit) = stands.map_err(|error| {
                tracing::warn!(%error, "a payment was made, and how its charge stands could not be read");
                StoreError::OutcomeUnknown(
                    "the payment was made; ask again under its key how the charge stands".to_owned(),
                )
            })?;
            Answer::Paid { outcome, charge, credit }
        }
        MoneyRequest::Entries { wallet, after, limit } => {
            let lines = accounts.ledger().chain_of_group(user, AccountId(wallet), after, limit + 1).await?;
            let (lines, more) = cut(lines, limit);
            Answer::Entries { wallet, lines, more }
        }
        MoneyRequest::Expenses { room, before, limit } => {
            let expenses = accounts.spending().expenses(user, room, before, limit + 1).await?;
            let (expenses, more) = cut(expenses, limit);
            Answer::Expenses { room, caller: user, expenses, more }
        }
        MoneyRequest::Vote { room, expense, approves } => {
            let (expense, told) = accounts.spending().vote(user, room, expense, approves).await?;
            changes.extend(told);
            Answer::Expenses { room, caller: user, expenses: vec![expense], more: false }
        }
    })
}

async fn own_wallet(accounts: &Accounts, user: UserId) -> Result<Option<Wallet>, StoreError> {
    match accounts.ledger().wallet(user).await {
        Ok(wallet) => Ok(Some(wallet)),
        Err(StoreError::Ledger(Refused::NoWallet)) => Ok(None),
        Err(error) => Err(error),
    }
}
