//! Pages of the past, read at random depths while the load runs.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;
use moim_wire::MessageId;
use monoio::time::{sleep, timeout};

use super::LoadError;
use super::clock::Alarm;
use super::crowd::Crowd;
use super::tally::latencies;
use crate::protocol::{PAGES, PageRequest};
use crate::schedule::{Arrivals, Random, Schedule};
use crate::workload::Pages;

/// Messages of a room under way while its past is written; below what a device may have unacknowledged.
const BURST: u32 = 32;
const WAIT: Duration = Duration::from_secs(60);
/// Requests that were asked for and not answered when the window ends are waited for so long.
const LAST: Duration = Duration::from_millis(500);

/// Writes `past` messages into each room, by its first sender.
pub(crate) async fn fill(crowd: &Rc<Crowd>, past: u32) -> Result<(), LoadError> {
    if !crowd.dialect.resumes() {
        return Err(LoadError::Unfit("this peer keeps no history; leave it out of the workload's peers".into()));
    }
    let rooms = crowd.layout.rooms;
    let before = crowd.tally.borrow().counts;
    let answered = || {
        let now = crowd.tally.borrow().counts;
        now.accepted + now.refused - before.accepted - before.refused
    };
    let mut written = 0;
    while written < past {
        let burst = BURST.min(past - written);
        for room in 0..rooms {
            for _ in 0..burst {
                crowd.publish(room * crowd.layout.senders, crowd.clock.now_ns());
            }
        }
        written += burst;
        let all = async {
            while answered() < u64::from(written) * rooms as u64 {
                sleep(Duration::from_millis(1)).await;
            }
        };
        if timeout(WAIT, all).await.is_err() {
            return Err(LoadError::Unfit(format!("the past was not written within {} s", WAIT.as_secs())));
        }
    }
    Ok(())
}

/// What the reading of pages showed.
pub(crate) struct PagesRead {
    pub(crate) pages: u64,
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    pub(crate) refused: u64,
    /// Asked for and never answered.
    pub(crate) unanswered: u64,
    /// From the instant that a page was due.
    pub(crate) latencies: Histogram<u64>,
}

/// Requests under way and what came of those before.
struct Desk {
    due_ns: HashMap<u32, u64>,
    read: PagesRead,
}

/// Pages being read.
pub(crate) struct Readers {
    is_over: Rc<Cell<bool>>,
    desk: Rc<RefCell<Desk>>,
}

impl Readers {
    /// Starts to read pages by a schedule.
    pub(crate) fn start(crowd: &Rc<Crowd>, pages: Pages) -> Result<Self, LoadError> {
        let read = PagesRead { pages: 0, messages: 0, bytes: 0, refused: 0, unanswered: 0, latencies: latencies() };
        let desk = Rc::new(RefCell::new(Desk { due_ns: HashMap::new(), read }));
        let (clock, taker) = (crowd.clock, desk.clone());
        *crowd.on_page.borrow_mut() = Some(Box::new(move |_, request, page| {
            let mut desk = taker.borrow_mut();
            let Some(due_ns) = desk.due_ns.remove(&request) else { return };
            match page {
                Ok(page) => {
                    desk.read.pages += 1;
                    desk.read.messages += u64::from(page.count);
                    desk.read.bytes += page.frames.len() as u64;
                    desk.read.latencies.saturating_record(clock.now_ns().saturating_sub(due_ns));
                }
                Err(_) => desk.read.refused += 1,
            }
        }));
        let is_over = Rc::new(Cell::new(false));
        let alarm = Alarm::new(clock)?;
        monoio::spawn(ask(crowd.clone(), pages, alarm, desk.clone(), is_over.clone()));
        Ok(Self { is_over, desk })
    }

    /// Stops asking, waits a little for what was asked, and sums up.
    pub(crate) async fn end(self, crowd: &Rc<Crowd>) -> PagesRead {
        self.is_over.set(true);
        sleep(LAST).await;
        *crowd.on_page.borrow_mut() = None;
        let mut desk = self.desk.borrow_mut();
        let unanswered = desk.due_ns.len() as u64;
        let nothing = PagesRead { pages: 0, messages: 0, bytes: 0, refused: 0, unanswered: 0, latencies: latencies() };
        PagesRead { unanswered, ..std::mem::replace(&mut desk.read, nothing) }
    }
}

async fn ask(crowd: Rc<Crowd>, pages: Pages, mut alarm: Alarm, desk: Rc<RefCell<Desk>>, is_over: Rc<Cell<bool>>) {
    let mut random = Random(2);
    let mut schedule = Schedule::new(Arrivals::Poisson, pages.per_s, crowd.clock.now_ns(), 3);
    let oldest = MessageId::at_unix_ms(unix_ms().saturating_sub(crowd.clock.now_ns() / 1_000_000)).0;
    while !is_over.get() {
        while let Some((number, due_ns)) = schedule.take_due(crowd.clock.now_ns()) {
            let connection = random.below(crowd.layout.connections() as u64) as usize;
            let newest = crowd.end(connection).codec.newest_id().max(oldest + 1);
            let before = oldest + 1 + random.below(newest - oldest);
            // The ids of requests wrap long after their answers came.
            let request = PAGES + (number & 0xff_ffff) as u32;
            desk.borrow_mut().due_ns.insert(request, due_ns);
            crowd.ask_page(connection, &PageRequest { request, before, after: 0, limit: pages.limit });
        }
        if alarm.until(schedule.next_ns()).await.is_err() {
            return;
        }
    }
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
