//! What holds of the whole repository and of the program as a user runs it.

mod architecture;
mod command_line;
mod house_rules;
mod workspace;
