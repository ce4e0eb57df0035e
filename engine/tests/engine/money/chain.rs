//! A member's client recomputes the fund's chain, and finds what a server changed in it.

use moim_client::{Chain, ChainFault, Error, Payment, Won};
use moim_wire::{ErrorCode, HEADER_BYTES, Opcode, body, schema};

use crate::support::club::{DUES, WALLET_PASSWORD};
use crate::support::relay::Fate;
use crate::support::{Club, Relay};

/// A club whose fund has three entries.
fn with_entries() -> Club {
    let club = Club::new(2);
    let ben = club.direct(&club.scene.ben);
    let (_, charge) = club.owed(&ben, club.scene.room);
    for amount in [1_000, 2_000, 3_000] {
        let payment = Payment::new(club.scene.room, charge, Won(amount), WALLET_PASSWORD);
        club.runtime.block_on(ben.pay(&payment)).unwrap();
    }
    club
}

#[test]
fn the_chain_is_verified_and_goes_on_from_where_it_was() {
    let club = with_entries();
    let scene = &club.scene;
    let (anna, eve) = (club.direct(&scene.anna), club.direct(&scene.eve));
    club.runtime.block_on(async {
        let fund = anna.wallets(Some(scene.room)).await.unwrap().fund.unwrap();
        let chain = anna.verify_fund(&fund, None).await.unwrap();
        assert_eq!((chain.entries, chain.balance, chain.head), (3, Won(6_000), fund.head));
        let page = anna.entries(fund.wallet.id, 1, 1).await.unwrap();
        assert!(page.more && page.entries[0].link.number == 2 && page.entries[0].counterpart_name == "ben");
        let page = anna.entries(fund.wallet.id, 1, 2).await.unwrap();
        assert!(!page.more && page.entries.len() == 2);

        let own = anna.dues(Some(scene.room), None, 1).await.unwrap().requests.remove(0).own.unwrap();
        anna.pay(&Payment::new(scene.room, own.id, DUES, WALLET_PASSWORD)).await.unwrap();
        let later = anna.wallets(Some(scene.room)).await.unwrap().fund.unwrap();
        let chain = anna.verify_fund(&later, Some(chain)).await.unwrap();
        assert_eq!((chain.entries, chain.balance), (4, Won(16_000)));
        let older = anna.verify_fund(&fund, Some(chain)).await;
        let fault = ChainFault::Behind { told: 3, verified: 4 };
        assert!(matches!(older, Err(Error::Chain { fault: found, .. }) if found == fault), "nobody is accused");
        // What was verified once is not accepted as something else.
        let another = Chain { balance: Won(1), ..chain };
        assert!(matches!(anna.verify_fund(&later, Some(another)).await, Err(Error::Chain { .. })));

        let refused = eve.entries(fund.wallet.id, 0, 10).await.unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::NotAMember));
        let own_wallet = anna.wallets(None).await.unwrap().own.unwrap();
        let refused = anna.entries(own_wallet.id, 0, 10).await.unwrap_err();
        assert_eq!(refused.code(), Some(ErrorCode::InvalidField), "a member's wallet is no group's");
    });
    club.end();
}

/// What the verification says where `change` is made to the entries on their way.
fn tampered(club: &Club, change: fn(&mut Vec<u8>)) -> ChainFault {
    let relay = Relay::to(club.scene.server.engine.address(), move |opcode, bytes| {
        if opcode == Opcode::EntryList {
            change(bytes);
        }
        Fate::Passed
    });
    let anna = club.client(&club.scene.anna, relay.address);
    club.runtime.block_on(async {
        let fund = anna.wallets(Some(club.scene.room)).await.unwrap().fund.unwrap();
        match anna.verify_fund(&fund, None).await {
            Err(Error::Chain { fault, .. }) => fault,
            other => panic!("not found: {other:?}"),
        }
    })
}

/// Puts one number of 64 bits in the place of another, wherever it is.
fn replace(bytes: &mut [u8], from: i64, to: i64) {
    let (from, to) = (from.to_le_bytes(), to.to_le_bytes());
    let places: Vec<usize> = (0..bytes.len() - 7).filter(|&at| bytes[at..at + 8] == from).collect();
    assert!(!places.is_empty(), "no entry has it");
    for at in places {
        bytes[at..at + 8].copy_from_slice(&to);
    }
}

#[test]
fn an_entry_that_was_changed_on_its_way_is_found() {
    let club = with_entries();
    // The second entry came to 3,000 after 1,000.
    let fault = tampered(&club, |bytes| replace(bytes, 2_000, 1_999));
    assert_eq!(fault, ChainFault::Balance(2));
    // Amount and balances that add up, as one would change them who wants to hide it.
    let fault = tampered(&club, |bytes| {
        replace(bytes, 2_000, 1_500);
        replace(bytes, 3_000, 2_500);
        replace(bytes, 6_000, 5_000);
    });
    assert!(matches!(fault, ChainFault::Hash { number: 2, .. }), "{fault}");
    let fault = tampered(&club, |bytes| {
        let hash = {
            let list = body::read::<schema::EntryList<'_>>(&bytes[HEADER_BYTES..]).unwrap();
            list.entries().unwrap().get(2).hash().unwrap().bytes().to_vec()
        };
        let place = bytes.windows(hash.len()).position(|window| window == hash).unwrap();
        bytes[place] ^= 1;
    });
    assert!(matches!(fault, ChainFault::Hash { number: 3, .. }), "{fault}");
    club.end();
}
