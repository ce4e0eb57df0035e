//! `LIMITS.md` names every bound, and nothing that is not there.

use moim_engine::{Limits, ShardStats};

const TABLE: &str = include_str!("../../LIMITS.md");

/// Names of a structure's fields, as its `Debug` tells them.
fn fields_of(structure: &impl std::fmt::Debug) -> Vec<String> {
    let shown = format!("{structure:#?}");
    let fields = shown.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     "));
    fields.filter_map(|line| Some(line.trim().split_once(':')?.0.to_owned())).collect()
}

/// Everything between backticks in the table's column of that number.
fn named_in_column(column: usize) -> Vec<&'static str> {
    let rows = TABLE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| What"));
    let cells = rows.filter_map(|row| row.split('|').nth(column));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_limit_is_named_in_the_table() {
    let named = named_in_column(2);
    let fields = fields_of(&Limits::default());
    assert!(fields.len() > 10, "{fields:?}");
    let missing: Vec<_> = fields.iter().filter(|field| !named.contains(&format!("limits.{field}").as_str())).collect();
    assert!(missing.is_empty(), "LIMITS.md does not name {missing:?}");
    for name in named.iter().filter_map(|name| name.strip_prefix("limits.")) {
        assert!(fields.iter().any(|field| field == name), "LIMITS.md names limits.{name}, which is no setting");
    }
}

#[test]
fn every_counter_in_the_table_is_one() {
    let stats = ShardStats::default().describe();
    let named = named_in_column(4);
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        assert!(stats.iter().any(|&(stat, ..)| stat == name), "LIMITS.md names the counter {name}, which is none");
    }
}
