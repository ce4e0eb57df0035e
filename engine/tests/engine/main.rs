//! The engine through its public door: one binary, a module for each behaviour or failure staged.

mod support;

mod talk;
