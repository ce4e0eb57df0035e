//! Once a second: silence, expiry, disk space, waiting changes, numbers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use moim_wire::{Envelope, ErrorCode, Opcode, schema};

use super::{Core, CoreCell, spawn};
use crate::journal::Behind;
use crate::shard::{ConnectionKey, SessionKey};
use crate::socket::Stage;
use crate::stats::{add, set};

const TICK: Duration = Duration::from_secs(1);
/// Rooms with waiting changes asked for at once.
const WAITING_ROOMS_MAX: usize = 500;

pub(super) async fn tick(core: CoreCell) {
    loop {
        glommio::timer::sleep(TICK).await;
        let mut core = core.borrow_mut();
        if core.is_stopping {
            return;
        }
        core.look_at_clock();
        core.happen(|shard, _, effects| shard.tick(effects));
        core.sweep_connections();
        if core.connections.trim() {
            spawn(glommio::executor().spawn_blocking(let_go_of_memory));
        }
        core.look_at_disk();
        core.poll_changes();
        core.poll_revocations();
        core.publish();
    }
}

/// Gives pages that lie free in the allocator back to the system: after a burst it would keep them.
#[expect(unsafe_code, reason = "the C library's own call")]
fn let_go_of_memory() {
    // SAFETY: it takes no pointer, and may be called by any thread at any time.
    unsafe { libc::malloc_trim(0) };
}

/// What a look at a connection finds.
enum Health {
    Well,
    Silent,
    Ended(ErrorCode, &'static str),
    Gone,
}

impl Core {
    fn sweep_connections(&mut self) {
        let now_s = self.now_s;
        for key in self.connections.keys() {
            match self.health(key, now_s) {
                Health::Well => self.end_expired(key),
                Health::Silent => {
                    self.put(key, |encoder, out| {
                        encoder.frame(out, Opcode::Ping, Envelope::default(), |b| {
                            schema::Ping::create(b, &schema::PingArgs { stamp: now_s.into() })
                        });
                    });
                }
                Health::Ended(code, message) => {
                    add(&self.stats.disconnected, 1);
                    self.say_goodbye(key, Some(code), message, 0);
                }
                Health::Gone => {
                    add(&self.stats.disconnected, 1);
                    self.disconnect(key);
                }
            }
        }
    }

    fn health(&mut self, key: ConnectionKey, now_s: u32) -> Health {
        let limits = &self.config.limits;
        let heartbeat_s = limits.heartbeat.as_secs().max(1) as u32;
        let hello_s = limits.hello_timeout.as_secs().max(1) as u32;
        let Some(connection) = self.connections.get_mut(key) else { return Health::Well };
        let heard_s = if connection.is_behind(limits) {
            // It is not listened to; that it reads must do.
            connection.heard_s.max(connection.progress_s)
        } else {
            connection.heard_s
        };
        let silent_s = now_s.saturating_sub(heard_s);
        let stuck_s = now_s.saturating_sub(connection.progress_s.max(connection.opened_s));
        let is_stuck = connection.is_sending() && stuck_s > 2 * heartbeat_s;
        let is_new = matches!(connection.stage, Stage::New { .. });
        if is_stuck || connection.is_closing() && silent_s > hello_s {
            return Health::Gone;
        }
        if connection.is_closing() {
            return Health::Well;
        }
        if is_new && now_s.saturating_sub(connection.opened_s) > hello_s {
            return Health::Ended(ErrorCode::HelloExpected, "no HELLO within the time allowed");
        }
        if silent_s > 2 * heartbeat_s {
            return Health::Ended(ErrorCode::Idle, "silent for twice the heartbeat");
        }
        if silent_s > heartbeat_s && !is_new && !std::mem::replace(&mut connection.pinged, true) {
            return Health::Silent;
        }
        Health::Well
    }

    /// Sessions whose token has ended lose their rights, also when they say nothing.
    fn end_expired(&mut self, key: ConnectionKey) {
        let now_ms = self.now_ms;
        let Some(connection) = self.connections.get_mut(key) else { return };
        let numbers = connection.session_numbers();
        for number in numbers {
            let expired = self.connections.get_mut(key).and_then(|c| c.session_mut(number));
            if expired.is_some_and(|session| session.has_expired(now_ms)) {
                let session = SessionKey { connection: key, session: number };
                self.end_session(session, ErrorCode::TokenExpired, "the token has ended; log in again");
            }
        }
    }

    pub(super) fn look_at_disk(&mut self) {
        let reserve = self.config.journal.disk_reserve_bytes;
        let free = rustix::fs::statvfs(&self.config.journal.folder).map(|fs| fs.f_bavail * fs.f_frsize);
        // A disk that cannot be asked is left to show its state when it is written to.
        let is_low = free.is_ok_and(|free| free < reserve);
        if is_low != self.disk_is_low {
            tracing::warn!(shard = %self.id, is_low, reserve, "free space on the journal's disk crossed the reserve");
            self.disk_is_low = is_low;
            self.update_storage_full();
        }
    }

    /// Whether the journal may hold more for the message store, and how far that is behind.
    pub(super) fn look_at_backlog(&mut self) {
        let segment_bytes = self.config.journal.segment_bytes;
        let bytes_max = self.config.journal.disk_bytes_max / u64::from(self.config.shards);
        let sizes = self.feeds.iter().map(|feed| feed.backlog().size(segment_bytes));
        let (segments, bytes) = sizes.fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1));
        set(&self.stats.segments, segments);
        set(&self.stats.journal_bytes, bytes);
        let is_full = bytes >= bytes_max;
        if is_full != (self.stats.store_behind.load(Ordering::Relaxed) != 0) {
            tracing::warn!(shard = %self.id, is_full, bytes, bytes_max, "what the journal holds for the store crossed its bound");
            set(&self.stats.store_behind, is_full.into());
            let behind = is_full.then(|| self.behind());
            self.shard.set_store_behind(behind);
        }
    }

    /// How far the message store is behind.
    fn behind(&self) -> Behind {
        self.feeds.iter().map(|feed| feed.behind(self.now_ms)).fold(Behind::default(), |sum, behind| Behind {
            records: sum.records + behind.records,
            bytes: sum.bytes + behind.bytes,
            seconds: sum.seconds.max(behind.seconds),
        })
    }

    pub(super) fn set_journal_failed(&mut self, failed: bool) {
        if failed != self.journal_failed {
            self.journal_failed = failed;
            self.update_storage_full();
        }
    }

    fn update_storage_full(&mut self) {
        let full = self.journal_failed || self.disk_is_low;
        self.shard.set_storage_full(full);
        set(&self.stats.storage_full, full.into());
    }

    /// Changes of rooms that nobody announced: made beside this server, or before it started.
    fn poll_changes(&mut self) {
        let rooms = self.persistence.accounts().rooms();
        self.when_stored(
            async move { rooms.rooms_with_changes(WAITING_ROOMS_MAX).await },
            |core, result| match result {
                Ok(waiting) => core.happen(|shard, now_ms, effects| shard.changes_wait(now_ms, &waiting, effects)),
                Err(error) => tracing::warn!(%error, "cannot ask for waiting room changes"),
            },
        );
    }

    /// Logins that were ended beside this server.
    fn poll_revocations(&mut self) {
        let logins = self.persistence.accounts().logins();
        let cursor = self.revoked_cursor;
        self.when_stored(async move { logins.revoked_since(cursor).await }, |core, result| match result {
            Ok(revoked) => {
                core.revoked_cursor = revoked.cursor.max(core.revoked_cursor);
                for (user, login) in revoked.logins {
                    core.revoke(user, login);
                }
            }
            Err(error) => tracing::warn!(%error, "cannot ask for ended logins"),
        });
    }

    /// Puts the numbers where others read them.
    pub(super) fn publish(&mut self) {
        self.look_at_backlog();
        let behind = self.behind();
        if self.stats.store_behind.load(Ordering::Relaxed) != 0 {
            // Told to those who are refused.
            self.shard.set_store_behind(Some(behind));
        }
        let (counters, gauges, usage) = (self.shard.counters(), self.shard.gauges(), self.connections.usage);
        let stats = &self.stats;
        for (number, value) in [
            (&stats.accepted, counters.accepted),
            (&stats.acknowledged, counters.acknowledged),
            (&stats.resent, counters.resent),
            (&stats.refused, counters.refused + self.refused),
            (&stats.busy, counters.busy + self.answered_busy),
            (&stats.slow_readers, usage.slow_readers),
            (&stats.rooms_loaded, counters.rooms_loaded),
            (&stats.rooms_forgotten, counters.rooms_forgotten),
            (&stats.delivered, usage.delivered),
            (&stats.shed, usage.shed + self.port.shed()),
            (&stats.gaps, usage.gaps),
            (&stats.flushes, usage.flushes),
            (&stats.sent_bytes, usage.sent_bytes),
            (&stats.connections, self.connections.len() as u64),
            (&stats.sessions, gauges.sessions as u64),
            (&stats.queued_bytes, self.connections.queued() as u64),
            (&stats.mesh_waiting, self.port.waiting() as u64),
            (&stats.batch_bytes, gauges.batch_bytes as u64),
            (&stats.rooms, gauges.rooms as u64),
            (&stats.waiting_for_store, (gauges.tickets + self.store_requests) as u64),
            (&stats.unconfirmed_records, behind.records),
            (&stats.unconfirmed_bytes, behind.bytes),
            (&stats.unconfirmed_s, behind.seconds),
            (&stats.feed_bytes, self.feeds.iter().map(|feed| feed.bytes_in_memory() as u64).sum()),
            (&stats.read_back_bytes, self.feeds.iter().map(|feed| feed.read_back_bytes()).sum()),
            (&stats.rewinds, self.feeds.iter().map(|feed| feed.rewinds()).sum()),
            (&stats.backlog_reads, self.backlog_reads),
            (&stats.recent_bytes, gauges.recent_bytes as u64),
        ] {
            set(number, value);
        }
    }
}
