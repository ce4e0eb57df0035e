//! The measured window, cut into intervals.

use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use monoio::time::sleep;

use super::crowd::Crowd;
use super::progress::Progress;
use super::tally::{Counts, latencies};
use crate::core;
use crate::usage::{CpuTime, Usage, cores_busy_s};

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

/// Whose use of processors is recorded.
pub(super) struct Watch {
    pub(super) process: Option<u32>,
    /// Of server and generator, each once.
    cores: Vec<usize>,
}

impl Watch {
    /// The server's process, where it is known, and the generator itself.
    pub(super) fn on(process: Option<u32>) -> Self {
        let of = |process| core::of(process).unwrap_or_default();
        let mut cores = process.map_or(Vec::new(), |process| of(Some(process)));
        cores.extend(of(None));
        cores.sort_unstable();
        cores.dedup();
        Self { process, cores }
    }
}

/// All that was recorded within a window.
pub(crate) struct Window {
    pub(crate) length_s: f64,
    pub(crate) counts: Counts,
    pub(crate) intervals: Vec<Interval>,
    pub(crate) server: Option<Usage>,
    pub(crate) generator: Usage,
    /// Share of their cores that neither server nor generator used, and somebody else did.
    pub(crate) disturbed: f64,
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
pub(super) async fn record(crowd: &Rc<Crowd>, watch: &Watch, length_s: f64, progress: &Progress) -> Window {
    let (begun, end_ns) = (Snapshot::take(crowd, watch), crowd.clock.now_ns() + (length_s * 1e9) as u64);
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
    let ended = Snapshot::take(crowd, watch);
    let length_s = (ended.at_ns - begun.at_ns) as f64 / 1e9;
    let used = |earlier: Option<CpuTime>, later: Option<CpuTime>| Some(later?.since(&earlier?, length_s));
    Window {
        length_s,
        counts: ended.counts.since(&begun.counts),
        intervals,
        server: used(begun.server, ended.server),
        generator: used(begun.generator, ended.generator).unwrap_or_default(),
        disturbed: ended.used_by_others_s(&begun).map_or(0.0, |s| s / length_s / watch.cores.len() as f64),
    }
}

#[derive(Clone, Copy)]
struct Snapshot {
    at_ns: u64,
    counts: Counts,
    server: Option<CpuTime>,
    generator: Option<CpuTime>,
    cores_busy_s: Option<f64>,
}

impl Snapshot {
    fn counts(crowd: &Crowd) -> Self {
        let counts = crowd.tally.borrow().counts;
        Self { at_ns: crowd.clock.now_ns(), counts, server: None, generator: None, cores_busy_s: None }
    }

    fn take(crowd: &Crowd, watch: &Watch) -> Self {
        Self {
            server: watch.process.and_then(CpuTime::of),
            generator: CpuTime::own(),
            cores_busy_s: cores_busy_s(&watch.cores),
            ..Self::counts(crowd)
        }
    }

    /// What others than server and generator used of their cores; nothing is known where the server is not.
    fn used_by_others_s(&self, earlier: &Self) -> Option<f64> {
        let running_s = |snapshot: &Self| Some(snapshot.server?.running_s + snapshot.generator?.running_s);
        let busy_s = self.cores_busy_s? - earlier.cores_busy_s?;
        Some((busy_s - running_s(self)? + running_s(earlier)?).max(0.0))
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
