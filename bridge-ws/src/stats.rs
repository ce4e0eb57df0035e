//! What the bridge counts.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! stats {
    ($($(#[doc = $doc:literal])* $name:ident: $kind:literal as $metric:literal,)*) => {
        /// The bridge's counters and gauges at one moment. Counters count from the start of the bridge.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Stats {
            $($(#[doc = $doc])* pub $name: u64,)*
        }

        /// The same while they are counted.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Count,)*
        }

        impl Counters {
            pub(crate) fn read(&self) -> Stats {
                Stats { $($name: self.$name.get(),)* }
            }
        }

        impl Stats {
            /// The lines for `/metrics`, in the Prometheus text format.
            pub fn prometheus(&self) -> String {
                let mut text = String::with_capacity(4096);
                $(line(&mut text, $metric, $kind, concat!($($doc),*), self.$name);)*
                text
            }
        }
    };
}

stats! {
    /// Trunks that stand.
    trunks_up: "gauge" as "moim_bridge_trunks_up",
    /// Trunks that were lost.
    trunks_lost: "counter" as "moim_bridge_trunks_lost_total",
    /// Sockets open now.
    sockets: "gauge" as "moim_bridge_sockets",
    /// Sockets opened.
    sockets_opened: "counter" as "moim_bridge_sockets_opened_total",
    /// Upgrades refused because the bridge was full.
    sockets_refused: "counter" as "moim_bridge_sockets_refused_total",
    /// Upgrades refused because of their origin, subprotocol or headers.
    upgrades_refused: "counter" as "moim_bridge_upgrades_refused_total",
    /// Sockets closed because their browser sent what is no frame, too much of it, or text.
    sockets_garbage: "counter" as "moim_bridge_sockets_garbage_total",
    /// Sockets closed because HELLO did not come.
    sockets_silent: "counter" as "moim_bridge_sockets_silent_total",
    /// Sockets given up because two pings stayed unanswered.
    sockets_dead: "counter" as "moim_bridge_sockets_dead_total",
    /// Sockets closed because their browser read too slowly even for answers.
    sockets_slow: "counter" as "moim_bridge_sockets_slow_total",
    /// Sessions on trunks now.
    sessions: "gauge" as "moim_bridge_sessions",
    /// Frames from browsers passed to the engine.
    frames_in: "counter" as "moim_bridge_frames_in_total",
    /// Frames from browsers refused by the rate limit.
    frames_rate_limited: "counter" as "moim_bridge_frames_rate_limited_total",
    /// Requests answered BUSY because a trunk's queue was full.
    frames_busy: "counter" as "moim_bridge_frames_busy_total",
    /// Typing and read marks dropped because a trunk's queue was half full.
    frames_shed_in: "counter" as "moim_bridge_frames_shed_in_total",
    /// Frames queued for browsers.
    frames_out: "counter" as "moim_bridge_frames_out_total",
    /// Messages left out for a slow browser; a GAP tells it.
    messages_left_out: "counter" as "moim_bridge_messages_left_out_total",
    /// GAPs written for slow browsers.
    gaps: "counter" as "moim_bridge_gaps_total",
    /// Marks, typing and presence dropped for a slow browser.
    frames_shed_out: "counter" as "moim_bridge_frames_shed_out_total",
    /// Frames of a trunk that named no session of it, or did not verify.
    frames_stray: "counter" as "moim_bridge_frames_stray_total",
    /// Sockets open now that speak STOMP; the gauge of all sockets has them too.
    stomp_sockets: "gauge" as "moim_bridge_stomp_sockets",
    /// STOMP sockets that ended with an ERROR for what their client did.
    stomp_errors: "counter" as "moim_bridge_stomp_errors_total",
    /// Messages written for STOMP subscriptions.
    stomp_messages: "counter" as "moim_bridge_stomp_messages_total",
    /// Bodies encoded for them, each shared by all subscribers of its room.
    stomp_bodies: "counter" as "moim_bridge_stomp_bodies_total",
    /// Pages of history fetched for STOMP clients that were too slow.
    stomp_fills: "counter" as "moim_bridge_stomp_fills_total",
    /// Files uploaded and shown.
    files_uploaded: "counter" as "moim_bridge_files_uploaded_total",
    /// Downloads of files begun.
    files_fetched: "counter" as "moim_bridge_files_fetched_total",
    /// Uploads and downloads refused because too many were under way.
    transfers_refused: "counter" as "moim_bridge_transfers_refused_total",
    /// Downloads given up because nothing of them was taken.
    downloads_slow: "counter" as "moim_bridge_downloads_slow_total",
    /// Files removed that crashes, withdrawals and deleted rooms left.
    files_cleaned: "counter" as "moim_bridge_files_cleaned_total",
    /// Logins by a provider, and accounts connected with one.
    oauth_done: "counter" as "moim_bridge_oauth_done_total",
    /// Logins by a provider that were refused, of whatever reason.
    oauth_refused: "counter" as "moim_bridge_oauth_refused_total",
    /// Logins by a provider refused because too many talked to providers.
    oauth_busy: "counter" as "moim_bridge_oauth_busy_total",
    /// HTTP connections open now.
    connections: "gauge" as "moim_bridge_http_connections",
    /// HTTP connections closed at once because the bridge was full.
    connections_refused: "counter" as "moim_bridge_http_connections_refused_total",
    /// HTTP requests answered.
    requests: "counter" as "moim_bridge_http_requests_total",
    /// HTTP requests answered with a status from 500 on.
    requests_failed: "counter" as "moim_bridge_http_requests_failed_total",
    /// Notices refused because the bank had not signed them, or not just now.
    bank_unsigned: "counter" as "moim_bridge_bank_unsigned_total",
    /// Changes of rooms that the engine did not confirm in time.
    syncs_late: "counter" as "moim_bridge_syncs_late_total",
    /// Revocations that the engine did not confirm in time.
    revokes_late: "counter" as "moim_bridge_revokes_late_total",
}

fn line(text: &mut String, metric: &str, kind: &str, help: &str, value: u64) {
    let help = help.trim();
    // Writing to a String cannot fail.
    let _ = write!(text, "# HELP {metric} {help}\n# TYPE {metric} {kind}\n{metric} {value}\n");
}

/// One counter or gauge.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn one(&self) {
        self.add(1);
    }

    pub(crate) fn less(&self, n: u64) {
        self.0.fetch_sub(n, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
