//! What changed between two servers, or two recorded results, beyond noise.
//!
//! Figures come in pairs, one of each side, taken one after the other. A figure counts as changed when all rounds of one
//! side lie beyond all rounds of the other: of five pairs without a difference fewer than one in a hundred do.

use super::Report;
use super::median::Median;
use super::words::{count, time};
use crate::figures::Run;
use crate::mark::Measure;
use crate::peer::Peer;

/// With fewer, chance alone sets the sides apart too often.
const PAIRS_MIN: usize = 4;
const MEASURES: [Measure; 7] = [
    Measure::DeliveriesPerS,
    Measure::AcceptedPerS,
    Measure::CpuUsPerDelivery,
    Measure::LatencyUsP50,
    Measure::LatencyUsP99,
    Measure::LatencyUsP999,
    Measure::RssPerConnectionBytes,
];

/// One figure on both sides.
#[derive(Clone, Debug, PartialEq)]
struct Change {
    workload: String,
    peer: Peer,
    measure: Measure,
    a: Median,
    b: Median,
    /// B's share of A, pair by pair.
    ratio: Median,
    pairs: usize,
}

impl Change {
    fn of(workload: &str, peer: Peer, measure: Measure, pairs: &[(f64, f64)]) -> Option<Self> {
        Some(Self {
            workload: workload.to_owned(),
            peer,
            measure,
            a: Median::of(pairs.iter().map(|pair| pair.0))?,
            b: Median::of(pairs.iter().map(|pair| pair.1))?,
            ratio: Median::of(pairs.iter().map(|pair| pair.1 / pair.0))?,
            pairs: pairs.len(),
        })
    }

    fn is_beyond_noise(&self) -> bool {
        self.pairs >= PAIRS_MIN && (self.a.most < self.b.least || self.b.most < self.a.least)
    }

    fn line(&self) -> String {
        let is_better = (self.ratio.value < 1.0) == self.measure.is_cost();
        let verdict = match (self.is_beyond_noise(), is_better) {
            (false, _) => "same",
            (true, true) => "BETTER",
            (true, false) => "WORSE",
        };
        format!(
            "{:<11}{:<9}{:<26}{:>14}{:>7}{:>14}{:>7}{:>8}  {verdict}\n",
            self.workload,
            self.peer.name(),
            self.measure.name(),
            shown(self.measure, self.a.value),
            spread(&self.a),
            shown(self.measure, self.b.value),
            spread(&self.b),
            format!("{:+.1} %", (self.ratio.value - 1.0) * 100.0),
        )
    }
}

/// The comparison as a table.
pub(crate) fn table(a: &Report, b: &Report) -> String {
    let mut out = format!(
        "{:<11}{:<9}{:<26}{:>14}{:>7}{:>14}{:>7}{:>8}  beyond noise\n",
        "workload", "peer", "figure", "A", "spread", "B", "spread", "B to A"
    );
    for workload in &a.workloads {
        for peer in a.peers_of(&workload.name) {
            for measure in MEASURES {
                let pairs = pairs(a, b, &workload.name, peer, measure);
                if let Some(change) = Change::of(&workload.name, peer, measure, &pairs) {
                    out.push_str(&change.line());
                }
            }
            out.push_str(&faults(a, b, &workload.name, peer));
        }
    }
    out
}

/// The figure of both sides for each round that both have; none where one side has nothing of it.
fn pairs(a: &Report, b: &Report, workload: &str, peer: Peer, measure: Measure) -> Vec<(f64, f64)> {
    let figure = |run: &Run| run.figure(measure).filter(|figure| *figure > 0.0);
    let other = |round| b.runs_of(workload, peer).find(|run| run.round == round);
    a.runs_of(workload, peer).filter_map(|run| Some((figure(run)?, figure(other(run.round)?)?))).collect()
}

/// Faults are no matter of noise.
fn faults(a: &Report, b: &Report, workload: &str, peer: Peer) -> String {
    let sum = |report: &Report| report.runs_of(workload, peer).map(Run::faults).sum::<u64>();
    match (sum(a), sum(b)) {
        (0, 0) => String::new(),
        (a, b) => format!("{workload:<11}{:<9}{:<26}{a:>14}{:>7}{b:>14}\n", peer.name(), "faults", ""),
    }
}

fn shown(measure: Measure, value: f64) -> String {
    match measure {
        Measure::LatencyUsP50 | Measure::LatencyUsP99 | Measure::LatencyUsP999 => time(value),
        Measure::CpuUsPerDelivery => format!("{value:.3}"),
        _ => count(value),
    }
}

fn spread(median: &Median) -> String {
    format!("{:.0} %", median.spread() * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(measure: Measure, pairs: &[(f64, f64)]) -> Change {
        Change::of("rooms", Peer::Moim, measure, pairs).unwrap()
    }

    #[test]
    fn sides_that_stand_apart_are_a_change() {
        let pairs = [(100.0, 120.0), (102.0, 125.0), (98.0, 119.0), (101.0, 121.0)];
        let faster = change(Measure::DeliveriesPerS, &pairs);
        assert!(faster.line().ends_with("BETTER\n"), "{}", faster.line());
        let slower = change(Measure::LatencyUsP99, &pairs);
        assert!(slower.line().ends_with("WORSE\n"), "{}", slower.line());
    }

    #[test]
    fn sides_that_overlap_are_noise() {
        let noise = change(Measure::DeliveriesPerS, &[(100.0, 120.0), (100.0, 99.0), (100.0, 119.0), (101.0, 121.0)]);
        assert!(!noise.is_beyond_noise());
        let drift = change(Measure::DeliveriesPerS, &[(100.0, 101.0), (150.0, 152.0), (200.0, 203.0), (250.0, 252.0)]);
        assert!(!drift.is_beyond_noise());
    }

    #[test]
    fn three_pairs_prove_nothing() {
        assert!(!change(Measure::DeliveriesPerS, &[(100.0, 200.0); 3]).is_beyond_noise());
    }
}
