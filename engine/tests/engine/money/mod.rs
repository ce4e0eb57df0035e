//! What a member does with money by a native client: looks, pays once whatever breaks, verifies, votes.

mod chain;
mod paying;
mod spending;
