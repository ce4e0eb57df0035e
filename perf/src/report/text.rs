//! The tables of a report, for the terminal and the page.

use super::Report;
use super::median::Median;
use super::words::{count, time};
use crate::figures::Run;
use crate::peer::Peer;
use crate::workload::{Load, Workload};

/// Headings of the table of peers.
pub(crate) const COLUMNS: [&str; 15] = [
    "peer",
    "deliveries/s",
    "acknowl./s",
    "drained/s",
    "spread",
    "x floor",
    "p50",
    "p99",
    "p99.9",
    "max",
    "cpu us/delivery",
    "x floor",
    "rss/connection",
    "generator",
    "faults",
];
const WORKLOAD_WIDTH: usize = 12;
/// With fewer connections what a server takes once hides what each of them does.
const CROWD: usize = 1_000;
const WIDTHS: [usize; 15] = [11, 13, 12, 11, 8, 9, 10, 10, 10, 10, 17, 9, 16, 13, 8];

/// A peer's row: medians over the rounds.
pub(crate) fn row(report: &Report, workload: &Workload, peer: Peer) -> [String; 15] {
    let dash = || "-".to_owned();
    let median = |figure: &dyn Fn(&Run) -> Option<f64>| report.median(&workload.name, peer, figure);
    let shown = |figure: &dyn Fn(&Run) -> Option<f64>, show: &dyn Fn(f64) -> String| {
        median(figure).map_or("-".into(), |median| show(median.value))
    };
    let deliveries = median(&|run| Some(run.deliveries_per_s));
    let floor = report.median(&workload.name, Peer::Floor, |run| Some(run.deliveries_per_s));
    let share = |own: Option<Median>, floor: Option<Median>| {
        let (own, floor) = own.zip(floor.filter(|floor| floor.value > 0.0))?;
        Some(format!("{:.2}", own.value / floor.value))
    };
    // What goes through at a given rate says nothing about the server; what it costs does.
    let rate_share = matches!(workload.load, Load::Saturated { .. }).then(|| share(deliveries, floor)).flatten();
    let floor_cpu = report.median(&workload.name, Peer::Floor, Run::cpu_us_per_delivery);
    let cpu_share = share(median(&Run::cpu_us_per_delivery), floor_cpu);
    [
        peer.name().into(),
        shown(&|run| positive(run.deliveries_per_s), &count),
        shown(&|run| positive(run.accepted_per_s), &count),
        shown(&|run| run.drained.map(|drained| drained.per_s()), &count),
        median(&rate)
            .filter(|_| report.runs_of(&workload.name, peer).nth(1).is_some())
            .map_or_else(dash, |median| format!("{:.0} %", median.spread() * 100.0)),
        rate_share.unwrap_or_else(dash),
        shown(&|run| positive(run.delivery.p50_us), &time),
        shown(&|run| positive(run.delivery.p99_us), &time),
        shown(&|run| positive(run.delivery.p999_us), &time),
        shown(&|run| positive(run.delivery.max_us), &time),
        shown(&Run::cpu_us_per_delivery, &|us| format!("{us:.3}")),
        cpu_share.unwrap_or_else(dash),
        shown(
            &|run| run.server.filter(|_| run.connections >= CROWD).map(|server| server.rss_per_connection_bytes),
            &|bytes| format!("{:.1} KiB", bytes / 1024.0),
        ),
        generator(report, workload, peer),
        median(&|run| Some(run.faults() as f64)).map_or("-".into(), |faults| format!("{:.0}", faults.most)),
    ]
}

/// What goes through: deliveries, acknowledgements where nobody follows, rows where nobody is acknowledged.
fn rate(run: &Run) -> Option<f64> {
    let drained = run.drained.map_or(0.0, |drained| drained.per_s());
    [run.deliveries_per_s, run.accepted_per_s, drained].into_iter().find_map(positive)
}

/// A figure of something that happened.
fn positive(figure: f64) -> Option<f64> {
    Some(figure).filter(|figure| *figure > 0.0)
}

/// How busy the generator was, and whether it was what limited some round.
fn generator(report: &Report, workload: &Workload, peer: Peer) -> String {
    let busy = report.median(&workload.name, peer, |run| positive(run.generator.busy));
    let is_limit = report.runs_of(&workload.name, peer).any(Run::is_limited_by_generator);
    let limit = if is_limit { " limit" } else { "" };
    busy.map_or("-".into(), |busy| format!("{:.0} %{limit}", busy.value * 100.0))
}

/// One table, the peers of each workload one below the other, and a line for each mark.
pub(crate) fn summary(report: &Report) -> String {
    let mut out = format!("\n{:<WORKLOAD_WIDTH$}{}", "workload", aligned(&COLUMNS.map(String::from)));
    for workload in &report.workloads {
        for peer in report.peers_of(&workload.name) {
            let cells = aligned(&row(report, workload, peer));
            out.push_str(&format!("{:<WORKLOAD_WIDTH$}{cells}", workload.name));
        }
    }
    out.push('\n');
    for verdict in &report.verdicts {
        out.push_str(&verdict.line());
        out.push('\n');
    }
    out
}

fn aligned(cells: &[String; 15]) -> String {
    let mut line = String::new();
    for (number, (cell, width)) in cells.iter().zip(WIDTHS).enumerate() {
        line.push_str(&if number == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") });
    }
    line + "\n"
}
