//! The course of a run: everybody comes in, the load begins, the window is measured, the load ends, and what is still
//! under way is waited for and judged.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use monoio::time::sleep;

use super::arrive::arrive;
use super::backlog::{self, Drained};
use super::crowd::Crowd;
use super::pacer::Pacer;
use super::pages::{self, PagesRead};
use super::progress::Progress;
use super::read_back::{self, ReadBack};
use super::reconnect::{Returned, storm};
use super::steps::{self, Recovery, StepTaken};
use super::window::{Interval, Watch, Window, record, sum};
use super::{Counts, LoadError, Target};
use crate::checker::Disorder;
use crate::profile::{ProfileError, Profiler};
use crate::schedule::Schedule;
use crate::usage::{Usage, resident_bytes};
use crate::workload::{Load, Workload};

/// What is under way at the end is lost when so long nothing came.
const SILENCE: Duration = Duration::from_secs(3);
/// At most so long is waited for what is under way.
const DRAIN_MAX: Duration = Duration::from_secs(60);
/// A server that does not close what its clients closed is not waited for longer.
const PART_MAX: Duration = Duration::from_secs(10);

/// Everything that a run showed.
pub(crate) struct Measured {
    pub(crate) connections: usize,
    /// Those there when the memory of silent connections was read.
    pub(crate) silent_connections: usize,
    /// Until everybody was in the rooms.
    pub(crate) arrival_s: f64,
    pub(crate) window_s: f64,
    /// Within the window.
    pub(crate) counts: Counts,
    /// Of the whole run.
    pub(crate) totals: Counts,
    pub(crate) intervals: Vec<Interval>,
    pub(crate) deliveries: Histogram<u64>,
    pub(crate) acceptances: Histogram<u64>,
    /// How late the generator itself published, open loads only.
    pub(crate) lateness: Histogram<u64>,
    /// Over the whole run, what was under way at the end included.
    pub(crate) disorder: Disorder,
    pub(crate) reasons: BTreeMap<String, u64>,
    pub(crate) server: Option<Usage>,
    pub(crate) generator: Usage,
    /// Share of the cores of server and generator that others used.
    pub(crate) disturbed: f64,
    /// Of the server before anybody came, with everybody in and silent, and at the window's end.
    pub(crate) resident_bytes: Option<[u64; 3]>,
    pub(crate) steps: Vec<StepTaken>,
    pub(crate) recovery: Option<Recovery>,
    pub(crate) storms: Vec<Returned>,
    pub(crate) pages: Option<PagesRead>,
    pub(crate) read_back: Option<ReadBack>,
    pub(crate) drained: Option<Drained>,
}

/// What the windows of a run and its happenings gave.
#[derive(Default)]
struct Course {
    windows: Vec<Window>,
    steps: Vec<StepTaken>,
    recovery: Option<Recovery>,
    storms: Vec<Returned>,
    pages: Option<PagesRead>,
}

pub(super) async fn drive(workload: &Workload, target: Target) -> Result<Measured, LoadError> {
    let Target { address, dialect, process, metrics, seats, graph } = target;
    let progress = Progress::new(workload.name.clone());
    let crowd = Rc::new(Crowd::new(address, dialect, workload.layout(), seats, workload.read_back));
    let watch = Watch::on(process);
    let resident = || process.and_then(resident_bytes);
    let before = resident();
    progress.say("connecting");
    arrive(&crowd, 0..first_connections(workload)).await?;
    let arrival_s = crowd.clock.now_ns() as f64 / 1e9;
    // What the arrival left to do is done before the memory of a silent connection is read.
    sleep(Duration::from_millis(500)).await;
    let (silent, silent_connections) = (resident(), crowd.present());
    let samples = Samples::wanted(process, graph);
    let course = run(&crowd, workload, &watch, samples.as_ref(), &progress).await?;
    let loaded = resident();
    // Where nobody speaks the window is silence, and what the sign-ins took has gone back to the system by its end.
    let silent = if matches!(workload.load, Load::Idle {}) { loaded } else { silent };
    progress.say("waiting for what is under way");
    drain(&crowd, workload).await;
    let drained = backlog::drain(&crowd, workload, metrics).await;
    let read_back = if workload.read_back { Some(read_back::compare(&crowd).await?) } else { None };
    let measured = gather(&crowd, workload, course);
    part(&crowd).await;
    Ok(Measured {
        arrival_s,
        silent_connections,
        drained,
        read_back,
        resident_bytes: before.zip(silent).zip(loaded).map(|((before, silent), loaded)| [before, silent, loaded]),
        ..measured
    })
}

/// Loads in steps begin with the first step's users.
fn first_connections(workload: &Workload) -> usize {
    match &workload.load {
        Load::Steps { steps, .. } => steps.first().map_or(0, |step| step.users),
        _ => workload.layout().connections(),
    }
}

async fn run(
    crowd: &Rc<Crowd>,
    workload: &Workload,
    watch: &Watch,
    samples: Option<&Samples>,
    progress: &Progress,
) -> Result<Course, LoadError> {
    if let Some(pages) = &workload.during.pages {
        progress.say("writing the past");
        pages::fill(crowd, pages.past).await?;
    }
    if let Load::Steps { steps, step_s, recovery_s } = &workload.load {
        let (windows, steps, recovery) = steps::take(crowd, watch, steps, *step_s, *recovery_s, progress).await?;
        return Ok(Course { windows, steps, recovery: Some(recovery), ..Course::default() });
    }
    let pacer = begin(crowd, workload)?;
    progress.say("warming up");
    sleep(Duration::from_secs_f64(workload.warm_up_s)).await;
    let profiler = samples.map(|samples| samples.take(workload.measure_s)).transpose()?;
    let course = observe(crowd, workload, watch, progress).await?;
    drop(pacer);
    crowd.paced_by.set(None);
    if let Some((samples, profiler)) = samples.zip(profiler) {
        progress.say("drawing the flame graph");
        profiler.draw(&workload.title, &samples.graph)?;
    }
    Ok(course)
}

/// A flame graph that is wanted.
struct Samples {
    process: u32,
    graph: PathBuf,
}

impl Samples {
    fn wanted(process: Option<u32>, graph: Option<PathBuf>) -> Option<Self> {
        process.zip(graph).map(|(process, graph)| Self { process, graph })
    }

    fn take(&self, seconds: f64) -> Result<Profiler, ProfileError> {
        Profiler::start(self.process, seconds, &self.graph.with_extension("perf"))
    }
}

/// Starts the load; it goes on until the pacer is dropped and the crowd is no longer saturated.
fn begin(crowd: &Rc<Crowd>, workload: &Workload) -> Result<Option<Pacer>, LoadError> {
    match workload.load {
        Load::Saturated { window, paced_by } => {
            crowd.saturate(window, paced_by);
            Ok(None)
        }
        Load::Open { publishes_per_s, arrivals } => {
            let schedule = Schedule::new(arrivals, publishes_per_s, crowd.clock.now_ns(), 1);
            Pacer::start(crowd, crowd.layout.rooms, schedule).map(Some)
        }
        Load::Idle {} | Load::InProcess {} | Load::Steps { .. } => Ok(None),
    }
}

/// Measures the window while what the workload wants to happen happens.
async fn observe(
    crowd: &Rc<Crowd>,
    workload: &Workload,
    watch: &Watch,
    progress: &Progress,
) -> Result<Course, LoadError> {
    let length_s = workload.measure_s;
    if let Some(stall) = workload.during.stall {
        crowd.stall_share(stall.share);
    }
    let storms = workload.during.reconnect.map(|r| monoio::spawn(storm(crowd.clone(), r.times, length_s)));
    let readers = workload.during.pages.map(|p| pages::Readers::start(crowd, p)).transpose()?;
    let window = record(crowd, watch, length_s, progress).await;
    crowd.resume_all();
    let storms = match storms {
        Some(storms) => storms.await?,
        None => Vec::new(),
    };
    let pages = match readers {
        Some(readers) => Some(readers.end(crowd).await),
        None => None,
    };
    Ok(Course { windows: vec![window], storms, pages, ..Course::default() })
}

/// Waits until everything published has arrived, or nothing comes any more.
async fn drain(crowd: &Rc<Crowd>, workload: &Workload) {
    let begun_ns = crowd.clock.now_ns();
    let (mut deliveries, mut last_ns) = (0, begun_ns);
    let is_done = || if workload.follows() { crowd.verdict().lost == 0 } else { crowd.is_answered() };
    while !is_done() {
        sleep(Duration::from_millis(20)).await;
        let (now, now_ns) = (crowd.tally.borrow().counts, crowd.clock.now_ns());
        if now.deliveries + now.accepted != deliveries {
            (deliveries, last_ns) = (now.deliveries + now.accepted, now_ns);
        }
        let (silent, past) = (Duration::from_nanos(now_ns - last_ns), Duration::from_nanos(now_ns - begun_ns));
        if silent > SILENCE || past > DRAIN_MAX {
            return;
        }
    }
}

/// Everybody leaves. The writers end their half of each socket, the server the other; the tasks of a connection hold the
/// crowd until both are done, and sockets that outlive the runtime would never be closed.
async fn part(crowd: &Rc<Crowd>) {
    crowd.is_ending.set(true);
    for connection in 0..crowd.layout.connections() {
        crowd.hang_up(connection);
    }
    let begun_ns = crowd.clock.now_ns();
    while Rc::strong_count(crowd) > 1 && crowd.clock.now_ns() - begun_ns < PART_MAX.as_nanos() as u64 {
        sleep(Duration::from_millis(10)).await;
    }
}

fn gather(crowd: &Crowd, workload: &Workload, course: Course) -> Measured {
    let Course { mut windows, steps, recovery, storms, pages } = course;
    let window_s: f64 = windows.iter().map(|window| window.length_s).sum();
    let deliveries: Vec<_> = windows.iter().map(Window::deliveries).collect();
    let acceptances: Vec<_> = windows.iter().map(Window::acceptances).collect();
    let tally = crowd.tally.borrow();
    Measured {
        connections: crowd.present(),
        arrival_s: 0.0,
        silent_connections: 0,
        window_s,
        counts: windows.iter().fold(Counts::default(), |sum, window| sum.plus(&window.counts)),
        totals: tally.counts,
        deliveries: sum(deliveries.iter()),
        acceptances: sum(acceptances.iter()),
        lateness: tally.lateness().clone(),
        disorder: if workload.follows() { crowd.verdict() } else { Disorder::default() },
        reasons: tally.reasons().clone(),
        server: mean(windows.iter().map(|window| (window.length_s, window.server))),
        disturbed: windows.iter().map(|window| window.disturbed * window.length_s).sum::<f64>() / window_s,
        generator: mean(windows.iter().map(|window| (window.length_s, Some(window.generator)))).unwrap_or_default(),
        resident_bytes: None,
        intervals: join(&mut windows),
        steps,
        recovery,
        storms,
        pages,
        read_back: None,
        drained: None,
    }
}

/// Puts the intervals of all windows on one line of time.
fn join(windows: &mut [Window]) -> Vec<Interval> {
    let mut begins_s = 0.0;
    let mut intervals = Vec::new();
    for window in windows {
        intervals
            .extend(window.intervals.drain(..).map(|interval| Interval { at_s: interval.at_s + begins_s, ..interval }));
        begins_s += window.length_s;
    }
    intervals
}

/// The usage over all windows: seconds added, shares weighted by the windows' lengths.
fn mean(windows: impl Iterator<Item = (f64, Option<Usage>)>) -> Option<Usage> {
    let (mut total, mut length_s) = (Usage::default(), 0.0);
    for (window_s, usage) in windows {
        let usage = usage?;
        total.cpu_user_s += usage.cpu_user_s;
        total.cpu_system_s += usage.cpu_system_s;
        total.busy += usage.busy * window_s;
        total.waited += usage.waited * window_s;
        length_s += window_s;
    }
    Some(Usage { busy: total.busy / length_s, waited: total.waited / length_s, ..total })
}
