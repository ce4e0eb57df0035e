//! Latencies of a run as an interval log that HdrHistogram's tools read: values in nanoseconds, a line for each slice
//! of the window, deliveries and acknowledgements told apart by their tags.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::load::Measured;

/// Nanoseconds in the unit of the log's column of maxima, milliseconds.
const NS_PER_MS: f64 = 1e6;

pub(super) fn write(path: &Path, measured: &Measured, began_at_s: u64) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut serializer = V2DeflateSerializer::new();
    let began = UNIX_EPOCH + Duration::from_secs(began_at_s);
    let mut log = IntervalLogWriterBuilder::new()
        .with_start_time(began)
        .with_base_time(began)
        .with_max_value_divisor(NS_PER_MS)
        .begin_log_with(&mut file, &mut serializer)?;
    for interval in &measured.intervals {
        let (at, length) = (Duration::from_secs_f64(interval.at_s), Duration::from_secs_f64(interval.length_s));
        for (tag, histogram) in [("delivery", &interval.deliveries), ("acknowledgement", &interval.acceptances)] {
            if !histogram.is_empty() {
                log.write_histogram(histogram, at, length, Tag::new(tag)).map_err(io::Error::other)?;
            }
        }
    }
    Ok(())
}
