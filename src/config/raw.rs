//! Mirror of the YAML: every key with the right shape and its place, nothing judged yet.
//!
//! Reading goes on after a fault, so that one run tells all of them.

use super::yaml::{Key, Node, Value, shorten};
use super::{Fault, Position, nearest};

/// A value, where it stands, and the path that leads to it.
#[derive(Clone, Debug)]
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) at: Position,
    pub(super) path: String,
}

impl<T> Located<T> {
    pub(super) fn fault(&self, why: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault::new(self.at, &self.path, why, remedy)
    }
}

/// The whole file.
#[derive(Debug, Default)]
pub(super) struct RawConfig {
    pub(super) runtime: RawRuntime,
    pub(super) ring_ticks: Option<Located<i64>>,
    pub(super) feeds: Option<Located<Vec<RawFeed>>>,
    pub(super) books: RawBooks,
    pub(super) signals: Vec<RawKind>,
    pub(super) publish: Vec<RawKind>,
    pub(super) record: Option<RawRecord>,
    pub(super) simulate: Vec<RawKind>,
}

/// `runtime:`
#[derive(Debug, Default)]
pub(super) struct RawRuntime {
    pub(super) core: Option<Located<i64>>,
    pub(super) mode: Option<Located<String>>,
}

/// `books:`
#[derive(Debug, Default)]
pub(super) struct RawBooks {
    pub(super) depth: Option<Located<i64>>,
    pub(super) orders_capacity: Option<Located<i64>>,
}

/// `record:`
#[derive(Debug)]
pub(super) struct RawRecord {
    pub(super) dir: Option<Located<String>>,
    pub(super) rotate_s: Option<Located<i64>>,
    pub(super) rotate_bytes: Option<Located<i64>>,
    pub(super) queue_bytes_max: Option<Located<i64>>,
    pub(super) level: Option<Located<i64>>,
}

/// An entry of `feeds:`
#[derive(Debug)]
pub(super) struct RawFeed {
    pub(super) at: Position,
    pub(super) path: String,
    pub(super) name: Option<Located<String>>,
    pub(super) protocol: Option<Located<String>>,
    pub(super) lines: Option<Located<RawLines>>,
    pub(super) retransmit: Option<Located<Vec<Located<String>>>>,
    pub(super) snapshot: Option<Located<Vec<Located<String>>>>,
    pub(super) snapshot_lines: Option<Located<RawLines>>,
    pub(super) gap_lines: Option<Located<RawLines>>,
    pub(super) delivery: Option<Located<Vec<Located<String>>>>,
    pub(super) url: Option<Located<String>>,
    pub(super) connections: Option<Located<i64>>,
    pub(super) instruments_per_connection: Option<Located<i64>>,
    pub(super) proxy: Option<Located<String>>,
    pub(super) tls_roots: Option<Located<String>>,
    /// Name and value of each.
    pub(super) headers: Vec<(Key, Node)>,
    pub(super) instruments: Option<RawInstruments>,
    pub(super) receive_buffer_bytes: Option<Located<i64>>,
    pub(super) timestamps: Option<Located<String>>,
    pub(super) core: Option<Located<i64>>,
    pub(super) mode: Option<Located<String>>,
    /// Keys that only the protocol's room can judge.
    pub(super) own: Vec<(Key, Node)>,
}

/// `lines:` of a feed.
#[derive(Debug, Default)]
pub(super) struct RawLines {
    /// `a` to `d`.
    pub(super) lines: [Option<RawLine>; 4],
    pub(super) interface: Option<Located<String>>,
}

/// One of `lines:`: an address, or a mapping with an address and how its group is joined.
#[derive(Debug)]
pub(super) struct RawLine {
    pub(super) address: Located<String>,
    pub(super) source: Option<Located<String>>,
    pub(super) interface: Option<Located<String>>,
}

/// `instruments:`
#[derive(Debug)]
pub(super) struct RawInstruments {
    pub(super) all: bool,
    pub(super) names: Vec<Located<String>>,
    pub(super) at: Position,
    pub(super) path: String,
}

/// An entry of `signals:`, `publish:` or `simulate:`: what its keys mean depends on its kind or its feed.
#[derive(Debug)]
pub(super) struct RawKind {
    pub(super) at: Position,
    pub(super) path: String,
    pub(super) entries: Vec<(Key, Node)>,
}

/// Keys every feed has.
pub(super) const FEED_KEYS: [&str; 19] = [
    "name",
    "protocol",
    "lines",
    "retransmit",
    "snapshot",
    "snapshot_lines",
    "gap_lines",
    "delivery",
    "url",
    "connections",
    "instruments_per_connection",
    "proxy",
    "tls_roots",
    "headers",
    "instruments",
    "receive_buffer_bytes",
    "timestamps",
    "core",
    "mode",
];

/// Reads the mirror off the tree.
pub(super) fn read(root: &Node, faults: &mut Vec<Fault>) -> RawConfig {
    let mut raw = RawConfig::default();
    let Some(mut fields) = Fields::of(root, "", faults) else {
        return raw;
    };
    if let Some(mut runtime) = fields.mapping("runtime") {
        raw.runtime = RawRuntime {
            core: runtime.integer("core"),
            mode: runtime.text("mode"),
        };
        runtime.finish();
    }
    raw.ring_ticks = fields.integer("ring_ticks");
    if let Some(list) = fields.list("feeds") {
        let feeds = list.value.iter().enumerate();
        let value = feeds
            .filter_map(|(index, node)| read_feed(node, &format!("feeds[{index}]"), fields.faults))
            .collect();
        raw.feeds = Some(Located {
            value,
            at: list.at,
            path: list.path,
        });
    }
    if let Some(mut books) = fields.mapping("books") {
        raw.books = RawBooks {
            depth: books.integer("depth"),
            orders_capacity: books.integer("orders_capacity"),
        };
        books.finish();
    }
    if let Some(mut record) = fields.mapping("record") {
        raw.record = Some(RawRecord {
            dir: record.text("dir"),
            rotate_s: record.integer("rotate_s"),
            rotate_bytes: record.integer("rotate_bytes"),
            queue_bytes_max: record.integer("queue_bytes_max"),
            level: record.integer("level"),
        });
        record.require("dir", "write dir: /var/lib/waveletd/recordings");
        record.finish();
    }
    raw.signals = read_kinds(&mut fields, "signals");
    raw.publish = read_kinds(&mut fields, "publish");
    raw.simulate = read_kinds(&mut fields, "simulate");
    fields.finish();
    raw
}

fn read_feed(node: &Node, path: &str, faults: &mut Vec<Fault>) -> Option<RawFeed> {
    let mut fields = Fields::of(node, path, faults)?;
    let mut feed = RawFeed {
        at: node.at,
        path: path.to_owned(),
        name: fields.text("name"),
        protocol: fields.text("protocol"),
        lines: None,
        retransmit: fields.texts("retransmit"),
        snapshot: fields.texts("snapshot"),
        snapshot_lines: None,
        gap_lines: None,
        delivery: fields.texts("delivery"),
        url: fields.text("url"),
        connections: fields.integer("connections"),
        instruments_per_connection: fields.integer("instruments_per_connection"),
        proxy: fields.text("proxy"),
        tls_roots: fields.text("tls_roots"),
        headers: Vec::new(),
        instruments: fields.instruments("instruments"),
        receive_buffer_bytes: fields.integer("receive_buffer_bytes"),
        timestamps: fields.text("timestamps"),
        core: fields.integer("core"),
        mode: fields.text("mode"),
        own: Vec::new(),
    };
    if let Some(headers) = fields.mapping("headers") {
        feed.headers = headers.entries.to_vec();
    }
    feed.lines = read_lines(&mut fields, "lines");
    feed.snapshot_lines = read_lines(&mut fields, "snapshot_lines");
    feed.gap_lines = read_lines(&mut fields, "gap_lines");
    feed.own = fields.rest();
    Some(feed)
}

fn read_lines(fields: &mut Fields<'_, '_>, key: &'static str) -> Option<Located<RawLines>> {
    let mut lines = fields.mapping(key)?;
    let value = RawLines {
        lines: ["a", "b", "c", "d"].map(|line| read_line(&mut lines, line)),
        interface: lines.text("interface"),
    };
    let (at, path) = (lines.at, lines.path.clone());
    lines.finish();
    Some(Located { value, at, path })
}

fn read_line(lines: &mut Fields<'_, '_>, key: &'static str) -> Option<RawLine> {
    if !matches!(lines.get(key)?.value, Value::Map(_)) {
        return Some(RawLine {
            address: lines.text(key)?,
            source: None,
            interface: None,
        });
    }
    let mut line = lines.mapping(key)?;
    line.require("address", "write address: \"233.54.12.111:26477\"");
    let (address, source, interface) = (
        line.text("address"),
        line.text("source"),
        line.text("interface"),
    );
    line.finish();
    Some(RawLine {
        address: address?,
        source,
        interface,
    })
}

fn read_kinds(fields: &mut Fields<'_, '_>, key: &'static str) -> Vec<RawKind> {
    let Some(list) = fields.list(key) else {
        return Vec::new();
    };
    let mut kinds = Vec::new();
    for (index, node) in list.value.iter().enumerate() {
        let path = format!("{key}[{index}]");
        if let Some(mut entry) = Fields::of(node, &path, fields.faults) {
            kinds.push(RawKind {
                at: node.at,
                path: path.clone(),
                entries: entry.rest(),
            });
        }
    }
    kinds
}

/// A mapping being read key by key.
pub(super) struct Fields<'t, 'f> {
    pub(super) at: Position,
    pub(super) path: String,
    entries: &'t [(Key, Node)],
    asked: Vec<&'static str>,
    pub(super) faults: &'f mut Vec<Fault>,
}

impl<'t, 'f> Fields<'t, 'f> {
    /// The mapping `node`, its duplicate keys told. `None`, told, when it is none.
    pub(super) fn of(
        node: &'t Node,
        path: &str,
        faults: &'f mut Vec<Fault>,
    ) -> Option<Fields<'t, 'f>> {
        let Value::Map(entries) = &node.value else {
            let path = if path.is_empty() { "file" } else { path };
            faults.push(Fault::new(
                node.at,
                path,
                format!("{} where a mapping is needed", node.kind()),
                "write `key: value` lines",
            ));
            return None;
        };
        Some(Fields::of_entries(entries, node.at, path, faults))
    }

    /// A mapping of these entries, its duplicate keys told.
    pub(super) fn of_entries(
        entries: &'t [(Key, Node)],
        at: Position,
        path: &str,
        faults: &'f mut Vec<Fault>,
    ) -> Fields<'t, 'f> {
        let mut first_of = std::collections::HashMap::new();
        for (key, _) in entries {
            let first = *first_of.entry(key.text.as_str()).or_insert(key.at);
            if first != key.at {
                faults.push(Fault::new(
                    key.at,
                    &join(path, &key.text),
                    format!("the key is here twice, first on line {}", first.line),
                    "keep one of them",
                ));
            }
        }
        Fields {
            at,
            path: path.to_owned(),
            entries,
            asked: Vec::new(),
            faults,
        }
    }

    /// Tells a key that must be there and is not.
    pub(super) fn require(&mut self, key: &str, remedy: &str) {
        if !self.entries.iter().any(|(entry, _)| entry.text == key) {
            let path = join(&self.path, key);
            self.faults
                .push(Fault::new(self.at, &path, "the key is missing", remedy));
        }
    }

    fn get(&mut self, key: &'static str) -> Option<&'t Node> {
        self.asked.push(key);
        self.entries
            .iter()
            .find(|(entry, _)| entry.text == key)
            .map(|(_, node)| node)
    }

    /// A value of the wrong shape.
    fn wrong(&mut self, node: &Node, key: &str, wanted: &str, remedy: &str) {
        let path = join(&self.path, key);
        self.faults.push(Fault::new(
            node.at,
            &path,
            format!("{} where {wanted} is needed", node.kind()),
            remedy,
        ));
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<Located<String>> {
        let node = self.get(key)?;
        self.text_of(node, key)
    }

    fn text_of(&mut self, node: &Node, key: &str) -> Option<Located<String>> {
        match &node.value {
            Value::Scalar { text, .. } if !node.is_null() && !text.is_empty() => Some(Located {
                value: text.clone(),
                at: node.at,
                path: join(&self.path, key),
            }),
            _ => {
                self.wrong(node, key, "a text", "write one value behind the colon");
                None
            }
        }
    }

    pub(super) fn integer(&mut self, key: &'static str) -> Option<Located<i64>> {
        let node = self.get(key)?;
        let value = match &node.value {
            Value::Scalar {
                text,
                quoted: false,
            } => integer(text),
            _ => None,
        };
        match value {
            Some(value) => Some(Located {
                value,
                at: node.at,
                path: join(&self.path, key),
            }),
            None => {
                let remedy = match unit_of(key) {
                    Some(unit) => format!("write digits only; the unit is {unit}"),
                    None => "write digits only".to_owned(),
                };
                self.wrong(node, key, "a whole number", &remedy);
                None
            }
        }
    }

    pub(super) fn list(&mut self, key: &'static str) -> Option<Located<&'t [Node]>> {
        let node = self.get(key)?;
        match &node.value {
            Value::List(list) => Some(Located {
                value: list.as_slice(),
                at: node.at,
                path: join(&self.path, key),
            }),
            _ => {
                self.wrong(
                    node,
                    key,
                    "a list",
                    "write each entry on a line behind `- `",
                );
                None
            }
        }
    }

    fn texts(&mut self, key: &'static str) -> Option<Located<Vec<Located<String>>>> {
        let list = self.list(key)?;
        let nodes = list.value.iter().enumerate();
        let value = nodes
            .filter_map(|(index, node)| self.text_of(node, &format!("{key}[{index}]")))
            .collect();
        Some(Located {
            value,
            at: list.at,
            path: list.path,
        })
    }

    pub(super) fn instruments(&mut self, key: &'static str) -> Option<RawInstruments> {
        let node = self.get(key)?;
        let path = join(&self.path, key);
        match &node.value {
            Value::Scalar { text, .. } if text == "*" => Some(RawInstruments {
                all: true,
                names: Vec::new(),
                at: node.at,
                path,
            }),
            Value::List(list) => {
                let nodes = list.iter().enumerate();
                let names = nodes
                    .filter_map(|(index, node)| self.text_of(node, &format!("{key}[{index}]")))
                    .collect();
                Some(RawInstruments {
                    all: false,
                    names,
                    at: node.at,
                    path,
                })
            }
            _ => {
                self.wrong(
                    node,
                    key,
                    "a list of symbols or \"*\"",
                    "write [\"AAPL\"] or \"*\"",
                );
                None
            }
        }
    }

    pub(super) fn mapping(&mut self, key: &'static str) -> Option<Fields<'t, '_>> {
        let node = self.get(key)?;
        Fields::of(node, &join(&self.path, key), self.faults)
    }

    /// The entries nobody asked for.
    fn rest(&mut self) -> Vec<(Key, Node)> {
        let unknown = |entry: &&(Key, Node)| !self.asked.contains(&entry.0.text.as_str());
        self.entries.iter().filter(unknown).cloned().collect()
    }

    /// Tells every key nobody asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.entries {
            if !self.asked.contains(&key.text.as_str()) {
                let path = join(&self.path, &key.text);
                let remedy = nearest(&key.text, self.asked.iter().copied());
                self.faults
                    .push(Fault::new(key.at, &path, "unknown key", remedy));
            }
        }
    }
}

/// A plain scalar as a whole number; digit groups may be set apart by `_`.
pub(super) fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// The unit a key's name ends in.
fn unit_of(key: &str) -> Option<&'static str> {
    const UNITS: [(&str, &str); 7] = [
        ("_bytes", "bytes"),
        ("_bytes_max", "bytes"),
        ("_ns", "nanoseconds"),
        ("_us", "microseconds"),
        ("_ms", "milliseconds"),
        ("_s", "seconds"),
        ("_seconds", "seconds"),
    ];
    UNITS
        .iter()
        .find(|(suffix, _)| key.ends_with(suffix))
        .map(|(_, unit)| *unit)
}

pub(super) fn join(path: &str, key: &str) -> String {
    let key = shorten(key);
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}
