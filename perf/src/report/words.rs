//! What a run showed, in words.

use crate::figures::{Latency, PageFigures, Run, ServerFigures};
use crate::load::{Drained, ReadBack, Recovery, Returned, StepTaken};

/// One run in a line, and what must be known to read it.
pub(crate) fn line(run: &Run) -> String {
    let Run { workload, round, delivery, .. } = run;
    if run.peer.is_alone() {
        let messages = run.accepted + run.drained.map_or(0, |drained| drained.messages);
        let per_s = count(messages as f64 / run.window_s);
        return format!("{workload} {} #{round}: {per_s} messages/s in a process of its own", run.peer.name());
    }
    let server = run.server.map_or(String::new(), |server| server_used(run, &server));
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

fn server_used(run: &Run, server: &ServerFigures) -> String {
    let each = run.cpu_us_per_delivery().map_or(String::new(), |us| {
        let (user, system) = (server.cpu_user_s_per_million, server.cpu_system_s_per_million);
        format!(", {us:.2} us/delivery ({user:.2} user, {system:.2} system)")
    });
    format!(", server {:.0} % busy{each}", server.usage.busy * 100.0)
}

/// What happened in a run besides deliveries.
pub(crate) fn happenings(run: &Run) -> Vec<String> {
    let acceptance = run.acceptance.filter(|_| run.accepted > 0);
    let mut said: Vec<String> = acceptance.map(|latency| acknowledged(run, &latency)).into_iter().collect();
    if run.gaps > 0 {
        said.push(format!("{} gaps announced to slow readers and filled from the history", run.gaps));
    }
    said.extend(run.steps.iter().map(step));
    said.extend(run.recovery.as_ref().map(recovery));
    said.extend(run.storms.iter().map(storm));
    said.extend(run.pages.as_ref().map(pages));
    said.extend(run.read_back.as_ref().map(read_back));
    said.extend(run.drained.as_ref().map(drained));
    said
}

fn acknowledged(run: &Run, latency: &Latency) -> String {
    let (p50, p99) = (time(latency.p50_us), time(latency.p99_us));
    format!("{} acknowledged/s, p50 {p50} p99 {p99}", count(run.accepted_per_s))
}

fn step(step: &StepTaken) -> String {
    format!(
        "{:>5} users, {:>5} publishes/s: {} deliveries/s, {:.3} % errors, p50 {} p99 {} slowest {}",
        step.users,
        step.publishes_per_s,
        count(step.deliveries_per_s),
        step.error_rate * 100.0,
        time(step.latency_us_p50),
        time(step.latency_us_p99),
        time(step.latency_us_max)
    )
}

/// How long a server took after the last step.
pub(crate) fn recovery(recovery: &Recovery) -> String {
    let normal = time(recovery.normal_us);
    match recovery.seconds {
        Some(seconds) => format!("back to normal (p99 within {normal}) after {seconds:.2} s"),
        None => format!("not back to normal (p99 within {normal}) in the time allowed"),
    }
}

fn storm(storm: &Returned) -> String {
    let caught_up = storm.caught_up_s.map_or("a time beyond what was waited".into(), |s| format!("{s:.2} s"));
    format!(
        "{} dropped: all back after {:.2} s, nothing missing after {caught_up}",
        count(storm.connections as f64),
        storm.back_s
    )
}

fn pages(pages: &PageFigures) -> String {
    format!(
        "{} pages/s of {} messages/s, {:.1} MiB/s, p50 {} p99 {}",
        count(pages.pages_per_s),
        count(pages.messages_per_s),
        pages.mib_per_s,
        time(pages.latency.p50_us),
        time(pages.latency.p99_us)
    )
}

fn read_back(read: &ReadBack) -> String {
    let messages = count(read.messages as f64);
    format!("{messages} messages read back: {} out of place, {} altered", read.differing, read.altered)
}

fn drained(drained: &Drained) -> String {
    format!(
        "backlog of {} messages drained in {:.2} s, {} a second; {} left",
        count(drained.messages as f64),
        drained.seconds,
        count(drained.per_s()),
        drained.left
    )
}

/// What must be known to read a run's figures.
pub(crate) fn notes(run: &Run) -> Vec<String> {
    let mut notes = Vec::new();
    if run.is_limited_by_generator() {
        notes.push("the generator was at its limit: the server may do more".into());
    }
    if run.is_disturbed() {
        notes.push(format!(
            "other programs used {:.0} % of the run's cores: it is not to be trusted",
            run.disturbed * 100.0
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
