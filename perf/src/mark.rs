//! What a workload's figures are held against.

use serde::{Deserialize, Serialize};

use crate::peer::Peer;

/// A bar for one figure of one peer: `factor` times the same figure of another, plus a constant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    /// Whose figure.
    pub(crate) peer: Peer,
    /// Which figure.
    pub(crate) measure: Measure,
    /// What it is held against; nothing: the bar is absolute.
    pub(crate) against: Option<Against>,
    /// The figure must reach this, or this many times what it is held against.
    pub(crate) at_least: Option<f64>,
    /// The figure must not pass this, or this many times what it is held against.
    pub(crate) at_most: Option<f64>,
    /// Added to the bar, in the figure's unit.
    #[serde(default)]
    pub(crate) plus: f64,
}

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// Deliveries a second.
    DeliveriesPerS,
    /// Acknowledged publishes a second.
    AcceptedPerS,
    /// Server's processor microseconds a delivery.
    CpuUsPerDelivery,
    /// Median latency of deliveries, microseconds.
    LatencyUsP50,
    /// 99th percentile, microseconds.
    LatencyUsP99,
    /// 99.9th percentile, microseconds.
    LatencyUsP999,
    /// Refused, lost, doubled, reordered and misdelivered messages and broken connections together.
    Faults,
    /// Resident bytes a connection.
    RssPerConnectionBytes,
    /// Messages a second that the backlog drained at after the load ended.
    DrainPerS,
}

/// What a figure is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Against {
    /// The same figure of a peer in the same run.
    Peer(Peer),
    /// The time of one sync on this disk, microseconds.
    Sync,
}
