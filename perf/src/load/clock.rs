//! The run's clock, and an alarm on it that is exact to microseconds where the runtime's timers are to milliseconds.

use std::fs::File;
use std::io;
use std::time::Instant;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// Nanoseconds since the run began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    #[inline]
    pub(super) fn now_ns(self) -> u64 {
        // 2^64 nanoseconds are 584 years.
        self.0.elapsed().as_nanos() as u64
    }
}

/// Wakes one task at an instant of the clock.
pub(super) struct Alarm {
    clock: Clock,
    timer: monoio::fs::File,
    set: File,
    expirations: Vec<u8>,
}

impl Alarm {
    pub(super) fn new(clock: Clock) -> io::Result<Self> {
        let set = File::from(timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?);
        let timer = monoio::fs::File::from_std(set.try_clone()?)?;
        Ok(Self { clock, timer, set, expirations: vec![0; 8] })
    }

    /// Returns at `at_ns`, at once where that is past.
    pub(super) async fn until(&mut self, at_ns: u64) -> io::Result<()> {
        let wait_ns = at_ns.saturating_sub(self.clock.now_ns());
        if wait_ns == 0 {
            return Ok(());
        }
        let it_value = Timespec { tv_sec: (wait_ns / 1_000_000_000) as i64, tv_nsec: (wait_ns % 1_000_000_000) as i64 };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
        timerfd_settime(&self.set, TimerfdTimerFlags::empty(), &once)?;
        let (read, expirations) = self.timer.read_at(std::mem::take(&mut self.expirations), 0).await;
        self.expirations = expirations;
        read.map(|_| ())
    }
}
