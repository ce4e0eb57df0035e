//! The tables: what is in them, and the CQL that makes them.

use std::fmt::Write;

use super::bucket::Bucket;
use super::failure::VERSION;
use super::place::Place;

/// Windows of time that a compaction by time keeps apart, at most: as many files a node keeps for good.
const WINDOWS_MAX: u64 = 50;

/// The CQL that makes keyspace and tables with so many copies of each row, each statement on its own. Made again it
/// changes nothing.
pub(super) fn statements(place: &Place, copies: u32) -> Vec<String> {
    let Place { keyspace, ttl, .. } = place;
    let copies_of = place.dc.as_deref().unwrap_or("replication_factor");
    let compaction = compaction(place);
    // A directory's row is written with the first message of its bucket and must outlive the last.
    let directory_ttl = ttl.map(|ttl| ttl.as_secs() + 2 * Bucket::SPAN_S);
    let expiring = |ttl_s: Option<u64>| ttl_s.map_or(String::new(), |s| format!(" AND default_time_to_live = {s}"));
    let (of_messages, of_directory) = (expiring(ttl.map(|ttl| ttl.as_secs())), expiring(directory_ttl));
    vec![
        format!(
            "CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = \
             {{'class': 'NetworkTopologyStrategy', '{copies_of}': {copies}}}"
        ),
        // The MESSAGE frame as it went over the wire.
        format!(
            "CREATE TABLE IF NOT EXISTS {keyspace}.messages (room_id bigint, bucket int, message_id bigint, frame blob, \
             PRIMARY KEY ((room_id, bucket), message_id)) WITH CLUSTERING ORDER BY (message_id DESC) \
             AND compaction = {compaction}{of_messages}"
        ),
        // The buckets of a room that hold something.
        format!(
            "CREATE TABLE IF NOT EXISTS {keyspace}.buckets (room_id bigint, bucket int, PRIMARY KEY (room_id, bucket)) \
             WITH CLUSTERING ORDER BY (bucket DESC){of_directory}"
        ),
        // What each device sent last: see `sends`. Never expires, or a room's changes would be told twice.
        format!(
            "CREATE TABLE IF NOT EXISTS {keyspace}.sends (room_id bigint, user_id bigint, device_id bigint, slot int, \
             sent blob, PRIMARY KEY (room_id, user_id, device_id, slot))"
        ),
        format!("CREATE TABLE IF NOT EXISTS {keyspace}.layout (part text PRIMARY KEY, version bigint)"),
        format!("INSERT INTO {keyspace}.layout (part, version) VALUES ('messages', {VERSION})"),
    ]
}

/// Reads the version that [`statements`] wrote.
pub(super) fn version_query(keyspace: &str) -> String {
    format!("SELECT version FROM {keyspace}.layout WHERE part = 'messages'")
}

fn compaction(place: &Place) -> String {
    // Where all of a window expires at once its file is dropped whole. Without an end the windows would be ever more.
    let by_default = if place.ttl.is_some() { "TimeWindowCompactionStrategy" } else { "SizeTieredCompactionStrategy" };
    let class = place.compaction.unwrap_or(by_default);
    let mut options = format!("{{'class': '{class}'");
    if class == "TimeWindowCompactionStrategy" {
        let ttl_s = place.ttl.map_or(0, |ttl| ttl.as_secs());
        let hours = (ttl_s / WINDOWS_MAX).div_ceil(3_600).max(24);
        // Writing to a string does not fail.
        let _ = write!(options, ", 'compaction_window_unit': 'HOURS', 'compaction_window_size': '{hours}'");
    }
    options + "}"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(address: &str) -> String {
        let Ok(place) = Place::parse(&address.into()) else { panic!("{address}") };
        statements(&place, 3).join(";\n")
    }

    #[test]
    fn the_plan_follows_the_address() {
        let forever = plan("scylla://h/moim");
        assert!(forever.contains("'replication_factor': 3") && forever.contains("SizeTieredCompactionStrategy"));
        assert!(!forever.contains("time_to_live"), "{forever}");
        let year = plan("scylla://h/moim?dc=seoul&ttl=365d");
        assert!(year.contains("'seoul': 3") && year.contains("'compaction_window_size': '176'"), "{year}");
        assert!(year.contains("default_time_to_live = 31536000") && year.contains("default_time_to_live = 31552776"));
    }
}
