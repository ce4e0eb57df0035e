//! Audit lines: who did what with money, when, and from where.
//!
//! # Invariants
//! - A line is written by the transaction of the action that it tells of: there is none without the other. Each transfer has
//!   one for every step that it took; [`crate::Ledger::verify`] looks for transfers without.
//! - Lines are never changed. What was refused, and what was done before by the same request, leaves none.
//! - A room's lines show its readers the network that an action came from; the whole address is for who did it, and for the
//!   operator.

mod action;
mod line;
mod origin;
mod reading;

use std::sync::Arc;

pub use action::AuditAction;
pub(crate) use line::{NewLine, write};
pub use origin::{Origin, Via};
pub use reading::{AuditLine, AuditQuery};

use crate::members::Shared;

/// What is wrong with what is found, and how it is found.
pub(crate) const CHECKS: [(&str, &str); 1] = [(
    "transfer {} has no audit line",
    "SELECT t.transfer_id FROM transfers t
     WHERE NOT EXISTS (SELECT 1 FROM audit_lines a WHERE a.subject = t.transfer_id AND a.action < 20)
     ORDER BY t.transfer_id LIMIT 10",
)];

/// Audit lines of all rooms. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    shared: Arc<Shared>,
}

impl Audit {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}
