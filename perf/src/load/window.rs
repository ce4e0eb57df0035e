//! The measured window, cut into intervals.

use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use monoio::time::sleep;

use super::crowd::Crowd;
use super::progress::Progress;
use super::tally::{Counts, latencies};
use crate::usage::{CpuTime, Usage};

const INTERVAL: Duration = Duration::from_millis(250);

/// A slice of the window.
pub(crate) struct Interval {
    /// Where it begins, from the window's start.
    pub(crate) at_s: f64,
    pub(crate) length_s: f64,
    pub(crate) counts: Counts,
    pub(crate) deliveries: Histogram<u64>,
    pub(crate) acceptances: Histogram<u64>,
}

/// All that was recorded within a window.
pub(crate) struct Window {
    pub(crate) length_s: f64,
    pub(crate) counts: Counts,
    pub(crate) intervals: Vec<Interval>,
    pub(crate) server: Option<Usage>,
    pub(crate) generator: Usage,
}

impl Window {
    /// Latencies of all deliveries.
    pub(crate) fn deliveries(&self) -> Histogram<u64> {
        sum(self.intervals.iter().map(|interval| &interval.deliveries))
    }

    /// Latencies of all acknowledgements.
    pub(crate) fn acceptances(&self) -> Histogram<u64> {
        sum(self.intervals.iter().map(|interval| &interval.acceptances))
    }
}

/// Records for `length_s`; what was recorded before is forgotten.
pub(crate) async fn record(crowd: &Rc<Crowd>, process: Option<u32>, length_s: f64, progress: &Progress) -> Window {
    let (begun, end_ns) = (Snapshot::take(crowd, process), crowd.clock.now_ns() + (length_s * 1e9) as u64);
    crowd.tally.borrow_mut().cut();
    let (mut last, mut intervals) = (begun, Vec::new());
    while last.at_ns + 1_000_000 < end_ns {
        let rest = Duration::from_nanos(end_ns.saturating_sub(crowd.clock.now_ns()));
        sleep(rest.min(INTERVAL)).await;
        let now = Snapshot::counts(crowd);
        let (deliveries, acceptances) = crowd.tally.borrow_mut().cut();
        let interval = Interval {
            at_s: (last.at_ns - begun.at_ns) as f64 / 1e9,
            length_s: (now.at_ns - last.at_ns) as f64 / 1e9,
            counts: now.counts.since(&last.counts),
            deliveries,
            acceptances,
        };
        progress.show(crowd.present(), &interval);
        intervals.push(interval);
        last = now;
    }
    let ended = Snapshot::take(crowd, process);
    let length_s = (ended.at_ns - begun.at_ns) as f64 / 1e9;
    let used = |earlier: Option<CpuTime>, later: Option<CpuTime>| Some(later?.since(&earlier?, length_s));
    Window {
        length_s,
        counts: ended.counts.since(&begun.counts),
        intervals,
        server: used(begun.server, ended.server),
        generator: used(begun.generator, ended.generator).unwrap_or_default(),
    }
}

#[derive(Clone, Copy)]
struct Snapshot {
    at_ns: u64,
    counts: Counts,
    server: Option<CpuTime>,
    generator: Option<CpuTime>,
}

impl Snapshot {
    fn counts(crowd: &Crowd) -> Self {
        Self { at_ns: crowd.clock.now_ns(), counts: crowd.tally.borrow().counts, server: None, generator: None }
    }

    fn take(crowd: &Crowd, process: Option<u32>) -> Self {
        Self { server: process.and_then(CpuTime::of), generator: CpuTime::own(), ..Self::counts(crowd) }
    }
}

/// One histogram of many.
pub(crate) fn sum<'a>(parts: impl Iterator<Item = &'a Histogram<u64>>) -> Histogram<u64> {
    let mut total = latencies();
    for part in parts {
        total.add(part).expect("all histograms of a run have the same bounds");
    }
    total
}
