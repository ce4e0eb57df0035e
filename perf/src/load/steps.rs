//! Load in steps: more users and more messages, then back to where it began.

use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::LoadError;
use super::arrive::arrive;
use super::crowd::Crowd;
use super::pacer::Pacer;
use super::progress::Progress;
use super::window::{Watch, Window, record, sum};
use crate::schedule::{Arrivals, Schedule};
use crate::workload::Step;

/// The server counts as back to normal when a slice of this length is.
const CALM_S: f64 = 0.25;

/// What one step showed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StepTaken {
    pub(crate) users: usize,
    /// As the schedule wanted it.
    pub(crate) publishes_per_s: f64,
    /// As they came.
    pub(crate) deliveries_per_s: f64,
    /// Publishes refused, and connections lost.
    pub(crate) errors: u64,
    /// Of all publishes of the step, those refused.
    pub(crate) error_rate: f64,
    pub(crate) latency_us_p50: f64,
    pub(crate) latency_us_p99: f64,
    /// The slowest delivery.
    pub(crate) latency_us_max: f64,
}

/// How the server came back after the last step, at the rate of the first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Recovery {
    /// 99th percentile that counts as normal: twice the first step's, at least a millisecond.
    pub(crate) normal_us: f64,
    /// From the end of the last step; `None`: not within the time that the workload allows.
    pub(crate) seconds: Option<f64>,
}

/// Takes the steps. The windows together are the run's window.
pub(super) async fn take(
    crowd: &Rc<Crowd>,
    watch: &Watch,
    steps: &[Step],
    step_s: f64,
    recovery_s: f64,
    progress: &Progress,
) -> Result<(Vec<Window>, Vec<StepTaken>, Recovery), LoadError> {
    let (mut windows, mut taken) = (Vec::new(), Vec::new());
    for (number, step) in steps.iter().enumerate() {
        arrive(crowd, crowd.present()..step.users).await?;
        let pacer = pace(crowd, step, step.users, number)?;
        let window = record(crowd, watch, step_s, progress).await;
        drop(pacer);
        taken.push(summarise(step, &window));
        windows.push(window);
    }
    let (Some(first), Some(calm)) = (taken.first(), steps.first()) else {
        return Err(LoadError::Unfit("a workload in steps has at least one".into()));
    };
    let normal_us = (2.0 * first.latency_us_p99).max(1_000.0);
    let pacer = pace(crowd, calm, calm.users, steps.len())?;
    let seconds = recover(crowd, watch, normal_us, recovery_s, progress, &mut windows).await;
    drop(pacer);
    Ok((windows, taken, Recovery { normal_us, seconds }))
}

fn pace(crowd: &Rc<Crowd>, step: &Step, users: usize, number: usize) -> Result<Pacer, LoadError> {
    let rooms = users / crowd.layout.members;
    let schedule = Schedule::new(Arrivals::Poisson, step.publishes_per_s, crowd.clock.now_ns(), number as u64 + 1);
    Pacer::start(crowd, rooms, schedule)
}

async fn recover(
    crowd: &Rc<Crowd>,
    watch: &Watch,
    normal_us: f64,
    recovery_s: f64,
    progress: &Progress,
    windows: &mut Vec<Window>,
) -> Option<f64> {
    let begun_ns = crowd.clock.now_ns();
    loop {
        let window = record(crowd, watch, CALM_S, progress).await;
        let p99_us = window.deliveries().value_at_quantile(0.99) as f64 / 1e3;
        let is_calm = window.counts.deliveries > 0 && p99_us <= normal_us;
        windows.push(window);
        let past_s = Duration::from_nanos(crowd.clock.now_ns() - begun_ns).as_secs_f64();
        if is_calm {
            return Some(past_s - CALM_S);
        }
        if past_s > recovery_s {
            return None;
        }
    }
}

fn summarise(step: &Step, window: &Window) -> StepTaken {
    let latencies = sum(window.intervals.iter().map(|interval| &interval.deliveries));
    let quantile = |q| latencies.value_at_quantile(q) as f64 / 1e3;
    let errors = window.counts.refused + window.counts.disconnects;
    StepTaken {
        users: step.users,
        publishes_per_s: step.publishes_per_s,
        deliveries_per_s: window.counts.deliveries as f64 / window.length_s,
        errors,
        error_rate: errors as f64 / window.counts.publishes.max(1) as f64,
        latency_us_p50: quantile(0.5),
        latency_us_p99: quantile(0.99),
        latency_us_max: latencies.max() as f64 / 1e3,
    }
}
