//! The stores' counters.

use moim_persistence::{AccountsStats, LaneStats, LedgerStats, SearchState, SearchStats, Stats};

use super::exposition::Page;
use super::exposition::Type::{Counter, Gauge};

pub(super) fn write(page: &mut Page, stats: &Stats) {
    requests(page, stats);
    accounts(page, &stats.accounts);
    logins(page, stats);
    ledger(page, &stats.ledger);
    messages(page, stats);
    lanes(page, &stats.lanes);
    if let Some(stats) = &stats.search {
        search(page, stats);
    }
}

fn requests(page: &mut Page, stats: &Stats) {
    let requests = &stats.requests;
    page.sample(Gauge, "moim_store_requests", "Requests to the stores under way.", requests.in_flight);
    page.sample(Gauge, "moim_store_requests_max", "As many requests may be under way.", requests.max);
    page.sample(Counter, "moim_store_requests_total", "Requests to the stores begun.", requests.total);
    page.sample(
        Counter,
        "moim_store_requests_refused_total",
        "Requests refused because too many were under way.",
        requests.refused_total,
    );
}

fn accounts(page: &mut Page, accounts: &AccountsStats) {
    page.sample(Gauge, "moim_accounts_connections", "Connections to the accounts' database.", accounts.connections);
    page.sample(Gauge, "moim_accounts_connections_max", "As many may be open.", accounts.connections_max);
    page.sample(
        Counter,
        "moim_accounts_busy_total",
        "Requests refused because no connection to the accounts' database became free in time.",
        accounts.busy_total,
    );
    let runs = [("conflict", accounts.conflicts_total), ("connection", accounts.lost_total)];
    page.family(
        Counter,
        "moim_accounts_runs_failed_total",
        "Runs of a transaction or a read that failed and might run again, by what they lost to.",
        runs.map(|(cause, count)| ([("cause", cause.to_owned())], count)),
    );
}

fn ledger(page: &mut Page, ledger: &LedgerStats) {
    page.sample(Gauge, "moim_ledger_waiting", "Transfers that wait to be committed.", ledger.waiting);
    page.sample(Gauge, "moim_ledger_waiting_max", "As many may wait.", ledger.waiting_max);
    page.sample(
        Counter,
        "moim_ledger_refused_total",
        "Transfers refused because too many waited.",
        ledger.refused_total,
    );
    page.sample(
        Counter,
        "moim_ledger_commands_total",
        "Transfers and the like that were looked at.",
        ledger.commands_total,
    );
    page.sample(Counter, "moim_ledger_batches_total", "Transactions that they shared.", ledger.batches_total);
}

fn logins(page: &mut Page, stats: &Stats) {
    let logins = &stats.logins;
    let outcomes =
        [("succeeded", logins.succeeded_total), ("failed", logins.failed_total), ("limited", logins.limited_total)];
    page.family(
        Counter,
        "moim_logins_total",
        "Logins by outcome; limited ones were not looked at.",
        outcomes.map(|(outcome, count)| ([("outcome", outcome.to_owned())], count)),
    );
    page.sample(
        Counter,
        "moim_sign_ups_limited_total",
        "Sign-ups not looked at after too many from their address.",
        logins.sign_ups_limited_total,
    );
    page.sample(Counter, "moim_passwords_total", "Passwords hashed or verified.", logins.passwords_total);
    page.sample(
        Counter,
        "moim_passwords_refused_total",
        "Requests refused because too many waited to hash a password.",
        logins.passwords_refused_total,
    );
    page.sample(
        Gauge,
        "moim_login_failures_remembered",
        "Accounts and addresses whose failures or sign-ups are remembered.",
        logins.remembered,
    );
    page.sample(
        Counter,
        "moim_login_failures_forgotten_total",
        "Accounts and addresses forgotten early because as many were remembered as may be.",
        logins.forgotten_total,
    );
}

fn messages(page: &mut Page, stats: &Stats) {
    let messages = &stats.messages;
    page.sample(Gauge, "moim_message_store_open", "1 while the message store answers.", u8::from(messages.open));
    let concurrency = "Batches that the CQL servers may be given at once, as found by trying.";
    page.sample(Gauge, "moim_message_store_concurrency", concurrency, messages.concurrency);
    for (name, help, value) in [
        ("written_total", "Messages written, rewritten ones again.", messages.written_total),
        ("written_bytes_total", "Bytes of the messages written.", messages.written_bytes_total),
        ("syncs_total", "Syncs that succeeded.", messages.syncs_total),
        ("pages_total", "Pages of history read.", messages.pages_total),
        ("errors_total", "Operations that failed.", messages.errors_total),
        ("reopened_total", "Times that the store was reopened, or back, after a failure.", messages.reopened_total),
        ("overloaded_total", "Batches that the store answered late or was too busy for.", messages.overloaded_total),
        ("coalesced_total", "Pages answered by another read of the same.", messages.coalesced_total),
    ] {
        page.sample(Counter, &format!("moim_message_store_{name}"), help, value);
    }
}

fn lanes(page: &mut Page, lanes: &[LaneStats]) {
    let of_each = |value: fn(&LaneStats) -> u64| {
        lanes.iter().map(move |lane| ([("lane", lane.lane.to_string())], value(lane))).collect::<Vec<_>>()
    };
    page.family(Gauge, "moim_write_behind_lag", "Records taken and not confirmed.", of_each(lag));
    page.family(Gauge, "moim_write_behind_queued_batches", "Batches in the queue.", of_each(|lane| lane.queued));
    page.family(Gauge, "moim_write_behind_queued_batches_max", "As many may wait.", of_each(|lane| lane.queued_max));
    page.family(Counter, "moim_write_behind_batches_total", "Batches taken.", of_each(|lane| lane.batches_total));
    page.family(Counter, "moim_write_behind_bytes_total", "Bytes taken.", of_each(|lane| lane.bytes_total));
    page.family(Counter, "moim_write_behind_writes_total", "Writes confirmed.", of_each(|lane| lane.writes_total));
    page.family(Counter, "moim_write_behind_retries_total", "Writes tried again.", of_each(|lane| lane.retries_total));
    page.family(
        Counter,
        "moim_write_behind_rewinds_total",
        "Times a store came back.",
        of_each(|lane| lane.rewinds_total),
    );
}

fn search(page: &mut Page, search: &SearchStats) {
    let is_ready = u8::from(search.state == SearchState::Ready);
    page.sample(Gauge, "moim_search_ready", "1 while the search index is open.", is_ready);
    let lag = "Milliseconds that the oldest message has been stored which cannot be found yet.";
    page.sample(Gauge, "moim_search_lag_ms", lag, search.lag_ms);
    for (name, help, value) in [
        ("messages", "Messages that can be found.", search.messages),
        ("rooms_behind", "Rooms whose messages are being read from the message store.", search.rooms_behind),
        ("queued_bytes", "Bytes of messages that wait for the index.", search.queued_bytes),
        ("queued_bytes_max", "As many may wait.", search.queued_bytes_max),
    ] {
        page.sample(Gauge, &format!("moim_search_{name}"), help, value);
    }
    for (name, help, value) in [
        ("added_total", "Messages added to the index.", search.added_total),
        ("removed_total", "Messages taken out of the index because they were withdrawn.", search.removed_total),
        ("commits_total", "Commits of the index.", search.commits_total),
        ("overflows_total", "Writes of a lane that did not fit into the queue.", search.overflows_total),
        ("failures_total", "Failures after which the index was opened anew.", search.failures_total),
        ("searches_total", "Searches.", search.searches_total),
    ] {
        page.sample(Counter, &format!("moim_search_{name}"), help, value);
    }
}

/// Records that a lane has taken and the store has not confirmed.
pub(super) fn lag(lane: &LaneStats) -> u64 {
    lane.taken.saturating_sub(lane.confirmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lane_has_its_lag() {
        let lane = |lane, taken, confirmed| LaneStats { lane, taken, confirmed, ..LaneStats::default() };
        let stats = Stats { lanes: vec![lane(0, 10, 7), lane(1, 4, 4)], ..Stats::default() };
        let mut page = Page::default();
        write(&mut page, &stats);
        let text = page.into_text();
        assert!(text.contains("moim_write_behind_lag{lane=\"0\"} 3\n"), "{text}");
        assert!(text.contains("moim_write_behind_lag{lane=\"1\"} 0\n"), "{text}");
    }
}
