//! After a committed change the engine is told, so that rooms and sockets follow at once.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use moim_persistence::Change;
use moim_wire::UserId;

use crate::app::App;

/// Waits a little until the room's owner has sequenced the change. The change stands whatever comes of it: the owner
/// looks for changes by itself as well.
pub(super) async fn settle(app: &App, change: Change) {
    if let Err(error) = app.trunks.sync(change.room.0, change.change.into()).await {
        app.counters.syncs_late.one();
        tracing::warn!(room = change.room.0, change = change.change, %error, "a room's change is sequenced later");
    }
}

/// Likewise of several changes. The newest of a room comes after its others, and rooms do not wait for one another.
pub(super) async fn settle_all(app: &App, changes: impl IntoIterator<Item = Change>) {
    let mut newest = BTreeMap::new();
    for Change { room, change } in changes {
        newest.entry(room).and_modify(|last: &mut u32| *last = change.max(*last)).or_insert(change);
    }
    join_all(newest.into_iter().map(|(room, change)| settle(app, Change { room, change }))).await;
}

/// Waits a little until the engine has ended the sessions of a login; login 0: of all the user's logins. Their tokens
/// are refused already; the engine finds ended logins by itself as well.
pub(super) async fn revoke(app: &App, user: UserId, login: u64) {
    if let Err(error) = app.trunks.revoke(user.0, login).await {
        app.counters.revokes_late.one();
        tracing::warn!(user = user.0, login, %error, "open sockets of an ended login close later");
    }
}
