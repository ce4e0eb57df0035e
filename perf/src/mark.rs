//! What a workload's figures are held against.

use serde::{Deserialize, Serialize};

use crate::peer::Peer;

/// A bar for one figure of one peer: so many times the same figure of another, plus a constant; or a constant alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    /// What its line calls it: a word that no other mark of the set has.
    pub(crate) name: String,
    /// Whose figure.
    pub(crate) peer: Peer,
    /// Which figure.
    pub(crate) measure: Measure,
    /// What it is held against; nothing: the bar is absolute.
    pub(crate) against: Option<Against>,
    /// The figure must reach this, or this many times what it is held against.
    pub(crate) at_least: Option<f64>,
    /// The figure must not pass this, or this many times what it is held against.
    pub(crate) at_most: Option<f64>,
    /// Added to the bar, in the figure's unit.
    #[serde(default)]
    pub(crate) plus: f64,
}

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// Deliveries a second.
    DeliveriesPerS,
    /// Acknowledged publishes a second.
    AcceptedPerS,
    /// Server's processor microseconds a delivery.
    CpuUsPerDelivery,
    /// Median latency of deliveries, microseconds.
    LatencyUsP50,
    /// 99th percentile, microseconds.
    LatencyUsP99,
    /// 99.9th percentile, microseconds.
    LatencyUsP999,
    /// Everything that must not happen: refused, lost, doubled, reordered or altered messages, broken connections.
    Faults,
    /// Resident bytes a connection.
    RssPerConnectionBytes,
    /// Messages a second at which the backlog drained after the load ended.
    DrainPerS,
}

/// What a figure is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Against {
    /// The same figure of a peer in the same run.
    Peer(Peer),
    /// The time of one sync on this disk, microseconds.
    Sync,
}

/// How a figure stands to its bar. Both are ratios where the bar is one, otherwise in the figure's unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    /// The mark's name.
    pub(crate) name: String,
    /// Whose figure it is, and what that is held against.
    pub(crate) about: String,
    /// `None`: it was not measured.
    pub(crate) measured: Option<f64>,
    pub(crate) bar: f64,
    /// The bar is to be reached, not to be stayed below.
    pub(crate) is_at_least: bool,
    pub(crate) is_met: bool,
}

impl Measure {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DeliveriesPerS => "deliveries_per_s",
            Self::AcceptedPerS => "accepted_per_s",
            Self::CpuUsPerDelivery => "cpu_us_per_delivery",
            Self::LatencyUsP50 => "latency_us_p50",
            Self::LatencyUsP99 => "latency_us_p99",
            Self::LatencyUsP999 => "latency_us_p999",
            Self::Faults => "faults",
            Self::RssPerConnectionBytes => "rss_per_connection_bytes",
            Self::DrainPerS => "drain_per_s",
        }
    }

    /// Whether less of it is better.
    pub(crate) const fn is_cost(self) -> bool {
        !matches!(self, Self::DeliveriesPerS | Self::AcceptedPerS | Self::DrainPerS)
    }
}

impl Mark {
    /// Whose figures it needs.
    pub(crate) fn peers(&self) -> impl Iterator<Item = Peer> {
        let against = match self.against {
            Some(Against::Peer(peer)) => Some(peer),
            Some(Against::Sync) | None => None,
        };
        std::iter::once(self.peer).chain(against)
    }

    /// Judges the mark; `figure` gives the medians of peers and `sync_us` the disk's sync. A peer that lost or refused
    /// messages has not done the work: `is_faulty` says that its rounds show faults.
    pub(crate) fn judge(
        &self,
        figure: impl Fn(Peer, Measure) -> Option<f64>,
        sync_us: Option<f64>,
        is_faulty: bool,
    ) -> Verdict {
        let own = figure(self.peer, self.measure);
        let base = match self.against {
            None => None,
            Some(Against::Peer(peer)) => figure(peer, self.measure).filter(|base| *base > 0.0),
            Some(Against::Sync) => sync_us,
        };
        let factor = self.at_least.or(self.at_most).unwrap_or(0.0);
        let (measured, bar) = match (self.against, base) {
            (None, _) => (own, factor + self.plus),
            (Some(_), None) => (None, factor),
            (Some(_), Some(base)) if self.plus == 0.0 => (own.map(|own| own / base), factor),
            (Some(_), Some(base)) => (own, factor * base + self.plus),
        };
        let is_at_least = self.at_least.is_some();
        let is_reached = measured.is_some_and(|measured| if is_at_least { measured >= bar } else { measured <= bar });
        let is_met = is_reached && !is_faulty;
        Verdict { name: self.name.clone(), about: self.about(), measured, bar, is_at_least, is_met }
    }

    /// The figure and its bar in words.
    fn about(&self) -> String {
        let (measure, peer) = (self.measure.name(), self.peer.name());
        match self.against {
            None => format!("{measure} of {peer}"),
            Some(Against::Peer(other)) if self.plus == 0.0 => format!("{measure} of {peer} / {}", other.name()),
            Some(Against::Peer(other)) => format!("{measure} of {peer}; the bar: {}'s and {}", other.name(), self.plus),
            Some(Against::Sync) => format!("{measure} of {peer}; the bar: a sync of this disk and {} us", self.plus),
        }
    }
}

impl Verdict {
    /// `mark NAME MEASURED BAR met|short`.
    pub(crate) fn line(&self) -> String {
        let measured = self.measured.map_or("-".into(), shown);
        let verdict = if self.is_met { "met" } else { "short" };
        format!("mark {} {measured} {} {verdict}", self.name, shown(self.bar))
    }
}

/// Ratios with their digits, large figures without.
fn shown(value: f64) -> String {
    if value.abs() < 100.0 && value.fract() != 0.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(against: Option<Against>, at_least: Option<f64>, at_most: Option<f64>, plus: f64) -> Mark {
        Mark {
            name: "quiet-p50".into(),
            peer: Peer::Moim,
            measure: Measure::LatencyUsP50,
            against,
            at_least,
            at_most,
            plus,
        }
    }

    fn line(mark: &Mark) -> String {
        let figure = |peer, _| match peer {
            Peer::Moim => Some(300.0),
            Peer::Floor => Some(200.0),
            _ => None,
        };
        mark.judge(figure, Some(120.0), false).line()
    }

    #[test]
    fn a_bar_is_absolute_a_ratio_or_a_sync_and_something() {
        assert_eq!(line(&mark(None, None, Some(5_000.0), 0.0)), "mark quiet-p50 300 5000 met");
        let floor = Some(Against::Peer(Peer::Floor));
        assert_eq!(line(&mark(floor, None, Some(1.15), 0.0)), "mark quiet-p50 1.50 1.15 short");
        assert_eq!(line(&mark(floor, Some(1.5), None, 0.0)), "mark quiet-p50 1.50 1.50 met");
        let sync = Some(Against::Sync);
        assert_eq!(line(&mark(sync, None, Some(1.0), 150.0)), "mark quiet-p50 300 270 short");
    }

    #[test]
    fn a_figure_of_rounds_with_faults_meets_nothing() {
        let mark = mark(None, None, Some(5_000.0), 0.0);
        assert!(mark.judge(|_, _| Some(300.0), None, false).is_met);
        assert!(!mark.judge(|_, _| Some(300.0), None, true).is_met);
    }

    #[test]
    fn what_was_not_measured_is_short() {
        let redis = Some(Against::Peer(Peer::Redis));
        assert_eq!(line(&mark(redis, None, Some(2.0), 0.0)), "mark quiet-p50 - 2 short");
    }
}
