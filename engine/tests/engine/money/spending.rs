//! Expenses are looked at and decided on.

use moim_client::{Decision, ExpenseId, ExpenseState, Payment, Won};
use moim_wire::ErrorCode;
use moim_wire::Opcode;
use moim_wire::schema::{self, Kind};

use crate::support::Club;
use crate::support::club::{DUES, WALLET_PASSWORD};

#[test]
fn a_vote_that_decides_posts_the_expense_and_the_room_sees_it() {
    let club = Club::new(2);
    let scene = &club.scene;
    let (anna, ben, eve) = (club.direct(&scene.anna), club.direct(&scene.ben), club.direct(&scene.eve));
    let (_, charge) = club.owed(&ben, scene.room);
    club.runtime.block_on(ben.pay(&Payment::new(scene.room, charge, DUES, WALLET_PASSWORD))).unwrap();
    let expense = club.propose(9_000);
    let id = ExpenseId(expense.id.0);
    let mut watching = scene.session(&scene.anna);
    watching.follow(0, scene.room);
    club.runtime.block_on(async {
        let page = ben.expenses(scene.room, None, 10).await.unwrap();
        let waiting = &page.expenses[0];
        assert_eq!((waiting.id, waiting.amount, waiting.state), (id, Won(9_000), ExpenseState::Proposed));
        assert_eq!((waiting.quorum, waiting.approvals, waiting.own), (expense.quorum, 0, Decision::None));
        assert_eq!(waiting.payee_name, "한식당");
        let refused = |outcome: Result<_, moim_client::Error>| outcome.map(drop).unwrap_err().code().unwrap();
        assert_eq!(refused(anna.vote(scene.room, id, true).await), ErrorCode::NotAllowed, "nobody approves his own");
        assert_eq!(refused(eve.vote(scene.room, id, true).await), ErrorCode::NotAMember);
        assert_eq!(refused(ben.vote(scene.room, ExpenseId(4_000), true).await), ErrorCode::InvalidField);
        let voted = ben.vote(scene.room, id, true).await.unwrap();
        assert_eq!((voted.state, voted.approvals, voted.own), (ExpenseState::Posted, 1, Decision::Approves));
        assert_eq!(ben.vote(scene.room, id, true).await.unwrap(), voted, "as when its answer was lost");
        let fund = anna.wallets(Some(scene.room)).await.unwrap().fund.unwrap();
        assert_eq!(fund.wallet.balance, Won(1_000));
        assert!(
            eve.expenses(scene.room, None, 10).await.is_err_and(|error| error.code() == Some(ErrorCode::NotAMember))
        );
    });
    let mut kinds = Vec::new();
    while !kinds.ends_with(&[Kind::ExpenseChanged, Kind::Money, Kind::ExpenseChanged]) {
        kinds.push(watching.expect(Opcode::Message).body::<schema::Message<'_>>().kind());
    }
    club.end();
}
