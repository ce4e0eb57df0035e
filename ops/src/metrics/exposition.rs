//! The Prometheus text format, version 0.0.4: families of samples with HELP and TYPE.

use std::fmt::{Display, Write};

/// What a metric is, as TYPE says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// Rises from the process's start; its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// A page of metrics being written.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// A metric without labels.
    pub(crate) fn sample(&mut self, kind: Type, name: &str, help: &str, value: impl Display) {
        self.family(kind, name, help, [([], value)]);
    }

    /// A metric with one sample for each set of labels. A family without samples is left out.
    pub(crate) fn family<'a, const N: usize, V: Display>(
        &mut self,
        kind: Type,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = ([(&'a str, String); N], V)>,
    ) {
        debug_assert_eq!(name.ends_with("_total"), kind == Type::Counter, "{name}");
        debug_assert!(name.starts_with("moim_"), "{name}");
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        let kind = if kind == Type::Counter { "counter" } else { "gauge" };
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            self.0.push_str(name);
            for (at, (label, text)) in labels.iter().enumerate() {
                let opening = if at == 0 { '{' } else { ',' };
                let _ = write!(self.0, "{opening}{label}=\"{}\"", escaped(text));
            }
            let closing = if N == 0 { "" } else { "}" };
            let _ = writeln!(self.0, "{closing} {value}");
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_in_the_text_format() {
        let mut page = Page::default();
        page.sample(Type::Gauge, "moim_open_fds", "Open files.", 7);
        let samples = [([("shard", "0".to_owned()), ("why", "a \"b\"\n\\".to_owned())], 3_u64)];
        page.family(Type::Counter, "moim_refused_total", "Refused.", samples);
        page.family(Type::Counter, "moim_none_total", "Never.", Vec::<([(&str, String); 0], u64)>::new());
        let expected = "# HELP moim_open_fds Open files.\n# TYPE moim_open_fds gauge\nmoim_open_fds 7\n\
             # HELP moim_refused_total Refused.\n# TYPE moim_refused_total counter\n\
             moim_refused_total{shard=\"0\",why=\"a \\\"b\\\"\\n\\\\\"} 3\n";
        assert_eq!(page.into_text(), expected);
    }
}
