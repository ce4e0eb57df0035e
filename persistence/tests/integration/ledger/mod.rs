//! Money: wallets, transfers, reservations, chains, and what rooms are told.

mod at_once;
mod chain;
mod contract;
mod kill_9;
mod leaving;
mod model;
mod reservations;

use moim_persistence::{
    AccountId, Accounts, Error, GroupWallet, Hold, Kind, Ledger, NewGroupWallet, NewReservation, Outcome, Payment,
    Refused, RequestKey, Rhythm, Room, RoomChange, RoomId, User, Won,
};

use crate::arm::Arm;
use crate::support::Stores;

/// Of every wallet here.
pub(crate) const WALLET_PASSWORD: &str = "dues and don'ts";

/// A room with two members, a wallet each, and the group's; 민지 is the treasurer.
pub(crate) struct Group {
    pub(crate) stores: Stores,
    pub(crate) minji: Person,
    pub(crate) jun: Person,
    pub(crate) room: Room,
    pub(crate) wallet: GroupWallet,
}

#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) user: User,
    pub(crate) wallet: AccountId,
}

pub(crate) fn won(won: i64) -> Won {
    Won::new(won).unwrap()
}

/// A request of its own.
pub(crate) fn payment(from: &Person, source: AccountId, target: AccountId, amount: i64) -> Payment {
    let key = RequestKey::drawn().unwrap();
    Payment { actor: from.user.id, key, source, target, amount, password: WALLET_PASSWORD.to_owned() }
}

pub(crate) fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refused {
    match outcome {
        Err(Error::Ledger(refused)) => refused,
        other => panic!("not refused by the ledger: {other:?}"),
    }
}

pub(crate) fn now_ms() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64
}

impl Group {
    pub(crate) async fn open(arm: Arm) -> Self {
        Self::on(Stores::open(arm)).await
    }

    pub(crate) async fn on(stores: Stores) -> Self {
        let minji = person(&stores, "minji").await;
        let jun = person(&stores, "jun").await;
        let room = stores.room(&minji.user).await;
        stores.persistence.accounts().rooms().join(jun.user.id, room.id, None).await.unwrap();
        let wallet = stores.group_wallet(&minji, room.id).await;
        Self { stores, minji, jun, room, wallet }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.stores.persistence.accounts().ledger()
    }

    /// 준 pays dues.
    pub(crate) async fn jun_pays(&self, amount: i64) -> Result<Outcome, Error> {
        self.ledger().pay(payment(&self.jun, self.jun.wallet, self.wallet.id, amount)).await
    }

    pub(crate) async fn group_balance(&self) -> Won {
        self.ledger().group_wallet(self.minji.user.id, self.wallet.id).await.unwrap().balance
    }

    /// A hold of 준's that expires then.
    pub(crate) fn hold(&self, amount: i64, expires_at_ms: u64) -> Hold {
        Hold { payment: payment(&self.jun, self.jun.wallet, self.wallet.id, amount), expires_at_ms }
    }

    pub(crate) fn booking(&self, amount: i64, rhythm: Rhythm, first_ms: u64) -> NewReservation {
        NewReservation {
            actor: self.jun.user.id,
            key: RequestKey::drawn().unwrap(),
            source: self.jun.wallet,
            target: self.wallet.id,
            amount,
            password: WALLET_PASSWORD.to_owned(),
            rhythm,
            first_ms,
        }
    }
}

impl Stores {
    pub(crate) fn ledger(&self) -> Ledger {
        self.persistence.accounts().ledger()
    }

    pub(crate) async fn group_wallet(&self, admin: &Person, room: RoomId) -> GroupWallet {
        let new = NewGroupWallet {
            room,
            name: "회비".to_owned(),
            description: "매달 5일".to_owned(),
            password: WALLET_PASSWORD.to_owned(),
        };
        self.ledger().open_group_wallet(admin.user.id, new).await.unwrap()
    }
}

/// Somebody with an empty wallet.
pub(crate) async fn person(stores: &Stores, name: &str) -> Person {
    let user = stores.user(name).await;
    let wallet = stores.ledger().open_wallet(user.id, WALLET_PASSWORD).await.unwrap().id;
    Person { user, wallet }
}

pub(crate) async fn top_up(ledger: &Ledger, person: &Person, amount: i64) {
    ledger.top_up(person.user.id, RequestKey::drawn().unwrap(), amount).await.unwrap();
}

/// What a room is told of money, in its order.
pub(crate) async fn money_told(accounts: &Accounts, room: RoomId) -> Vec<RoomChange> {
    let (mut told, mut after) = (Vec::new(), 0);
    loop {
        let page = accounts.rooms().changes(room, after).await.unwrap();
        let Some(last) = page.last() else { return told };
        after = last.change;
        told.extend(page.into_iter().filter(|change| change.kind == Kind::Money));
    }
}

/// Everything is as the entries say.
pub(crate) async fn is_sound(ledger: &Ledger) {
    let verified = ledger.verify(None).await.unwrap();
    assert_eq!((verified.sum, &verified.faults.0), (0, &Vec::new()));
}
