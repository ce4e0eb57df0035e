//! The figures of one run, as reports and `results.json` hold them. Units stand last in the names.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::checker::Disorder;
use crate::load::{Drained, Measured, PagesRead, ReadBack, Recovery, Returned, StepTaken};
use crate::mark::Measure;
use crate::peer::{Alone, Peer};
use crate::usage::Usage;

/// A generator that ran or waited for its core for this share of the window may have been what limited the run.
const LIMIT_SHARE: f64 = 0.95;
/// Others that used this share of the run's cores spoil its figures. Less is within what the kernel's ticks tell.
const DISTURBED_SHARE: f64 = 0.05;

/// One run of one workload against one peer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) workload: String,
    pub(crate) peer: Peer,
    /// Which of the alternations, from 1.
    pub(crate) round: u32,
    pub(crate) version: String,
    pub(crate) durability: String,
    pub(crate) connections: usize,
    pub(crate) arrival_s: f64,
    /// Sign-ins that the server asked to try again later.
    pub(crate) turned_away: u64,
    pub(crate) window_s: f64,
    pub(crate) deliveries: u64,
    pub(crate) publishes: u64,
    pub(crate) accepted: u64,
    /// Publishes that the server refused, in the whole run.
    pub(crate) refused: u64,
    /// Times that the server left messages out, said so, and had them asked for.
    pub(crate) gaps: u64,
    /// Connections lost against our will, in the whole run.
    pub(crate) disconnects: u64,
    pub(crate) deliveries_per_s: f64,
    pub(crate) publishes_per_s: f64,
    pub(crate) accepted_per_s: f64,
    /// Within the window: refused publishes and lost connections for each publish.
    pub(crate) error_rate: f64,
    pub(crate) disorder: Disorder,
    /// Why things went wrong, and how often.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// From due to delivered.
    pub(crate) delivery: Latency,
    /// From due to acknowledged, where the peer acknowledges.
    pub(crate) acceptance: Option<Latency>,
    /// How late the generator itself was in publishing, open loads only.
    pub(crate) generator_late_us_p99: Option<f64>,
    pub(crate) server: Option<ServerFigures>,
    pub(crate) generator: Usage,
    /// Share of the cores of server and generator that others used.
    pub(crate) disturbed: f64,
    pub(crate) intervals: Vec<IntervalFigures>,
    /// Share of deliveries and the latency that they stay within, for plots.
    pub(crate) curve: Vec<(f64, f64)>,
    pub(crate) steps: Vec<StepTaken>,
    pub(crate) recovery: Option<Recovery>,
    pub(crate) storms: Vec<Returned>,
    pub(crate) pages: Option<PageFigures>,
    pub(crate) read_back: Option<ReadBack>,
    pub(crate) drained: Option<Drained>,
}

/// Latencies, microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50_us: f64,
    pub(crate) p90_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    pub(crate) max_us: f64,
}

/// What the server used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ServerFigures {
    #[serde(flatten)]
    pub(crate) usage: Usage,
    pub(crate) cpu_user_s_per_million: f64,
    pub(crate) cpu_system_s_per_million: f64,
    /// With everybody connected and silent.
    pub(crate) rss_bytes: u64,
    /// At the end of the window.
    pub(crate) rss_loaded_bytes: u64,
    /// What a silent connection takes.
    pub(crate) rss_per_connection_bytes: f64,
}

/// A slice of the window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct IntervalFigures {
    pub(crate) at_s: f64,
    pub(crate) deliveries_per_s: f64,
    pub(crate) publishes_per_s: f64,
    pub(crate) p99_us: f64,
}

/// Pages of the past.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct PageFigures {
    pub(crate) pages_per_s: f64,
    pub(crate) messages_per_s: f64,
    pub(crate) mib_per_s: f64,
    pub(crate) refused: u64,
    pub(crate) unanswered: u64,
    pub(crate) latency: Latency,
}

/// Which run it was.
pub(crate) struct Origin {
    pub(crate) workload: String,
    pub(crate) peer: Peer,
    pub(crate) round: u32,
    pub(crate) version: String,
    pub(crate) durability: String,
}

impl Run {
    /// The figures of what was measured.
    pub(crate) fn of(origin: Origin, measured: &Measured) -> Self {
        let (counts, window_s) = (measured.counts, measured.window_s);
        let per_s = |count: u64| count as f64 / window_s;
        let errors = counts.refused + counts.disconnects;
        Self {
            connections: measured.connections,
            arrival_s: measured.arrival_s,
            turned_away: measured.totals.turned_away,
            window_s,
            deliveries: counts.deliveries,
            publishes: counts.publishes,
            accepted: counts.accepted,
            refused: measured.totals.refused,
            gaps: measured.totals.gaps,
            disconnects: measured.totals.disconnects,
            deliveries_per_s: per_s(counts.deliveries),
            publishes_per_s: per_s(counts.publishes),
            accepted_per_s: per_s(counts.accepted),
            error_rate: errors as f64 / counts.publishes.max(1) as f64,
            disorder: measured.disorder,
            reasons: measured.reasons.clone(),
            delivery: Latency::of(&measured.deliveries),
            acceptance: (!measured.acceptances.is_empty()).then(|| Latency::of(&measured.acceptances)),
            generator_late_us_p99: (!measured.lateness.is_empty()).then(|| quantile_us(&measured.lateness, 0.99)),
            server: server(measured),
            generator: measured.generator,
            disturbed: measured.disturbed,
            intervals: intervals(measured),
            curve: curve(&measured.deliveries),
            steps: measured.steps.clone(),
            recovery: measured.recovery,
            storms: measured.storms.clone(),
            pages: measured.pages.as_ref().map(|pages| pages_read(pages, window_s)),
            read_back: measured.read_back,
            drained: measured.drained,
            ..Self::empty(origin)
        }
    }

    /// A run in which nothing happened yet.
    fn empty(origin: Origin) -> Self {
        let Origin { workload, peer, round, version, durability } = origin;
        Self {
            workload,
            peer,
            round,
            version,
            durability,
            connections: 0,
            arrival_s: 0.0,
            turned_away: 0,
            window_s: 0.0,
            deliveries: 0,
            publishes: 0,
            accepted: 0,
            refused: 0,
            gaps: 0,
            disconnects: 0,
            deliveries_per_s: 0.0,
            publishes_per_s: 0.0,
            accepted_per_s: 0.0,
            error_rate: 0.0,
            disorder: Disorder::default(),
            reasons: BTreeMap::new(),
            delivery: Latency::default(),
            acceptance: None,
            generator_late_us_p99: None,
            server: None,
            generator: Usage::default(),
            disturbed: 0.0,
            intervals: Vec::new(),
            curve: Vec::new(),
            steps: Vec::new(),
            recovery: None,
            storms: Vec::new(),
            pages: None,
            read_back: None,
            drained: None,
        }
    }

    /// What a peer that is alone says of itself: what it stored, or what it acknowledged.
    pub(crate) fn alone(origin: Origin, alone: Alone) -> Self {
        let Alone { messages, seconds } = alone;
        let is_store = origin.peer == Peer::BareStore;
        let accepted = if is_store { 0 } else { messages };
        Self {
            window_s: seconds,
            accepted,
            accepted_per_s: accepted as f64 / seconds,
            drained: is_store.then_some(Drained { messages, seconds, left: 0 }),
            ..Self::empty(origin)
        }
    }

    /// The generator had no processor time to spare: the server may be able to do more.
    pub(crate) fn is_limited_by_generator(&self) -> bool {
        self.generator.busy + self.generator.waited >= LIMIT_SHARE
    }

    /// Something else used the cores of the run.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.disturbed >= DISTURBED_SHARE
    }

    /// Everything that must not happen.
    pub(crate) fn faults(&self) -> u64 {
        let differing = self.read_back.map_or(0, |read| read.differing + read.altered);
        let pages = self.pages.map_or(0, |pages| pages.refused + pages.unanswered);
        let left = self.drained.map_or(0, |drained| drained.left);
        self.refused + self.disconnects + self.disorder.total() + differing + pages + left
    }

    /// Server's processor time for a delivery, or for an acknowledged publish where nobody follows, microseconds.
    pub(crate) fn cpu_us_per_delivery(&self) -> Option<f64> {
        let (usage, done) = (self.server?.usage, self.deliveries.max(self.accepted));
        (done > 0).then(|| (usage.cpu_user_s + usage.cpu_system_s) * 1e6 / done as f64)
    }

    /// A figure that a mark may name.
    pub(crate) fn figure(&self, measure: Measure) -> Option<f64> {
        match measure {
            Measure::DeliveriesPerS => Some(self.deliveries_per_s),
            Measure::AcceptedPerS => Some(self.accepted_per_s),
            Measure::CpuUsPerDelivery => self.cpu_us_per_delivery(),
            Measure::LatencyUsP50 => Some(self.delivery.p50_us),
            Measure::LatencyUsP99 => Some(self.delivery.p99_us),
            Measure::LatencyUsP999 => Some(self.delivery.p999_us),
            Measure::Faults => Some(self.faults() as f64),
            Measure::RssPerConnectionBytes => self.server.map(|server| server.rss_per_connection_bytes),
            Measure::DrainPerS => self.drained.map(|drained| drained.per_s()),
        }
    }
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        Self {
            p50_us: quantile_us(histogram, 0.5),
            p90_us: quantile_us(histogram, 0.9),
            p99_us: quantile_us(histogram, 0.99),
            p999_us: quantile_us(histogram, 0.999),
            max_us: histogram.max() as f64 / 1e3,
        }
    }
}

fn quantile_us(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1e3
}

fn server(measured: &Measured) -> Option<ServerFigures> {
    let (usage, [before, silent, loaded]) = (measured.server?, measured.resident_bytes?);
    let millions = measured.counts.deliveries.max(measured.counts.accepted).max(1) as f64 / 1e6;
    Some(ServerFigures {
        usage,
        cpu_user_s_per_million: usage.cpu_user_s / millions,
        cpu_system_s_per_million: usage.cpu_system_s / millions,
        rss_bytes: silent,
        rss_loaded_bytes: loaded,
        rss_per_connection_bytes: silent.saturating_sub(before) as f64 / measured.silent_connections.max(1) as f64,
    })
}

fn intervals(measured: &Measured) -> Vec<IntervalFigures> {
    let figures = measured.intervals.iter().map(|interval| IntervalFigures {
        at_s: interval.at_s,
        deliveries_per_s: interval.counts.deliveries as f64 / interval.length_s,
        publishes_per_s: interval.counts.publishes as f64 / interval.length_s,
        p99_us: quantile_us(&interval.deliveries, 0.99),
    });
    figures.collect()
}

/// From the median towards the maximum, each point halving what lies beyond.
fn curve(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    if histogram.is_empty() {
        return Vec::new();
    }
    let shares = (0..48).map(|step| 1.0 - 0.5f64.powf(f64::from(step) / 2.0));
    shares
        .take_while(|share| (1.0 - share) * histogram.len() as f64 >= 1.0)
        .map(|share| (share, quantile_us(histogram, share)))
        .collect()
}

fn pages_read(pages: &PagesRead, window_s: f64) -> PageFigures {
    PageFigures {
        pages_per_s: pages.pages as f64 / window_s,
        messages_per_s: pages.messages as f64 / window_s,
        mib_per_s: pages.bytes as f64 / window_s / f64::from(1 << 20),
        refused: pages.refused,
        unanswered: pages.unanswered,
        latency: Latency::of(&pages.latencies),
    }
}
