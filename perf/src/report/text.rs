//! Reports for the terminal.

use super::Report;
use super::median::Median;
use crate::figures::Run;

/// One run in a line.
pub(crate) fn line(run: &Run) -> String {
    let Run { workload, round, delivery, .. } = run;
    let server = run.server.map_or(String::new(), |server| {
        format!(
            ", server {:.0} % busy, {:.2} us/delivery",
            server.usage.busy * 100.0,
            run.cpu_us_per_delivery().unwrap_or(0.0)
        )
    });
    let mut line = format!(
        "{workload} {} #{round}: {} deliveries/s, {} publishes/s, p50 {} p99 {} p99.9 {} max {}{server}, generator {:.0} % busy",
        run.peer.name(),
        count(run.deliveries_per_s),
        count(run.publishes_per_s),
        time(delivery.p50_us),
        time(delivery.p99_us),
        time(delivery.p999_us),
        time(delivery.max_us),
        run.generator.busy * 100.0,
    );
    for note in notes(run) {
        line.push_str("\n    ");
        line.push_str(&note);
    }
    line
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
            "other programs took {:.0} % of the server's core and {:.0} % of the generator's: absolute figures are too low",
            server * 100.0,
            run.generator.disturbed * 100.0
        ));
    }
    if run.faults() > 0 {
        let disorder = run.disorder;
        notes.push(format!(
            "FAULTS: {} refused, {} disconnected, {} lost, {} duplicated, {} reordered, {} misdelivered, {} broken links",
            run.refused,
            run.disconnects,
            disorder.lost,
            disorder.duplicated,
            disorder.reordered,
            disorder.misdelivered,
            disorder.broken_links
        ));
    }
    notes.extend(run.reasons.iter().map(|(why, times)| format!("{times} times: {why}")));
    notes
}

/// A table for each workload, peers side by side.
pub(crate) fn summary(report: &Report) -> String {
    let mut out = String::new();
    for workload in &report.workloads {
        out.push_str(&format!("\n{} — {}\n", workload.name, workload.title));
        out.push_str(&format!(
            "{:<11}{:>14}{:>9}{:>9}{:>10}{:>10}{:>10}{:>10}{:>13}{:>11}{:>8}\n",
            "peer",
            "deliveries/s",
            "spread",
            "x floor",
            "p50",
            "p99",
            "p99.9",
            "max",
            "cpu us/del.",
            "rss/conn",
            "faults"
        ));
        let runs: Vec<&Run> = report.runs.iter().filter(|run| run.workload == workload.name).collect();
        let mut peers: Vec<_> = runs.iter().map(|run| run.peer).collect();
        peers.sort();
        peers.dedup();
        let rate = |peer| Median::of(runs.iter().filter(|run| run.peer == peer).map(|run| run.deliveries_per_s));
        let floor = rate(crate::peer::Peer::Floor);
        for peer in peers {
            let of = |figure: &dyn Fn(&Run) -> Option<f64>| {
                Median::of(runs.iter().filter(|run| run.peer == peer).filter_map(|run| figure(run)))
            };
            let shown = |figure: &dyn Fn(&Run) -> Option<f64>, show: fn(f64) -> String| {
                of(figure).map_or("-".into(), |median| show(median.value))
            };
            let Some(deliveries) = rate(peer) else { continue };
            let share = floor.filter(|floor| floor.value > 0.0).map(|floor| deliveries.value / floor.value);
            out.push_str(&format!(
                "{:<11}{:>14}{:>9}{:>9}{:>10}{:>10}{:>10}{:>10}{:>13}{:>11}{:>8}\n",
                peer.name(),
                count(deliveries.value),
                format!("{:.0} %", deliveries.spread() * 100.0),
                share.map_or("-".into(), |share| format!("{share:.2}")),
                shown(&|run| Some(run.delivery.p50_us), time),
                shown(&|run| Some(run.delivery.p99_us), time),
                shown(&|run| Some(run.delivery.p999_us), time),
                shown(&|run| Some(run.delivery.max_us), time),
                shown(&Run::cpu_us_per_delivery, |us| format!("{us:.3}")),
                shown(&|run| run.server.map(|server| server.rss_per_connection_bytes), |bytes| {
                    format!("{:.1} KiB", bytes / 1024.0)
                }),
                shown(&|run| Some(run.faults() as f64), |faults| format!("{faults:.0}")),
            ));
        }
    }
    out
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
