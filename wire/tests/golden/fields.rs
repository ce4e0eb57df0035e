//! From Rust's pretty debug output of a body to lines that a reader of any language takes in.

/// One line a field, indented where nested: no `Some(…)`, no braces around the whole, numbers of a list on one line.
pub(crate) fn lines(debug: &str) -> Vec<String> {
    let all: Vec<String> = debug.lines().map(str::to_owned).collect();
    let fields = all[1..all.len() - 1].iter().map(|line| line[4..].to_owned()).collect();
    join_lists(&unwrap_options(fields)).iter().map(|line| line.trim_end_matches(',').to_owned()).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// `name: Some(` with what it wraps and `)` below becomes `name: ` with what it wraps.
fn unwrap_options(mut lines: Vec<String>) -> Vec<String> {
    while let Some(at) = lines.iter().position(|line| line.ends_with("Some(")) {
        let depth = indent(&lines[at]);
        let close = at + lines[at..].iter().position(|line| indent(line) == depth && line.trim() == "),").unwrap();
        lines.remove(close);
        let first = lines.remove(at + 1);
        let name = lines[at].trim_end_matches("Some(").to_owned();
        lines[at] = name + first.trim_start();
        for line in &mut lines[at + 1..close - 1] {
            line.drain(..4);
        }
    }
    lines
}

/// A list of numbers goes on one line, one of bytes becomes its length.
fn join_lists(lines: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        let numbers: Vec<&str> = after
            .iter()
            .map(|line| line.trim().trim_end_matches(','))
            .take_while(|text| text.parse::<u64>().is_ok())
            .collect();
        rest = after;
        if !line.ends_with('[') || numbers.is_empty() {
            out.push(line.clone());
            continue;
        }
        let shown = if numbers.len() > 16 { format!("{} bytes", numbers.len()) } else { numbers.join(", ") };
        out.push(format!("{line}{shown}]"));
        rest = &after[numbers.len() + 1..];
    }
    out
}
