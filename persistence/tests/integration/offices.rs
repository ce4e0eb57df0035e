//! Treasurer and auditors: who appoints, who loses an office, and what the room is told of it.

use moim_persistence::{Error, Kind, Office, Role, RoomId, UserId};

use crate::arm::{Arm, on_each_arm};
use crate::support::Stores;

/// A room of mina, its admin, with jun and sora.
struct Scene {
    stores: Stores,
    room: RoomId,
    mina: UserId,
    jun: UserId,
    sora: UserId,
}

impl Scene {
    async fn open(arm: Arm) -> Self {
        let stores = Stores::open(arm);
        let rooms = stores.persistence.accounts().rooms();
        let creator = stores.user("mina").await;
        let (jun, sora) = (stores.user("jun").await.id, stores.user("sora").await.id);
        let room = stores.room(&creator).await.id;
        for user in [jun, sora] {
            rooms.join(user, room, None).await.unwrap();
        }
        Self { stores, room, mina: creator.id, jun, sora }
    }

    async fn set(&self, actor: UserId, user: UserId, office: Option<Office>) -> Result<Vec<u32>, Error> {
        let changes = self.stores.persistence.accounts().rooms().set_office(actor, self.room, user, office).await?;
        Ok(changes.iter().map(|change| change.change).collect())
    }

    async fn holders(&self) -> Vec<(UserId, Office)> {
        let offices = self.stores.persistence.accounts().rooms().offices(self.room).await.unwrap();
        offices.into_iter().map(|holder| (holder.user, holder.office)).collect()
    }

    /// What the room is told of offices: whose, which, by whom.
    async fn told(&self) -> Vec<(u64, Role, UserId)> {
        let changes = self.stores.persistence.accounts().rooms().changes(self.room, 0).await.unwrap();
        let told = changes.iter().filter(|change| change.kind == Kind::OfficeChanged);
        told.map(|change| (change.subject, change.role, change.actor)).collect()
    }
}

const TREASURER: Option<Office> = Some(Office::Treasurer);
const AUDITOR: Option<Office> = Some(Office::Auditor);

async fn a_room_has_one_treasurer_and_is_told_of_each_change(arm: Arm) {
    let scene = Scene::open(arm).await;
    let Scene { mina, jun, sora, .. } = scene;
    assert_eq!(scene.set(mina, jun, TREASURER).await.unwrap(), [3]);
    assert_eq!(scene.set(mina, jun, TREASURER).await.unwrap(), [0u32; 0], "as it was");
    assert_eq!(scene.set(mina, sora, AUDITOR).await.unwrap(), [4]);
    assert_eq!(scene.holders().await, [(jun, Office::Treasurer), (sora, Office::Auditor)]);
    // He hands over to the auditor, who audits no longer.
    assert_eq!(scene.set(jun, sora, TREASURER).await.unwrap(), [5, 6]);
    assert_eq!(scene.holders().await, [(sora, Office::Treasurer)]);
    assert_eq!(scene.set(sora, sora, None).await.unwrap(), [7]);
    assert_eq!(scene.holders().await, []);
    let of = |user: UserId, role, by| (u64::from(user.0), role, by);
    let expected = [
        of(jun, Role::Treasurer, mina),
        of(sora, Role::Auditor, mina),
        of(jun, Role::Member, jun),
        of(sora, Role::Treasurer, jun),
        of(sora, Role::Member, sora),
    ];
    assert_eq!(scene.told().await, expected);
}

async fn others_than_admins_appoint_nobody(arm: Arm) {
    let scene = Scene::open(arm).await;
    let Scene { mina, jun, sora, .. } = scene;
    let stranger = scene.stores.user("stranger").await.id;
    scene.set(mina, jun, AUDITOR).await.unwrap();
    for (actor, user, office) in [(jun, jun, TREASURER), (jun, sora, AUDITOR), (sora, jun, None), (sora, sora, AUDITOR)]
    {
        assert!(matches!(scene.set(actor, user, office).await, Err(Error::NotAllowed(_))), "{actor} {user} {office:?}");
    }
    assert!(matches!(scene.set(stranger, jun, None).await, Err(Error::NotAMember { user, .. }) if user == stranger));
    assert!(
        matches!(scene.set(mina, stranger, AUDITOR).await, Err(Error::NotAMember { user, .. }) if user == stranger)
    );
    assert_eq!(scene.holders().await, [(jun, Office::Auditor)]);
    assert_eq!(scene.told().await.len(), 1);
}

async fn who_leaves_is_removed_or_deleted_has_no_office_any_more(arm: Arm) {
    let scene = Scene::open(arm).await;
    let Scene { mina, jun, sora, room, .. } = scene;
    let rooms = scene.stores.persistence.accounts().rooms();
    scene.set(mina, jun, TREASURER).await.unwrap();
    scene.set(mina, sora, AUDITOR).await.unwrap();
    rooms.leave(jun, room).await.unwrap();
    rooms.remove(mina, room, sora).await.unwrap();
    assert_eq!(scene.holders().await, []);
    rooms.join(jun, room, None).await.unwrap();
    assert_eq!(rooms.office_of(room, jun).await.unwrap(), None, "who returns begins anew");
    scene.set(mina, jun, TREASURER).await.unwrap();
    let listed = rooms.members(room, UserId(0), 10).await.unwrap();
    let offices: Vec<_> = listed.iter().map(|member| (member.user, member.office)).collect();
    assert_eq!(offices, [(mina, None), (jun, TREASURER), (sora, None)]);
    scene.stores.persistence.accounts().users().delete(jun).await.unwrap();
    assert_eq!(scene.holders().await, []);
    scene.set(mina, mina, TREASURER).await.unwrap();
    rooms.delete(mina, room).await.unwrap();
    assert_eq!(scene.holders().await, []);
}

async fn of_ten_made_treasurer_at_once_one_is(arm: Arm) {
    let scene = Scene::open(arm).await;
    let rooms = scene.stores.persistence.accounts().rooms();
    let (room, mina) = (scene.room, scene.mina);
    let mut users = vec![scene.jun, scene.sora];
    for number in 0..8 {
        let user = scene.stores.user(&format!("user{number}")).await.id;
        rooms.join(user, room, None).await.unwrap();
        users.push(user);
    }
    let appointed: Vec<_> = users
        .iter()
        .map(|&user| {
            let rooms = rooms.clone();
            tokio::spawn(async move { rooms.set_office(mina, room, user, TREASURER).await })
        })
        .collect();
    for appointed in appointed {
        appointed.await.unwrap().unwrap();
    }
    let holders = scene.holders().await;
    assert!(holders.len() == 1 && holders[0].1 == Office::Treasurer, "{holders:?}");
    let told = scene.told().await;
    let came = told.iter().filter(|(_, role, _)| *role == Role::Treasurer).count();
    assert_eq!((came, told.len()), (10, 19), "nine of ten were followed by another");
}

on_each_arm! {
    a_room_has_one_treasurer_and_is_told_of_each_change,
    others_than_admins_appoint_nobody,
    who_leaves_is_removed_or_deleted_has_no_office_any_more,
    of_ten_made_treasurer_at_once_one_is,
}
