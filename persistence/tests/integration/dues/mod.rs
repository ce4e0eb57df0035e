//! Dues: plans, requests, what is paid of them by wallet and in cash, given back, let go, and settled when somebody leaves.

mod at_once;
mod cash;
mod contract;
mod expected;
mod leaving;
mod model;
mod owed;
mod schedule;

use std::collections::BTreeMap;

use moim_persistence::{
    Amount, Charge, ChargeId, ChargePayment, Day, Dues, DuesRefused, Error, Kind, NewPlan, NewReceipt, Outcome, Plan,
    ReceiptEntry, Refund, Refused, Repeat, Request, RequestKey, RoomId, Terms, UserId, Way, Won,
};
use serde_json::Value;

use crate::arm::Arm;
use crate::ledger::{Person, WALLET_PASSWORD, is_sound, person, top_up, won};
use crate::support::Stores;

/// A room whose treasurer is 민지, with 준 and 소라; each has a wallet of 100,000 won.
pub(crate) struct Club {
    pub(crate) stores: Stores,
    pub(crate) room: RoomId,
    pub(crate) minji: Person,
    pub(crate) jun: Person,
    pub(crate) sora: Person,
}

pub(crate) fn key() -> RequestKey {
    RequestKey::drawn().unwrap()
}

/// That day, from tomorrow on: so many days ahead.
pub(crate) fn ahead(days: i64) -> Day {
    Day::of_ms(crate::ledger::now_ms()).plus_days(days)
}

/// The instant so many hours after a day's midnight.
pub(crate) fn at(day: Day, hours: u64) -> u64 {
    let midnight: u64 = {
        // Days begin at 15:00 UTC of the day before.
        let text = format!("{day}T00:00:00+09:00");
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond() as u64
    };
    midnight + hours * 3_600_000
}

pub(crate) fn dues_refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> DuesRefused {
    match outcome {
        Err(Error::Ledger(Refused::Dues(refused))) => refused,
        other => panic!("not refused by the dues: {other:?}"),
    }
}

impl Club {
    pub(crate) async fn open(arm: Arm) -> Self {
        let stores = Stores::open(arm);
        let [minji, jun, sora] =
            [person(&stores, "minji").await, person(&stores, "jun").await, person(&stores, "sora").await];
        let room = stores.room(&minji.user).await.id;
        for member in [&jun, &sora] {
            stores.persistence.accounts().rooms().join(member.user.id, room, None).await.unwrap();
        }
        for person in [&minji, &jun, &sora] {
            top_up(&stores.ledger(), person, 100_000).await;
        }
        Self { stores, room, minji, jun, sora }
    }

    pub(crate) fn dues(&self) -> Dues {
        self.stores.persistence.accounts().dues()
    }

    pub(crate) fn terms(amount: Amount) -> Terms {
        Terms {
            title: "회비".to_owned(),
            amount,
            members: BTreeMap::new(),
            first_due: ahead(10),
            repeat: Repeat::Monthly,
            ask_days: 10,
            grace_days: 2,
            late_fee: won(500),
        }
    }

    pub(crate) async fn plan(&self, terms: Terms) -> Plan {
        let new = NewPlan { actor: self.minji.user.id, key: key(), room: self.room, terms, fund: None };
        self.dues().open_plan(new).await.unwrap()
    }

    /// A plan of 10,000 won of each, asked for.
    pub(crate) async fn asked(&self) -> Request {
        let plan = self.plan(Self::terms(Amount::Equal(won(10_000)))).await;
        self.dues().run_due(at(plan.terms.first_due.plus_days(-10), 9)).await.unwrap();
        self.newest().await
    }

    pub(crate) async fn newest(&self) -> Request {
        self.dues().requests(self.minji.user.id, self.room, None, 1).await.unwrap().remove(0)
    }

    pub(crate) async fn charge(&self, request: &Request, of: &Person) -> Charge {
        let (_, charges) = self.dues().request(of.user.id, self.room, request.id).await.unwrap();
        charges.into_iter().find(|entry| entry.charge.user == of.user.id).unwrap().charge
    }

    pub(crate) fn payment(&self, of: &Person, charge: ChargeId, amount: i64) -> ChargePayment {
        let password = WALLET_PASSWORD.to_owned();
        ChargePayment { actor: of.user.id, key: key(), room: self.room, charge, amount, password }
    }

    pub(crate) async fn pays(&self, of: &Person, charge: ChargeId, amount: i64) -> Result<Outcome, Error> {
        self.dues().pay(self.payment(of, charge, amount)).await
    }

    pub(crate) async fn cash(&self, charge: ChargeId, amount: i64) -> ReceiptEntry {
        let (actor, note) = (self.minji.user.id, "모임에서".to_owned());
        let new = NewReceipt { actor, key: key(), room: self.room, charge, amount, note };
        self.dues().record_cash(new).await.unwrap().0
    }

    pub(crate) fn back<T>(&self, of: T, amount: i64, way: Way) -> Refund<T> {
        Refund { actor: self.minji.user.id, key: key(), room: self.room, of, amount, way }
    }

    /// Credit, what came from the wallet, and what came in cash.
    pub(crate) async fn balance(&self, of: &Person) -> (i64, i64, i64) {
        let (_, balances) = self.dues().balances(self.minji.user.id, self.room).await.unwrap();
        let found = balances.into_iter().find(|balance| balance.user == of.user.id);
        found.map_or((0, 0, 0), |found| (found.credit.get(), found.by_wallet.get(), found.by_cash.get()))
    }

    /// What the fund holds, and how much cash there is.
    pub(crate) async fn held(&self) -> (i64, i64) {
        let fund = self.dues().balances(self.minji.user.id, self.room).await.unwrap().0.unwrap();
        (fund.balance.get(), fund.cash_balance.get())
    }

    pub(crate) async fn wallet(&self, of: &Person) -> Won {
        self.stores.ledger().wallet(of.user.id).await.unwrap().balance
    }

    /// What the room was told of dues, in its order: kinds and texts.
    pub(crate) async fn told(&self) -> Vec<(Kind, Value)> {
        let (mut told, mut after) = (Vec::new(), 0);
        loop {
            let page = self.stores.persistence.accounts().rooms().changes(self.room, after).await.unwrap();
            let Some(last) = page.last() else { return told };
            after = last.change;
            for change in page {
                if matches!(change.kind, Kind::Money | Kind::Request | Kind::RequestChanged) {
                    told.push((change.kind, serde_json::from_str(&change.text).unwrap()));
                }
            }
        }
    }

    /// Members who leave do so as their clients do.
    pub(crate) async fn leaves(&self, user: UserId) {
        self.stores.persistence.accounts().rooms().leave(user, self.room).await.unwrap();
    }

    pub(crate) async fn is_sound(&self) {
        is_sound(&self.stores.ledger()).await;
    }
}
