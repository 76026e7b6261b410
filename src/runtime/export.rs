//! Reports as text: Graphviz DOT, Mermaid, JSON.
//!
//! ```text
//!  ┌───────────┐  active: solid   ┌──────────────┐
//!  │ trades    │ ───────────────► │ average      │    each box: name, id, height,
//!  └───────────┘                  │ 1.0 h1       │    runs and broadcasts,
//!  ┌───────────┐  passive: dashed │ 90 runs, 7 b │    times where they were sampled
//!  │ limits    │ ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌► └──────────────┘
//!  └───────────┘
//! ```
//!
//! The order is that of the report, so the same graph gives the same text. Names may hold
//! anything: quotes, newlines and markup are escaped, other control characters are shown as
//! U+FFFD.

use std::fmt::{self, Write};

use super::failure::Health;
use super::node::NodeId;
use super::observe::{NodeReport, Profile, Report, Times};

/// Text that grows; writing into memory does not fail.
struct Text(String);

impl Text {
    fn add(&mut self, args: fmt::Arguments<'_>) {
        let written = self.0.write_fmt(args);
        debug_assert!(written.is_ok(), "writing into memory does not fail");
    }
}

macro_rules! add {
    ($text:expr, $($format:tt)*) => { $text.add(format_args!($($format)*)) };
}

/// The name of a node in DOT and Mermaid.
fn key(id: NodeId) -> String {
    format!("n{}_{}", id.index(), id.generation())
}

/// Whole nanoseconds below a microsecond, then a tenth of the unit that fits.
fn time(ns: u64) -> String {
    let (unit, name) = match ns {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => (1_000, "us"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    format!("{}.{} {name}", ns / unit, ns % unit * 10 / unit)
}

fn times_line(times: &Times) -> String {
    format!(
        "p50 {}, p99 {}, max {}",
        time(times.p50_ns),
        time(times.p99_ns),
        time(times.max_ns)
    )
}

/// What stands in the box of a node, line by line, not escaped.
fn lines(node: &NodeReport, profile: Profile) -> Vec<String> {
    let mut lines = vec![
        match node.name.is_empty() {
            true => "(no name)".to_owned(),
            false => node.name.clone(),
        },
        format!("{} h{}", node.node, node.height),
    ];
    if profile != Profile::Off {
        lines.push(format!(
            "{} runs, {} broadcasts",
            node.visits, node.broadcasts
        ));
    }
    if let Some(times) = &node.times {
        lines.push(times_line(times));
    }
    if node.asleep {
        lines.push("asleep".to_owned());
    }
    if node.health != Health::Healthy {
        lines.push(health(node.health).to_owned());
    }
    lines
}

fn health(health: Health) -> &'static str {
    match health {
        Health::Healthy => "healthy",
        Health::Failed => "failed",
        Health::Stale { .. } => "stale",
    }
}

fn shown(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}

fn dot_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c => out.push(shown(c)),
        }
    }
    out
}

fn mermaid_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '&' => out.push_str("#amp;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '`' => out.push_str("#96;"),
            '\n' => out.push_str("<br/>"),
            c => out.push(shown(c)),
        }
    }
    out
}

/// A JSON string with its quotes.
fn json_string(text: &str) -> String {
    let mut out = Text(String::with_capacity(text.len() + 2));
    out.0.push('"');
    for c in text.chars() {
        match c {
            '"' => out.0.push_str("\\\""),
            '\\' => out.0.push_str("\\\\"),
            '\n' => out.0.push_str("\\n"),
            '\r' => out.0.push_str("\\r"),
            '\t' => out.0.push_str("\\t"),
            // U+007F and above may stand as they are.
            c if c < ' ' => add!(out, "\\u{:04x}", u32::from(c)),
            c => out.0.push(c),
        }
    }
    out.0.push('"');
    out.0
}

fn json_times(times: Option<&Times>) -> String {
    let Some(times) = times else {
        return "null".to_owned();
    };
    format!(
        "{{\"samples\":{},\"p50_ns\":{},\"p99_ns\":{},\"max_ns\":{}}}",
        times.samples, times.p50_ns, times.p99_ns, times.max_ns
    )
}

impl Report {
    /// The graph for Graphviz (`dot -Tsvg`): active edges solid, passive ones dashed.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut text = Text("digraph wavelet {\n  rankdir=LR;\n  node [shape=box];\n".to_owned());
        if let Some(times) = &self.cycle_times {
            add!(text, "  label=\"cycle: {}\";\n", times_line(times));
        }
        for node in &self.nodes {
            let label: Vec<String> = lines(node, self.profile)
                .iter()
                .map(|line| dot_escape(line))
                .collect();
            let style = if node.asleep { ", style=dotted" } else { "" };
            let (key, label) = (key(node.node), label.join("\\n"));
            add!(text, "  {key} [label=\"{label}\"{style}];\n");
        }
        for node in &self.nodes {
            for parent in &node.parents {
                let style = if parent.active { "" } else { " [style=dashed]" };
                let (from, to) = (key(parent.node), key(node.node));
                add!(text, "  {from} -> {to}{style};\n");
            }
        }
        text.0.push_str("}\n");
        text.0
    }

    /// The graph for Mermaid: active edges solid, passive ones dotted.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut text = Text("flowchart LR\n".to_owned());
        for node in &self.nodes {
            let label: Vec<String> = lines(node, self.profile)
                .iter()
                .map(|line| mermaid_escape(line))
                .collect();
            let (key, label) = (key(node.node), label.join("<br/>"));
            add!(text, "  {key}[\"{label}\"]\n");
        }
        for node in &self.nodes {
            for parent in &node.parents {
                let arrow = if parent.active { "-->" } else { "-.->" };
                let (from, to) = (key(parent.node), key(node.node));
                add!(text, "  {from} {arrow} {to}\n");
            }
        }
        text.0
    }

    /// The report as one JSON object. Numbers are integers of up to 64 bits; a node is named by
    /// `"slot.generation"`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = Text(String::new());
        let profile = match self.profile {
            Profile::Off => "\"off\"".to_owned(),
            Profile::Counts => "\"counts\"".to_owned(),
            Profile::Sampled { every } => format!("{{\"sampled\":{every}}}"),
        };
        add!(
            text,
            "{{\"at_ns\":{},\"epoch\":{},\"profile\":{profile},\"cycles\":{},\"cycle_times\":{},",
            self.at.0,
            self.epoch,
            self.cycles,
            json_times(self.cycle_times.as_ref())
        );
        text.0.push_str("\"nodes\":[");
        for (at, node) in self.nodes.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let parents: Vec<String> = node
                .parents
                .iter()
                .map(|parent| {
                    format!(
                        "{{\"id\":\"{}\",\"active\":{}}}",
                        parent.node, parent.active
                    )
                })
                .collect();
            add!(
                text,
                "{comma}{{\"id\":\"{}\",\"name\":{},\"height\":{},\"parents\":[{}],",
                node.node,
                json_string(&node.name),
                node.height,
                parents.join(",")
            );
            add!(
                text,
                "\"visits\":{},\"broadcasts\":{},\"times\":{},",
                node.visits,
                node.broadcasts,
                json_times(node.times.as_ref())
            );
            add!(
                text,
                "\"lazy\":{},\"asleep\":{},\"spawned\":{},\"has_channel\":{},\"pending\":{},\"health\":\"{}\"}}",
                node.lazy,
                node.asleep,
                node.spawned,
                node.has_channel,
                node.pending,
                health(node.health)
            );
        }
        text.0.push_str("]}");
        text.0
    }
}

#[cfg(test)]
mod tests;
