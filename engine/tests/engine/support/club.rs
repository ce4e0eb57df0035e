//! A scene with money: Anna asks for dues, Ben and she have wallets.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use moim_client::{ChargeId, Client, Config, Credentials, RequestId, Won};
use moim_persistence::{
    Amount, Day, Expense, NewExpense, NewPlan, Payee, Repeat, RequestKey, Terms, Way, Won as StoredWon,
};
use moim_wire::RoomId;

use super::{Options, Person, Scene};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
pub(crate) const WALLET_PASSWORD: &str = "wallet horse";
/// What each member is asked for, and what is in a wallet at first.
pub(crate) const DUES: Won = Won(10_000);
pub(crate) const AT_FIRST: Won = Won(100_000);

/// A room that asks 10,000 won of each of its two members, who have 100,000 each.
pub(crate) struct Club {
    pub(crate) scene: Scene,
    /// Of the clients alone: the server has threads of its own.
    pub(crate) runtime: tokio::runtime::Runtime,
}

pub(crate) fn key() -> RequestKey {
    RequestKey::drawn().unwrap()
}

impl Club {
    pub(crate) fn new(shards: u16) -> Self {
        let scene = Scene::new(&Options { shards, ..Options::default() });
        for person in [&scene.anna, &scene.ben] {
            let ledger = scene.server.persistence.accounts().ledger();
            scene.server.wait(ledger.open_wallet(person.user, WALLET_PASSWORD));
            scene.server.wait(ledger.top_up(person.user, key(), AT_FIRST.0));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let club = Self { scene, runtime };
        club.ask(club.scene.room);
        club
    }

    /// Asks for a room's dues.
    pub(crate) fn ask(&self, room: RoomId) {
        let server = &self.scene.server;
        let dues = server.persistence.accounts().dues();
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        let terms = Terms {
            title: "12월 회비".to_owned(),
            amount: Amount::Equal(StoredWon::new(DUES.0).unwrap()),
            members: BTreeMap::new(),
            first_due: Day::of_ms(now_ms).plus_days(10),
            repeat: Repeat::Once,
            ask_days: 10,
            grace_days: 2,
            late_fee: StoredWon::ZERO,
        };
        server.wait(dues.open_plan(NewPlan { actor: self.scene.anna.user, key: key(), room, terms, fund: None }));
        server.wait(dues.run_due(now_ms + DAY_MS));
    }

    /// Anna proposes to spend some of the fund.
    pub(crate) fn propose(&self, amount: i64) -> Expense {
        let scene = &self.scene;
        let new = NewExpense {
            actor: scene.anna.user,
            key: key(),
            room: scene.room,
            title: "저녁 식사".to_owned(),
            note: String::new(),
            amount,
            payee: Payee::Outside("한식당".to_owned()),
            way: Way::Wallet,
            file: None,
        };
        scene.server.wait(scene.server.persistence.accounts().spending().propose(new)).0
    }

    /// A member's program, connected to that address.
    pub(crate) fn client(&self, of: &Person, address: SocketAddr) -> Client {
        let config = Config::new(address.to_string(), Credentials::Token(of.token.clone()));
        self.runtime.block_on(Client::connect(config)).unwrap()
    }

    /// A member's program, connected to the server.
    pub(crate) fn direct(&self, of: &Person) -> Client {
        self.client(of, self.scene.server.engine.address())
    }

    /// The newest request of the room, and the caller's charge of it.
    pub(crate) fn owed(&self, client: &Client, room: RoomId) -> (RequestId, ChargeId) {
        let page = self.runtime.block_on(client.dues(Some(room), None, 1)).unwrap();
        let request = &page.requests[0];
        (request.id, request.own.as_ref().unwrap().id)
    }

    /// What a member's wallet holds.
    pub(crate) fn balance(&self, of: &Person) -> Won {
        let ledger = self.scene.server.persistence.accounts().ledger();
        Won(self.scene.server.wait(ledger.wallet(of.user)).balance.get())
    }

    /// Every balance, chain and notice is recomputed.
    pub(crate) fn end(self) {
        let ledger = self.scene.server.persistence.accounts().ledger();
        let verified = self.scene.server.wait(ledger.verify(None));
        assert!(verified.faults.0.is_empty(), "{:?}", verified.faults);
        self.scene.end();
    }
}
