//! The page: one file without anything beside it.

use std::fmt::Write;

use super::Report;
use super::plot::{Axis, Line, bars, lines};
use super::scale::Scale;
use super::text::{self, COLUMNS};
use super::words::{count, happenings, notes, recovery, time};
use crate::figures::Run;
use crate::peer::Peer;
use crate::workload::{Load, Workload};

const STYLE: &str = include_str!("page.css");

/// The whole report as a page.
pub(super) fn page(report: &Report) -> String {
    let sections: String = report.workloads.iter().map(|workload| section(report, workload)).collect();
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Moim, measured</title><style>{STYLE}</style><main><h1>Moim, measured</h1>{}{}{sections}</main></html>",
        machine(report),
        marks(report)
    )
}

fn machine(report: &Report) -> String {
    let machine = &report.machine;
    let facts = [
        ("Processor", format!("{}, {} cores, {} GiB", machine.processor, machine.cores, machine.memory_gib)),
        ("Kernel", format!("{}, TCP {}", machine.kernel, machine.congestion_control)),
        ("Disk", format!("{}, a sync takes {}", machine.file_system, machine.sync_us.map_or("unknown".into(), time))),
        ("Source", format!("{}, {}", machine.commit, machine.harness)),
    ];
    let rows: String = facts.iter().map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>", escape(value))).collect();
    format!(
        "<dl>{rows}</dl><p>One core for the server, another for the generator, both ends on this machine. Figures are \
         medians over the rounds; latency counts from the instant at which a message was due.</p>"
    )
}

fn marks(report: &Report) -> String {
    if report.verdicts.is_empty() {
        return String::new();
    }
    let rows: String = report
        .verdicts
        .iter()
        .map(|verdict| {
            let measured = verdict.measured.map_or("-".into(), figure);
            let (class, word) = if verdict.is_met { ("met", "met") } else { ("short", "short") };
            format!(
                "<tr><td>{} <small>{}</small></td><td>{measured}</td><td>{} {}</td><td class=\"{class}\">{word}</td></tr>",
                verdict.name,
                escape(&verdict.about),
                if verdict.is_at_least { "&ge;" } else { "&le;" },
                figure(verdict.bar)
            )
        })
        .collect();
    format!(
        "<h2>Marks</h2><div class=\"scroll\"><table><tr><th>mark</th><th>measured</th><th>bar</th><th></th></tr>{rows}</table></div>"
    )
}

fn figure(value: f64) -> String {
    if value.abs() < 100.0 { format!("{value:.2}") } else { count(value) }
}

fn section(report: &Report, workload: &Workload) -> String {
    let peers = report.peers_of(&workload.name);
    let middle: Vec<&Run> = peers.iter().filter_map(|&peer| report.middle_run(&workload.name, peer)).collect();
    let mut out = format!(
        "<section><h2>{} <small>{}</small></h2><p>{}</p>{}",
        workload.name,
        escape(&workload.title),
        escape(&workload.about),
        table(report, workload, &peers)
    );
    out.push_str(&side_by_side(report, workload, &peers));
    if middle.iter().any(|run| run.deliveries > 0) {
        let _ = write!(out, "<div class=\"plots\">{}{}</div>", percentiles(&middle), over_time(&middle));
    }
    out.push_str(&steps(&middle));
    out.push_str(&remarks(report, workload, &peers));
    out + "</section>"
}

fn table(report: &Report, workload: &Workload, peers: &[Peer]) -> String {
    let head: String = COLUMNS.iter().map(|column| format!("<th>{column}</th>")).collect();
    let mut rows = String::new();
    for &peer in peers {
        let cells: String = text::row(report, workload, peer).iter().map(|cell| format!("<td>{cell}</td>")).collect();
        let _ = write!(rows, "<tr>{cells}</tr>");
    }
    format!("<div class=\"scroll\"><table><tr>{head}</tr>{rows}</table></div>")
}

/// The figure that a kind of load is about, peer by peer.
fn side_by_side(report: &Report, workload: &Workload, peers: &[Peer]) -> String {
    let drawn = |title, figure: &dyn Fn(&Run) -> Option<f64>, show| {
        let median = |peer| Some((Peer::name(peer), colour(peer), report.median(&workload.name, peer, figure)?.value));
        let values: Vec<_> = peers.iter().filter_map(|&peer| median(peer)).collect();
        // One alone has nothing beside it.
        if values.len() > 1 { bars(title, &values, show) } else { String::new() }
    };
    match &workload.load {
        Load::Saturated { .. } if workload.follows() => {
            drawn("Deliveries a second", &|run| Some(run.deliveries_per_s), count)
        }
        Load::Saturated { .. } | Load::InProcess {} => {
            let acknowledged = |run: &Run| Some(run.accepted_per_s).filter(|rate| *rate > 0.0);
            let drained = |run: &Run| run.drained.map(|drained| drained.per_s());
            drawn("Acknowledged a second", &acknowledged, count) + &drawn("Drained a second", &drained, count)
        }
        Load::Open { .. } | Load::Steps { .. } => {
            drawn("Processor time of the server for a delivery", &Run::cpu_us_per_delivery, |us| format!("{us:.2} us"))
        }
        Load::Idle {} => drawn(
            "Resident memory of a silent connection",
            &|run| run.server.map(|server| server.rss_per_connection_bytes),
            |bytes| format!("{:.1} KiB", bytes / 1024.0),
        ),
    }
}

/// Latency by percentile. The axis counts how many deliveries there are for each one beyond, so that the tail has room.
fn percentiles(runs: &[&Run]) -> String {
    let points = |run: &Run| run.curve.iter().map(|&(share, us)| (1.0 / (1.0 - share), us)).collect();
    let drawn = drawn(runs, points);
    let all = || drawn.iter().flat_map(|line| &line.points);
    let x = Axis { title: "percentile", scale: Scale::logarithmic(all().map(|p| p.0)), show: percentile };
    let y = Axis { title: "latency", scale: Scale::logarithmic(all().map(|p| p.1)), show: short_time };
    lines("Latency by percentile", &x, &y, &drawn)
}

fn over_time(runs: &[&Run]) -> String {
    let points = |run: &Run| run.intervals.iter().map(|interval| (interval.at_s, interval.deliveries_per_s)).collect();
    let drawn = drawn(runs, points);
    let all = || drawn.iter().flat_map(|line| &line.points);
    let x = Axis {
        title: "seconds",
        scale: Scale::linear(all().map(|p| p.0)),
        show: |s| format!("{}", (s * 100.0).round() / 100.0),
    };
    let y = Axis { title: "deliveries a second", scale: Scale::linear(all().map(|p| p.1)), show: count };
    lines("Throughput over time", &x, &y, &drawn)
}

fn drawn(runs: &[&Run], points: impl Fn(&Run) -> Vec<(f64, f64)>) -> Vec<Line> {
    let line = |run: &&Run| Line { name: run.peer.name(), colour: colour(run.peer), points: points(run) };
    runs.iter().map(line).filter(|line| !line.points.is_empty()).collect()
}

fn steps(runs: &[&Run]) -> String {
    let mut out = String::new();
    for run in runs.iter().filter(|run| !run.steps.is_empty()) {
        let mut rows = String::new();
        for step in &run.steps {
            let _ = write!(
                rows,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.3} %</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                count(step.users as f64),
                count(step.publishes_per_s),
                count(step.deliveries_per_s),
                step.error_rate * 100.0,
                time(step.latency_us_p50),
                time(step.latency_us_p99),
                time(step.latency_us_max)
            );
        }
        let _ = write!(
            out,
            "<h3>Steps of {}</h3><div class=\"scroll\"><table><tr><th>users</th><th>publishes/s</th><th>deliveries/s</th>\
             <th>errors</th><th>p50</th><th>p99</th><th>slowest</th></tr>{rows}</table></div>",
            run.peer.name()
        );
        if let Some(after) = &run.recovery {
            let _ = write!(out, "<p>{}</p>", recovery(after));
        }
    }
    out
}

/// What happened, what must be known, and which server it was.
fn remarks(report: &Report, workload: &Workload, peers: &[Peer]) -> String {
    let mut out = String::from("<ul>");
    for &peer in peers {
        let Some(first) = report.runs_of(&workload.name, peer).next() else { continue };
        let _ = write!(
            out,
            "<li><b>{}</b> <small>{}; stored: {}</small>",
            peer.name(),
            escape(&first.version),
            escape(&first.durability)
        );
        for run in report.runs_of(&workload.name, peer) {
            let mut said: Vec<String> = if run.steps.is_empty() { happenings(run) } else { Vec::new() };
            said.extend(notes(run));
            let said: Vec<String> = said.iter().map(|line| escape(line)).collect();
            if !said.is_empty() {
                let _ = write!(out, "<br><small>round {}: {}</small>", run.round, said.join("; "));
            }
        }
        out.push_str("</li>");
    }
    out + "</ul>"
}

fn percentile(one_beyond: f64) -> String {
    let percent = 100.0 * (1.0 - 1.0 / one_beyond);
    format!("{}", (percent * 1e6).round() / 1e6)
}

fn short_time(us: f64) -> String {
    match us {
        us if us < 1_000.0 => format!("{us} us"),
        us if us < 1e6 => format!("{} ms", us / 1e3),
        us => format!("{} s", us / 1e6),
    }
}

/// Told apart on light and dark ground, and by people who see red and green alike.
const fn colour(peer: Peer) -> &'static str {
    match peer {
        Peer::Floor => "#8a8f98",
        Peer::Moim => "#0072b2",
        Peer::MoimWs => "#56b4e9",
        Peer::Redis => "#d55e00",
        Peer::Nats => "#009e73",
        Peer::Mosquitto => "#cc79a7",
        Peer::Centrifuge => "#e69f00",
        Peer::BareStore | Peer::OneShard => "#8a8f98",
        Peer::TwoShards => "#0072b2",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_written_with_as_many_nines_as_they_have() {
        assert_eq!(percentile(1.0), "0");
        assert_eq!(percentile(10.0), "90");
        assert_eq!(percentile(1_000.0), "99.9");
        assert_eq!(percentile(1e6), "99.9999");
    }

    #[test]
    fn what_a_server_says_cannot_become_markup() {
        assert_eq!(escape("<b>&"), "&lt;b&gt;&amp;");
    }
}
