//! Reports for the terminal, and the words that the page uses too.

use super::Report;
use crate::figures::Run;
use crate::peer::Peer;
use crate::workload::Workload;

/// One run in a line, and what must be known to read it.
pub(crate) fn line(run: &Run) -> String {
    let Run { workload, round, delivery, .. } = run;
    let each = run.cpu_us_per_delivery().map_or(String::new(), |us| format!(", {us:.2} us/delivery"));
    let server =
        run.server.map_or(String::new(), |server| format!(", server {:.0} % busy{each}", server.usage.busy * 100.0));
    let mut line = format!(
        "{workload} {} #{round}: {} deliveries/s, {} publishes/s, p50 {} p99 {} p99.9 {} max {}{server}, \
         generator {:.0} % busy",
        run.peer.name(),
        count(run.deliveries_per_s),
        count(run.publishes_per_s),
        time(delivery.p50_us),
        time(delivery.p99_us),
        time(delivery.p999_us),
        time(delivery.max_us),
        run.generator.busy * 100.0,
    );
    for note in happenings(run).into_iter().chain(notes(run)) {
        line.push_str("\n    ");
        line.push_str(&note);
    }
    line
}

/// What happened in a run besides deliveries.
pub(crate) fn happenings(run: &Run) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(acceptance) = run.acceptance.filter(|_| run.accepted > 0) {
        said.push(format!(
            "{} acknowledged/s, p50 {} p99 {}",
            count(run.accepted_per_s),
            time(acceptance.p50_us),
            time(acceptance.p99_us)
        ));
    }
    for step in &run.steps {
        said.push(format!(
            "{:>5} users, {:>5} publishes/s: {} deliveries/s, {:.3} % errors, p50 {} p99 {} slowest {}",
            step.users,
            step.publishes_per_s,
            count(step.deliveries_per_s),
            step.error_rate * 100.0,
            time(step.latency_us_p50),
            time(step.latency_us_p99),
            time(step.latency_us_max)
        ));
    }
    if let Some(recovery) = run.recovery {
        let within =
            recovery.seconds.map_or("not back to normal in time".into(), |s| format!("back to normal in {s:.2} s"));
        said.push(format!("{within} (p99 within {})", time(recovery.normal_us)));
    }
    for storm in &run.storms {
        let caught_up = storm.caught_up_s.map_or("not in time".into(), |s| format!("{s:.2} s"));
        said.push(format!(
            "{} dropped: all back after {:.2} s, nothing missing after {caught_up}",
            storm.connections, storm.back_s
        ));
    }
    if let Some(pages) = run.pages {
        said.push(format!(
            "{} pages/s of {} messages/s, {:.1} MiB/s, p50 {} p99 {}",
            count(pages.pages_per_s),
            count(pages.messages_per_s),
            pages.mib_per_s,
            time(pages.latency.p50_us),
            time(pages.latency.p99_us)
        ));
    }
    if let Some(read) = run.read_back {
        said.push(format!(
            "{} messages read back: {} out of place, {} altered",
            count(read.messages as f64),
            read.differing,
            read.altered
        ));
    }
    if let Some(drained) = run.drained {
        said.push(format!(
            "backlog of {} messages drained in {:.2} s, {} a second; {} left",
            count(drained.messages as f64),
            drained.seconds,
            count(drained.per_s()),
            drained.left
        ));
    }
    said
}

/// What must be known to read a run's figures.
pub(crate) fn notes(run: &Run) -> Vec<String> {
    let mut notes = Vec::new();
    if run.is_limited_by_generator() {
        notes.push("the generator was at its limit: the server may do more".into());
    }
    if run.is_disturbed() {
        let server = run.server.map_or(0.0, |server| server.usage.disturbed);
        notes.push(format!(
            "other programs took {:.0} % of the server's core and {:.0} % of the generator's",
            server * 100.0,
            run.generator.disturbed * 100.0
        ));
    }
    if run.faults() > 0 {
        let d = run.disorder;
        notes.push(format!(
            "FAULTS: {} refused, {} disconnected, {} lost, {} duplicated, {} reordered, {} misdelivered, {} broken links",
            run.refused, run.disconnects, d.lost, d.duplicated, d.reordered, d.misdelivered, d.broken_links
        ));
    }
    if run.turned_away > 0 {
        notes.push(format!("{} sign-ins were asked to come back later", run.turned_away));
    }
    notes.extend(run.reasons.iter().map(|(why, times)| format!("{times} times: {why}")));
    notes
}

/// Headings of the table of peers.
pub(crate) const COLUMNS: [&str; 12] = [
    "peer",
    "deliveries/s",
    "acknowl./s",
    "spread",
    "x floor",
    "p50",
    "p99",
    "p99.9",
    "max",
    "cpu us/delivery",
    "rss/connection",
    "faults",
];
const WIDTHS: [usize; 12] = [11, 13, 12, 8, 9, 10, 10, 10, 10, 17, 16, 8];

/// A peer's row: medians over the rounds.
pub(crate) fn row(report: &Report, workload: &Workload, peer: Peer) -> [String; 12] {
    let median = |figure: &dyn Fn(&Run) -> Option<f64>| report.median(&workload.name, peer, figure);
    let shown = |figure: &dyn Fn(&Run) -> Option<f64>, show: &dyn Fn(f64) -> String| {
        median(figure).map_or("-".into(), |median| show(median.value))
    };
    let deliveries = median(&|run| Some(run.deliveries_per_s));
    // Where nobody follows, acknowledgements are what goes through.
    let rate = if workload.follows() { deliveries } else { median(&|run| Some(run.accepted_per_s)) };
    let floor = report.median(&workload.name, Peer::Floor, |run| Some(run.deliveries_per_s));
    let share = deliveries.zip(floor.filter(|floor| floor.value > 0.0)).map(|(own, floor)| own.value / floor.value);
    [
        peer.name().into(),
        deliveries.map_or("-".into(), |median| count(median.value)),
        shown(&|run| run.acceptance.map(|_| run.accepted_per_s), &count),
        rate.map_or("-".into(), |median| format!("{:.0} %", median.spread() * 100.0)),
        share.map_or("-".into(), |share| format!("{share:.2}")),
        shown(&|run| Some(run.delivery.p50_us), &time),
        shown(&|run| Some(run.delivery.p99_us), &time),
        shown(&|run| Some(run.delivery.p999_us), &time),
        shown(&|run| Some(run.delivery.max_us), &time),
        shown(&Run::cpu_us_per_delivery, &|us| format!("{us:.3}")),
        shown(&|run| run.server.map(|server| server.rss_per_connection_bytes), &|bytes| {
            format!("{:.1} KiB", bytes / 1024.0)
        }),
        median(&|run| Some(run.faults() as f64)).map_or("-".into(), |faults| format!("{:.0}", faults.most)),
    ]
}

/// A table for each workload, peers side by side, and a line for each mark.
pub(crate) fn summary(report: &Report) -> String {
    let mut out = String::new();
    for workload in &report.workloads {
        out.push_str(&format!("\n{}: {}\n", workload.name, workload.title));
        out.push_str(&aligned(&COLUMNS.map(String::from)));
        for peer in report.peers_of(&workload.name) {
            out.push_str(&aligned(&row(report, workload, peer)));
        }
    }
    out.push('\n');
    for verdict in &report.verdicts {
        out.push_str(&verdict.line());
        out.push('\n');
    }
    out
}

fn aligned(cells: &[String; 12]) -> String {
    let mut line = String::new();
    for (number, (cell, width)) in cells.iter().zip(WIDTHS).enumerate() {
        line.push_str(&if number == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") });
    }
    line + "\n"
}

/// A number for people: thousands apart.
pub(crate) fn count(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if value < -0.5 { format!("-{out}") } else { out }
}

/// A time in microseconds, in the unit that suits it.
pub(crate) fn time(us: f64) -> String {
    match us {
        us if us < 1_000.0 => format!("{us:.0} us"),
        us if us < 100_000.0 => format!("{:.2} ms", us / 1e3),
        us if us < 1_000_000.0 => format!("{:.0} ms", us / 1e3),
        us => format!("{:.2} s", us / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_written_for_people() {
        assert_eq!(count(0.0), "0");
        assert_eq!(count(999.6), "1,000");
        assert_eq!(count(1_234_567.0), "1,234,567");
        assert_eq!(count(-1_234.0), "-1,234");
        assert_eq!(time(12.3), "12 us");
        assert_eq!(time(1_234.0), "1.23 ms");
        assert_eq!(time(123_456.0), "123 ms");
        assert_eq!(time(1_500_000.0), "1.50 s");
    }
}
