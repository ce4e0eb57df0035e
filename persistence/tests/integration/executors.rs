//! The stores' futures on an executor that is not theirs, and the bound on what runs at once.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use moim_persistence::{Batch, Error};
use moim_wire::{MessageId, RoomId};
use tokio::sync::oneshot;

use crate::arm::Arm;
use crate::support::{Stores, frames, new_room, sign_up};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The least of executors: a thread that parks.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn every_store_is_awaited_without_a_runtime_of_the_caller() {
    let stores = Stores::open(Arm::Sqlite);
    block_on(async {
        let accounts = stores.persistence.accounts();
        let user = accounts.users().sign_up(sign_up("mina")).await.unwrap();
        let room = accounts.rooms().create(user.id, new_room("a room", None)).await.unwrap();
        assert!(accounts.rooms().is_member(room.id, user.id).await.unwrap());
        let mut lane = stores.persistence.write_behind(0);
        lane.offer.send(Batch { frames: frames(1, 1..=3), position: 33, generation: 0 }).await.unwrap();
        assert_eq!(*lane.confirmed.wait_for(|&position| position == 33).await.unwrap(), 33);
        assert_eq!(stores.persistence.messages().newest(RoomId(1)).await.unwrap(), Some(MessageId(3)));
    });
    stores.persistence.close().unwrap();
}

#[tokio::test]
async fn requests_beyond_the_bound_are_refused_and_counted() {
    let stores = Stores::open_with(Arm::Sqlite, |config| config.requests_max = 1);
    let (begun, has_begun) = oneshot::channel();
    let (finish, may_finish) = oneshot::channel::<()>();
    let running = tokio::spawn(stores.persistence.run(async move {
        begun.send(()).unwrap();
        may_finish.await.unwrap();
        Ok("done")
    }));
    has_begun.await.unwrap();
    assert!(matches!(stores.persistence.run(async { Ok(()) }).await, Err(Error::Busy { limit: 1, .. })));
    assert_eq!(stores.persistence.stats().requests.in_flight, 1);
    finish.send(()).unwrap();
    assert_eq!(running.await.unwrap().unwrap(), "done");
    assert!(stores.persistence.run(async { Ok(()) }).await.is_ok());
    let stats = stores.persistence.stats().requests;
    assert_eq!((stats.refused_total, stats.total), (1, 2));
}

#[tokio::test]
async fn work_goes_on_when_its_caller_stops_waiting() {
    let stores = Stores::open(Arm::Sqlite);
    let (begun, has_begun) = oneshot::channel();
    let (finish, may_finish) = oneshot::channel::<()>();
    let (done, is_done) = oneshot::channel();
    let waiting = tokio::spawn(stores.persistence.run(async move {
        begun.send(()).unwrap();
        may_finish.await.unwrap();
        done.send(()).unwrap();
        Ok(())
    }));
    has_begun.await.unwrap();
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    finish.send(()).unwrap();
    is_done.await.unwrap();
}

#[tokio::test]
async fn a_panic_in_a_request_is_an_error_of_that_request() {
    let stores = Stores::open(Arm::Sqlite);
    let failed = stores.persistence.run::<_, ()>(async { panic!("on purpose") }).await;
    assert!(matches!(failed, Err(Error::Internal(_))), "{failed:?}");
    assert!(stores.persistence.run(async { Ok(()) }).await.is_ok());
}
