//! A CQL server that fails, in each of the ways that it can.

mod failures;
mod node;
mod proxy;
mod set_up;
