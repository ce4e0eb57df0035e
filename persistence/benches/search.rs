//! Search at size: messages of made-up Korean talk go through a lane, as a journal's do; then people search.
//!
//! `cargo bench -p moim-persistence --bench search -- MESSAGES` prints what indexing took, how large the index is, and how
//! long searches of each kind took, their hits read from the message store included. `DATA=folder` keeps them there, and
//! searches in what a run before has left.

#![allow(clippy::print_stdout, reason = "figures are what it is for")]

#[path = "search/talk.rs"]
mod talk;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use moim_persistence::{Batch, Config, Keyword, MessageId, Persistence, RoomId, Search, SearchOrder, SearchQuery};

use talk::{Dice, Talk};

/// Messages of a batch, as a busy journal's are.
const BATCH: u64 = 500;
/// Rooms that people search in: most are in some, a few in many.
const SOME: usize = 30;
const MANY: usize = 500;
const SEARCHES: usize = 2_000;

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let Some(messages) = std::env::args().skip(1).find_map(|argument| argument.parse::<u64>().ok()) else {
        // Run by `cargo test --benches`, or without saying how many.
        return Ok(());
    };
    let temporary = tempfile::tempdir()?;
    let data = std::env::var_os("DATA").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let persistence = Persistence::open(&Config::new(&data))?;
    let begun = Instant::now();
    settled(&persistence).await;
    let found = persistence.stats().search.map_or(0, |search| search.messages);
    println!("{found} messages were there; opened and checked in {:.2} s", begun.elapsed().as_secs_f64());
    if found < messages {
        write(&persistence, found, messages).await?;
        println!("index: {:.1} MB a million messages", megabytes(&data.join("search")) / messages as f64 * 1e6);
        println!(
            "message store: {:.1} MB a million messages",
            megabytes(&data.join("messages")) / messages as f64 * 1e6
        );
    }
    let search = persistence.search().ok_or("search is on by default")?;
    measure(search, messages).await?;
    println!("peak memory of the process: {} (mapped files included)", status("VmHWM"));
    tokio::task::spawn_blocking(move || persistence.close()).await??;
    Ok(())
}

async fn write(persistence: &Persistence, from: u64, to: u64) -> Result<(), Failed> {
    let (begun, cpu) = (Instant::now(), cpu_time());
    let lane = persistence.write_behind(0);
    let mut talk = Talk::new();
    let mut frames = Vec::new();
    for number in 0..to {
        // Made in any case, so that a run that goes on says what one run would have said.
        talk.say(number, &mut frames);
        if number < from {
            frames.clear();
        }
        if number % BATCH == BATCH - 1 || number == to - 1 {
            let batch = std::mem::take(&mut frames);
            if !batch.is_empty() {
                lane.offer.send(Batch { frames: batch.into(), position: number + 1, generation: 0 }).await?;
            }
            has_room(persistence).await;
        }
    }
    settled(persistence).await;
    let (took, cpu) = (begun.elapsed().as_secs_f64(), cpu_time().saturating_sub(cpu));
    let new = to - from;
    println!(
        "{new} messages stored and indexed in {took:.0} s, {:.0} a second; {:.1} us of a core each, store and index together",
        new as f64 / took,
        cpu.as_secs_f64() * 1e6 / new as f64
    );
    let search = persistence.stats().search.ok_or("search is on by default")?;
    println!("{} commits, {} overflows of the queue", search.commits_total, search.overflows_total);
    Ok(())
}

/// Waits while the index is half a queue behind: what is measured is the way of messages as they come.
async fn has_room(persistence: &Persistence) {
    let mut looks = tokio::time::interval(Duration::from_millis(2));
    while persistence.stats().search.is_some_and(|search| search.queued_bytes * 2 > search.queued_bytes_max) {
        looks.tick().await;
    }
}

async fn settled(persistence: &Persistence) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let is_settled = |persistence: &Persistence| {
        let stats = persistence.stats();
        let stored = stats.lanes.iter().all(|lane| lane.queued == 0 && lane.taken == lane.confirmed);
        let search = stats.search.unwrap_or_default();
        stored && search.rooms_behind == 0 && search.lag_ms == 0 && search.commits_total > 0
    };
    // Twice: between a lane's queue and its writer nothing is counted.
    for _ in 0..2 {
        looks.tick().await;
        while !is_settled(persistence) {
            looks.tick().await;
        }
    }
}

async fn measure(search: &Search, messages: u64) -> Result<(), Failed> {
    let mut dice = Dice::new(7);
    println!("{:<34} {:>9} {:>9} {:>9} {:>9}", "search", "p50 ms", "p99 ms", "most ms", "hits");
    for (kind, keyword) in talk::KEYWORDS {
        for (place, rooms) in [("one room", 1), ("30 rooms", SOME), ("500 rooms", MANY)] {
            let mut took = Vec::with_capacity(SEARCHES);
            let mut hits = 0;
            for _ in 0..SEARCHES {
                let query = SearchQuery {
                    keyword: Keyword::parse(&keyword(&mut dice, messages))?,
                    rooms: (0..rooms).map(|_| RoomId(talk::room(&mut dice))).collect(),
                    order: SearchOrder::Newest,
                    before: MessageId::ZERO,
                    limit: 20,
                };
                let begun = Instant::now();
                hits += search.find(&query).await?.hits.len();
                took.push(begun.elapsed());
            }
            took.sort_unstable();
            let ms = |share: f64| took[((SEARCHES - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
            let mean_hits = hits as f64 / SEARCHES as f64;
            let name = format!("{kind}, {place}");
            println!("{name:<34} {:>9.2} {:>9.2} {:>9.2} {mean_hits:>9.1}", ms(0.5), ms(0.99), ms(1.0));
        }
    }
    Ok(())
}

/// Processor time of the process: threads that index end with each commit, and take theirs with them.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    // The kernel counts 100 a second, whatever it runs at.
    Duration::from_millis(ticks * 10)
}

/// Megabytes of a folder.
fn megabytes(folder: &Path) -> f64 {
    let mut bytes = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match file.metadata() {
                Ok(data) if data.is_dir() => folders.push(file.path()),
                Ok(data) => bytes += data.len(),
                Err(_) => {}
            }
        }
    }
    bytes as f64 / 1e6
}

fn status(name: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim_start_matches(':').trim().to_owned()
}
