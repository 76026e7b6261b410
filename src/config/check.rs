//! From the mirror to types that cannot be wrong. Goes on after a fault; one run tells all of them.

mod connections;

use super::raw::{
    FEED_KEYS, Fields, Located, RawConfig, RawFeed, RawInstruments, RawKind, RawLine, RawLines,
    integer,
};
use super::secret;
use super::yaml::{self, Node};
use super::{
    BooksConfig, Config, ExecutionMode, Fault, FeedConfig, Instruments, Interface, Join, Lines,
    PublishConfig, Reach, RuntimeConfig, SignalConfig, SignalKind, Stamping, WebSocketPublish,
    is_datagram, nearest,
};
use crate::ingest::ring::TICKS_PER_PACKET_MAX;
use crate::record::RecordConfig;
use feeds::contract::{Descriptor, SnapshotService, Value};
use feeds::model::{ChannelId, Symbol};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Most feeds of a process.
const FEEDS_MAX: usize = 256;
/// Most retransmission servers of a feed.
const SERVERS_MAX: usize = 8;
/// Highest core id there can be.
const CORE_MAX: i64 = 1_023;
const RING_TICKS_DEFAULT: usize = 1 << 16;
/// Room for two packets at least: one being read while the next is written.
const RING_TICKS_MIN: i64 = 2 * TICKS_PER_PACKET_MAX as i64;
/// 16 Mi ticks are 1 GiB.
const RING_TICKS_MAX: i64 = 1 << 24;
const RECEIVE_BUFFER_BYTES_DEFAULT: usize = 8 << 20;
/// One full datagram of 9,000 bytes with the kernel's bookkeeping.
const RECEIVE_BUFFER_BYTES_MIN: i64 = 16 << 10;
const RECEIVE_BUFFER_BYTES_MAX: i64 = 1 << 30;
/// A day.
const INTERVAL_MS_MAX: i64 = 86_400_000;

/// The configuration, where what is left after the faults makes one.
pub(super) fn check(raw: RawConfig, faults: &mut Vec<Fault>) -> Option<Config> {
    let mut checker = Checker { faults };
    let runtime = RuntimeConfig {
        core: checker.core(raw.runtime.core.as_ref()),
        mode: checker.mode(raw.runtime.mode.as_ref()),
    };
    let ring_ticks = checker.ring_ticks(raw.ring_ticks.as_ref());
    let books = BooksConfig {
        depth: checker.size(&raw.books.depth, 1..=BooksConfig::DEPTH_MAX as i64, 10),
        orders_capacity: checker.size(
            &raw.books.orders_capacity,
            1_024..=1 << 28,
            BooksConfig::default().orders_capacity,
        ),
    };
    let feeds = checker.feeds(raw.feeds, &runtime);
    let signals = checker.signals(&raw.signals, books.depth);
    let publish = checker.publish(&raw.publish);
    let simulate = checker.simulate(&raw.simulate, &feeds);
    let record = raw.record.as_ref().map(|raw| RecordConfig {
        dir: raw
            .dir
            .as_ref()
            .map_or_else(PathBuf::new, |dir| PathBuf::from(&dir.value)),
        rotate: Duration::from_secs(checker.size(&raw.rotate_s, 1..=86_400, 3_600) as u64),
        rotate_bytes: checker.size(&raw.rotate_bytes, 1 << 20..=1 << 40, 1 << 30) as u64,
        queue_bytes_max: checker.size(&raw.queue_bytes_max, 1 << 20..=1 << 32, 64 << 20) as u64,
        // At most 19.
        level: checker.size(&raw.level, 1..=19, 3) as i32,
    });
    faults.is_empty().then_some(Config {
        runtime,
        ring_ticks,
        feeds,
        books,
        signals,
        publish,
        record,
        simulate,
    })
}

/// Judges; faults go to one list.
pub(super) struct Checker<'f> {
    pub(super) faults: &'f mut Vec<Fault>,
}

impl Checker<'_> {
    pub(super) fn tell<T>(
        &mut self,
        at: &Located<T>,
        why: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.faults.push(at.fault(why, remedy));
    }

    pub(super) fn in_range(
        &mut self,
        value: &Located<i64>,
        range: RangeInclusive<i64>,
    ) -> Option<usize> {
        if range.contains(&value.value) {
            return usize::try_from(value.value).ok();
        }
        self.tell(
            value,
            format!("{} is out of range", value.value),
            format!("use {} to {}", range.start(), range.end()),
        );
        None
    }

    pub(super) fn size(
        &mut self,
        value: &Option<Located<i64>>,
        range: RangeInclusive<i64>,
        default: usize,
    ) -> usize {
        value
            .as_ref()
            .and_then(|value| self.in_range(value, range))
            .unwrap_or(default)
    }

    fn core(&mut self, core: Option<&Located<i64>>) -> Option<usize> {
        let core = core?;
        if (0..=CORE_MAX).contains(&core.value) {
            return usize::try_from(core.value).ok();
        }
        self.tell(
            core,
            format!("{} is not a core id", core.value),
            format!("use 0 to {CORE_MAX}, as in /proc/cpuinfo, or leave the key out"),
        );
        None
    }

    fn mode(&mut self, mode: Option<&Located<String>>) -> ExecutionMode {
        let Some(mode) = mode else {
            return ExecutionMode::default();
        };
        match mode.value.as_str() {
            "spin" => ExecutionMode::Spin,
            "park" => ExecutionMode::Park,
            other => {
                let why = format!("`{}` is no execution mode", yaml::shorten(other));
                self.tell(
                    mode,
                    why,
                    "use spin (a core of its own) or park (sleeps when idle)",
                );
                ExecutionMode::default()
            }
        }
    }

    fn ring_ticks(&mut self, ticks: Option<&Located<i64>>) -> usize {
        let Some(ticks) = ticks else {
            return RING_TICKS_DEFAULT;
        };
        let Some(count) = self.in_range(ticks, RING_TICKS_MIN..=RING_TICKS_MAX) else {
            return RING_TICKS_DEFAULT;
        };
        if !count.is_power_of_two() {
            let above = count.next_power_of_two();
            let why = format!("{count} is not a power of two");
            self.tell(ticks, why, format!("use {} or {above}", above / 2));
        }
        count
    }

    fn address(&mut self, text: &Located<String>) -> Option<SocketAddr> {
        match text.value.parse::<SocketAddr>() {
            Ok(address) => Some(address),
            Err(_) => {
                let why = format!(
                    "`{}` is not an IP address and port",
                    yaml::shorten(&text.value)
                );
                self.tell(
                    text,
                    why,
                    "write \"233.54.12.111:26477\"; names are not looked up",
                );
                None
            }
        }
    }

    fn address_with_port(&mut self, text: &Located<String>) -> Option<SocketAddr> {
        let address = self.address(text)?;
        if address.port() == 0 {
            self.tell(
                text,
                "port 0 is no destination",
                "give the venue's port, 1 to 65535",
            );
            return None;
        }
        Some(address)
    }

    pub(super) fn instruments(&mut self, raw: Option<&RawInstruments>) -> Instruments {
        self.instruments_of(raw, false)
    }

    /// `has_patterns`: whether the room judges what stands in the list, which may be patterns.
    fn instruments_of(&mut self, raw: Option<&RawInstruments>, has_patterns: bool) -> Instruments {
        let Some(raw) = raw else {
            return Instruments::All;
        };
        if raw.all {
            return Instruments::All;
        }
        if raw.names.is_empty() {
            self.faults.push(Fault::new(
                raw.at,
                &raw.path,
                "the list is empty",
                "name at least one symbol, or write \"*\" for all",
            ));
        }
        let mut seen = HashMap::new();
        for name in &raw.names {
            if name.value == "*" && !has_patterns {
                self.tell(name, "\"*\" stands in a list", "write instruments: \"*\"");
            }
            if name.value.len() > Symbol::BYTES_MAX {
                let why = format!("the symbol has {} bytes", name.value.len());
                self.tell(
                    name,
                    why,
                    format!("symbols have at most {} bytes", Symbol::BYTES_MAX),
                );
            }
            self.unique(&mut seen, name.value.as_str(), name, "symbol");
        }
        Instruments::Only(raw.names.iter().map(|name| name.value.clone()).collect())
    }

    /// Tells a value that was there before.
    pub(super) fn unique<K: Eq + Hash, T>(
        &mut self,
        seen: &mut HashMap<K, (String, u32)>,
        value: K,
        at: &Located<T>,
        what: &str,
    ) {
        if let Some((path, line)) = seen.get(&value) {
            let why = format!("the same {what} as {path} (line {line})");
            self.tell(at, why, format!("give each its own {what}"));
        } else {
            seen.insert(value, (at.path.clone(), at.at.line));
        }
    }

    fn name(&mut self, name: &Located<String>) {
        const NAME_BYTES_MAX: usize = 40;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.value.len() > NAME_BYTES_MAX || !name.value.chars().all(fits) {
            let why = format!("`{}` cannot be a name", yaml::shorten(&name.value));
            let remedy = format!(
                "use letters, digits, `_`, `-`, `.`; at most {NAME_BYTES_MAX}, since logs and metrics carry it"
            );
            self.tell(name, why, remedy);
        }
    }

    fn feeds(
        &mut self,
        raw: Option<Located<Vec<RawFeed>>>,
        runtime: &RuntimeConfig,
    ) -> Vec<FeedConfig> {
        let at = super::Position { line: 1, column: 1 };
        let Some(raw) = raw else {
            // A `feeds` of the wrong shape is told already.
            if !self
                .faults
                .iter()
                .any(|fault| fault.path == "feeds" || fault.path == "file")
            {
                let remedy = "add `feeds:` with at least one feed";
                self.faults
                    .push(Fault::new(at, "feeds", "the key is missing", remedy));
            }
            return Vec::new();
        };
        if raw.value.is_empty() && !self.faults.iter().any(|f| f.path.starts_with("feeds[")) {
            self.tell(&raw, "the list is empty", "add at least one feed");
        }
        if raw.value.len() > FEEDS_MAX {
            let why = format!(
                "{} feeds, at most {FEEDS_MAX} fit one process",
                raw.value.len()
            );
            self.tell(&raw, why, "split them over several processes");
        }
        let (mut names, mut addresses) = (HashMap::new(), HashMap::new());
        let mut feeds = Vec::with_capacity(raw.value.len());
        for feed in &raw.value {
            if let Some(name) = &feed.name {
                self.unique(&mut names, name.value.clone(), name, "name");
            }
            if let Some(lines) = &feed.lines {
                for line in lines.value.lines.iter().flatten() {
                    if let Ok(address) = line.address.value.parse::<SocketAddr>() {
                        // One group may carry the lines of two senders.
                        let source = line.source.as_ref().map(|source| source.value.clone());
                        let key = (address, source);
                        self.unique(&mut addresses, key, &line.address, "address and port");
                    }
                }
            }
            if let Some(core) = &feed.core
                && runtime.mode == ExecutionMode::Spin
                && runtime.core == usize::try_from(core.value).ok()
            {
                let why = format!("core {} is the one the graph thread spins on", core.value);
                self.tell(core, why, "use another core, or runtime.mode: park");
            }
            feeds.extend(self.feed(feed));
        }
        feeds
    }

    fn missing(&mut self, feed: &RawFeed, key: &str, remedy: &str) {
        let path = format!("{}.{key}", feed.path);
        // A value of the wrong shape is told already, by the mirror.
        let told = |fault: &Fault| fault.path == path;
        if !self.faults.iter().any(told) {
            self.faults
                .push(Fault::new(feed.at, &path, "the key is missing", remedy));
        }
    }

    fn feed(&mut self, raw: &RawFeed) -> Option<FeedConfig> {
        let faults_before = self.faults.len();
        match &raw.name {
            Some(name) => self.name(name),
            None => self.missing(raw, "name", "give the feed a name of its own"),
        }
        let core = self.core(raw.core.as_ref());
        let mode = self.mode(raw.mode.as_ref());
        let is_websocket = |name: &Located<String>| {
            feeds::descriptor(&name.value).is_some_and(|one| !is_datagram(one))
        };
        let has_patterns = raw.protocol.as_ref().is_some_and(is_websocket);
        let instruments = self.instruments_of(raw.instruments.as_ref(), has_patterns);
        let Some(descriptor) = self.protocol(raw) else {
            // What does not depend on the protocol is judged all the same.
            self.unknown_to_all(raw);
            let _ = raw.lines.as_ref().and_then(|lines| self.lines(lines, None));
            return None;
        };
        let reach = if is_datagram(descriptor) {
            self.datagrams(raw, descriptor)
        } else {
            self.websocket(raw, descriptor)
        };
        let own = self.own(raw, descriptor);
        let feed = FeedConfig {
            name: raw.name.as_ref()?.value.clone(),
            descriptor,
            reach: reach?,
            instruments,
            core,
            mode,
            own,
        };
        // A room is not asked about settings that are known to be wrong.
        if self.faults.len() == faults_before {
            self.probe(raw, &feed);
        }
        Some(feed)
    }

    fn protocol(&mut self, raw: &RawFeed) -> Option<&'static Descriptor> {
        let Some(protocol) = &raw.protocol else {
            self.missing(raw, "protocol", "`waveletd list feeds` names them");
            return None;
        };
        let descriptor = feeds::descriptor(&protocol.value);
        if descriptor.is_none() {
            let names = feeds::REGISTRY.iter().map(|descriptor| descriptor.name);
            let why = format!("unknown protocol `{}`", yaml::shorten(&protocol.value));
            self.tell(protocol, why, nearest(&protocol.value, names));
        }
        descriptor
    }

    /// Tells keys that no protocol has.
    fn unknown_to_all(&mut self, raw: &RawFeed) {
        let own_keys = || {
            feeds::REGISTRY
                .iter()
                .flat_map(|descriptor| descriptor.settings)
        };
        for (key, _) in &raw.own {
            if !own_keys().any(|setting| setting.key == key.text) {
                let path = format!("{}.{}", raw.path, yaml::shorten(&key.text));
                let remedy = nearest(&key.text, FEED_KEYS.into_iter());
                self.faults
                    .push(Fault::new(key.at, &path, "unknown key", remedy));
            }
        }
    }

    /// Tells a key that makes no sense for the protocol's transport.
    fn misplaced<T>(&mut self, key: Option<&Located<T>>, descriptor: &Descriptor, remedy: &str) {
        if let Some(key) = key {
            let carrier = if is_datagram(descriptor) {
                "datagrams"
            } else {
                "a WebSocket"
            };
            let why = format!("{} is carried by {carrier}", descriptor.name);
            self.tell(key, why, remedy);
        }
    }

    fn datagrams(&mut self, raw: &RawFeed, descriptor: &Descriptor) -> Option<Reach> {
        self.misplaced(
            raw.url.as_ref(),
            descriptor,
            "remove the key; `lines` says where from",
        );
        self.misplaced(raw.connections.as_ref(), descriptor, "remove the key");
        self.misplaced(
            raw.instruments_per_connection.as_ref(),
            descriptor,
            "remove the key",
        );
        self.misplaced(raw.proxy.as_ref(), descriptor, "remove the key");
        self.misplaced(raw.tls_roots.as_ref(), descriptor, "remove the key");
        if let Some((_, value)) = raw.headers.first() {
            let path = format!("{}.headers", raw.path);
            let why = format!("{} is carried by datagrams", descriptor.name);
            self.faults
                .push(Fault::new(value.at, &path, why, "remove the key"));
        }
        let receive_buffer_bytes = self.size(
            &raw.receive_buffer_bytes,
            RECEIVE_BUFFER_BYTES_MIN..=RECEIVE_BUFFER_BYTES_MAX,
            RECEIVE_BUFFER_BYTES_DEFAULT,
        );
        let stamping = self.stamping(raw.timestamps.as_ref());
        let (name, servers) = (descriptor.name, raw.retransmit.as_ref());
        let retransmit = self.servers(servers, descriptor.has_retransmission, || {
            format!("{name} has no retransmission")
        });
        let has_servers = descriptor.snapshot == SnapshotService::Stream;
        let snapshot = self.servers(raw.snapshot.as_ref(), has_servers, || {
            format!("{name} has no snapshot servers")
        });
        // Whether the protocol has such is asked of its room.
        let delivery = self.servers(raw.delivery.as_ref(), true, String::new);
        let lines = match (&raw.lines, &raw.delivery) {
            (Some(lines), delivery) => {
                if let Some(delivery) = delivery {
                    let why = "the channel comes by `lines` or by `delivery`";
                    self.tell(delivery, why, "remove one of them");
                }
                self.lines(lines, None)
            }
            (None, Some(_)) if !delivery.is_empty() => Some(Lines::default()),
            (None, _) => {
                self.missing(raw, "lines", "write lines: { a: \"233.54.12.111:26477\" }");
                None
            }
        };
        let interface = lines.as_ref().and_then(|lines| lines.interface.as_ref());
        let repeated = self.snapshot_lines(raw, descriptor, interface);
        let answers = self.gap_lines(raw, interface);
        let parts = |lines: Option<Lines>| {
            let lines = lines.unwrap_or_default();
            (lines.addresses, lines.joins)
        };
        let (snapshot_lines, snapshot_joins) = parts(repeated);
        let (gap_lines, gap_joins) = parts(answers);
        Some(Reach::Datagrams {
            lines: lines?,
            delivery,
            retransmit,
            snapshot_lines,
            snapshot_joins,
            gap_lines,
            gap_joins,
            snapshot,
            stamping,
            receive_buffer_bytes,
        })
    }

    fn stamping(&mut self, text: Option<&Located<String>>) -> Stamping {
        match text.map(|text| (text, text.value.as_str())) {
            None | Some((_, "kernel")) => Stamping::Kernel,
            Some((_, "hardware")) => Stamping::Hardware,
            Some((text, value)) => {
                let why = format!("unknown origin `{}`", yaml::shorten(value));
                let remedy = "use kernel, or hardware (the network card's clock, where it is set)";
                self.tell(text, why, remedy);
                Stamping::default()
            }
        }
    }

    /// Lines that repeat snapshots; nothing where the key is not given.
    fn snapshot_lines(
        &mut self,
        raw: &RawFeed,
        descriptor: &Descriptor,
        interface: Option<&Interface>,
    ) -> Option<Lines> {
        let lines = raw.snapshot_lines.as_ref()?;
        if descriptor.snapshot != SnapshotService::Lines {
            let why = format!("{} has no snapshot lines", descriptor.name);
            self.tell(lines, why, "remove the key");
        }
        if lines.value.interface.is_some() {
            let why = "snapshot lines come by the interface of `lines`";
            self.tell(lines, why, "remove the interface");
        }
        self.lines(lines, interface)
    }

    /// Lines that carry answers to requests; nothing where the key is not given. Whether the protocol has such is
    /// asked of its room.
    fn gap_lines(&mut self, raw: &RawFeed, interface: Option<&Interface>) -> Option<Lines> {
        let lines = raw.gap_lines.as_ref()?;
        if lines.value.interface.is_some() {
            let why = "gap lines come by the interface of `lines`";
            self.tell(lines, why, "remove the interface");
        }
        self.lines(lines, interface)
    }

    /// Recovery servers of one kind.
    fn servers(
        &mut self,
        servers: Option<&Located<Vec<Located<String>>>>,
        has_service: bool,
        why_not: impl FnOnce() -> String,
    ) -> Vec<SocketAddr> {
        let Some(servers) = servers else {
            return Vec::new();
        };
        if !has_service {
            self.tell(servers, why_not(), "remove the key");
        }
        if servers.value.len() > SERVERS_MAX {
            let why = format!(
                "{} servers, at most {SERVERS_MAX} are asked",
                servers.value.len()
            );
            self.tell(servers, why, "keep the nearest ones");
        }
        let mut seen = HashMap::new();
        let mut addresses = Vec::with_capacity(servers.value.len());
        for server in &servers.value {
            let Some(address) = self.address_with_port(server) else {
                continue;
            };
            if address.ip().is_multicast() {
                self.tell(
                    server,
                    "a group cannot be asked",
                    "give the server's unicast address",
                );
            }
            self.unique(&mut seen, address, server, "server");
            addresses.push(address);
        }
        addresses
    }

    /// Lines; those without an interface of their own use `raw`'s, or `shared`.
    fn lines(&mut self, raw: &Located<RawLines>, shared: Option<&Interface>) -> Option<Lines> {
        let interface = raw
            .value
            .interface
            .as_ref()
            .and_then(|text| self.interface(text))
            .or_else(|| shared.cloned());
        let (mut addresses, mut joins) = (Vec::new(), Vec::new());
        let mut missing = None;
        for (line, text) in ('a'..).zip(&raw.value.lines) {
            match text {
                None => {
                    // A line of the wrong shape is told already.
                    let told = format!("{}.{line}.", raw.path);
                    if !self
                        .faults
                        .iter()
                        .any(|fault| fault.path.starts_with(&told))
                    {
                        missing = missing.or(Some(line));
                    }
                }
                Some(text) => {
                    if let Some(missing) = missing {
                        let why = format!("line {line} without line {missing}");
                        let remedy = "name lines from a on, leaving none out";
                        self.tell(&text.address, why, remedy);
                    }
                    let address = self.address_with_port(&text.address);
                    let join = self.join(text, address, interface.as_ref());
                    if let Some(address) = address {
                        addresses.push(address);
                        joins.push(join);
                    }
                }
            }
        }
        if raw.value.lines.iter().all(Option::is_none) {
            let told = format!("{}.", raw.path);
            if !self
                .faults
                .iter()
                .any(|fault| fault.path.starts_with(&told))
            {
                self.tell(
                    raw,
                    "no line has an address",
                    "write a: \"233.54.12.111:26477\"",
                );
            }
        }
        if let (Some(Interface::Address(_)), Some(text)) = (&interface, &raw.value.interface)
            && addresses.iter().zip(&joins).any(|(address, join)| {
                address.is_ipv6() && address.ip().is_multicast() && join.interface == interface
            })
        {
            self.tell(
                text,
                "an IPv6 group needs an interface name",
                "write the name, like eth0",
            );
        }
        (!addresses.is_empty()).then_some(Lines {
            addresses,
            interface,
            joins,
        })
    }

    /// How the group of one line is joined. `address` is the line's, where it can be read.
    fn join(
        &mut self,
        line: &RawLine,
        address: Option<SocketAddr>,
        shared: Option<&Interface>,
    ) -> Join {
        let own = line
            .interface
            .as_ref()
            .and_then(|text| self.interface(text));
        let source = line.source.as_ref().and_then(|text| self.source(text));
        if let Some(address) = address {
            let wishes = [("source", &line.source), ("interface", &line.interface)];
            for (key, text) in wishes {
                if let Some(text) = text
                    && !address.ip().is_multicast()
                {
                    let why = format!("only a group is joined, and {address} is an address");
                    self.tell(text, why, format!("remove the {key}, or give the group"));
                }
            }
            if let Some(text) = &line.source
                && address.is_ipv6()
                && address.ip().is_multicast()
            {
                let why = "a source can be given for groups of IPv4 only";
                self.tell(text, why, "remove the source");
            }
            if let (Some(text), Some(Interface::Address(_))) = (&line.interface, &own)
                && address.is_ipv6()
            {
                let why = "an IPv6 group needs an interface name";
                self.tell(text, why, "write the name, like eth0");
            }
        }
        Join {
            interface: own.or_else(|| shared.cloned()),
            source,
        }
    }

    /// The one sender whose datagrams a line takes.
    fn source(&mut self, text: &Located<String>) -> Option<Ipv4Addr> {
        let remedy = "give the IPv4 address the venue sends from, such as 10.0.0.1";
        let why = match text.value.parse::<Ipv4Addr>() {
            Ok(source) if source.is_multicast() => "is a group, and a group sends nothing",
            Ok(source) if source.is_unspecified() || source.octets()[0] == 0 => "is nobody",
            Ok(source) if source.is_broadcast() || source.octets()[0] >= 240 => {
                "is no address that can send"
            }
            Ok(source) => return Some(source),
            Err(_) => "is no IPv4 address",
        };
        let why = format!("`{}` {why}", yaml::shorten(&text.value));
        self.tell(text, why, remedy);
        None
    }

    fn interface(&mut self, text: &Located<String>) -> Option<Interface> {
        const NAME_BYTES_MAX: usize = 15; // IFNAMSIZ less the final zero
        if let Ok(address) = text.value.parse() {
            return Some(Interface::Address(address));
        }
        let is_name = |c: char| !c.is_whitespace() && c != '/' && c != ':';
        let looks_like_an_address = text
            .value
            .chars()
            .all(|c| c.is_ascii_digit() || c == '.' || c == ':');
        if text.value.len() <= NAME_BYTES_MAX
            && text.value.chars().all(is_name)
            && !looks_like_an_address
        {
            return Some(Interface::Name(text.value.clone()));
        }
        let why = format!("`{}` is no interface", yaml::shorten(&text.value));
        self.tell(
            text,
            why,
            "give its IPv4 address (10.0.0.5) or its name (eth0)",
        );
        None
    }

    fn own(&mut self, raw: &RawFeed, descriptor: &Descriptor) -> Vec<(String, Value)> {
        let own_keys = || descriptor.settings.iter().map(|setting| setting.key);
        let mut own = Vec::new();
        for (key, node) in &raw.own {
            let path = format!("{}.{}", raw.path, yaml::shorten(&key.text));
            if !own_keys().any(|known| known == key.text) {
                let why = format!("unknown key for {}", descriptor.name);
                let remedy = nearest(&key.text, FEED_KEYS.into_iter().chain(own_keys()));
                self.faults.push(Fault::new(key.at, &path, why, remedy));
                continue;
            }
            match value(node) {
                Some(Value::Text(reference)) if secret::is_secret(&key.text) => {
                    match secret::resolve(&reference) {
                        Ok(text) => own.push((key.text.clone(), Value::Text(text))),
                        Err((why, remedy)) => {
                            self.faults.push(Fault::new(node.at, &path, why, remedy));
                        }
                    }
                }
                Some(value) => own.push((key.text.clone(), value)),
                None => {
                    let why = format!("{} where a value or a list is needed", node.kind());
                    let remedy = "see `waveletd list feeds` for an example";
                    self.faults.push(Fault::new(node.at, &path, why, remedy));
                }
            }
        }
        own
    }

    /// Lets the protocol's room judge: builds a channel and throws it away.
    fn probe(&mut self, raw: &RawFeed, feed: &FeedConfig) {
        let told = match feed.build(ChannelId(0)) {
            Ok(room) => {
                if let Some(lines) = &raw.gap_lines
                    && is_datagram(feed.descriptor)
                    && !room.asks_by_stream()
                {
                    let why = format!("{} answers whoever asks", feed.descriptor.name);
                    self.tell(lines, why, "remove the key");
                }
                if let Some(servers) = &raw.delivery
                    && is_datagram(feed.descriptor)
                    && !room.is_delivered_by_stream()
                {
                    let why = format!("{} is not delivered over TCP", feed.descriptor.name);
                    self.tell(servers, why, "write `lines` instead");
                }
                return;
            }
            Err(told) => told,
        };
        for fault in told {
            let own = raw.own.iter().find(|(key, _)| key.text == fault.key);
            let common = match fault.key.as_str() {
                "instruments" => raw.instruments.as_ref().map(|key| key.at),
                "lines" => raw.lines.as_ref().map(|key| key.at),
                "retransmit" => raw.retransmit.as_ref().map(|key| key.at),
                "snapshot" => raw.snapshot.as_ref().map(|key| key.at),
                "snapshot_lines" => raw.snapshot_lines.as_ref().map(|key| key.at),
                "gap_lines" => raw.gap_lines.as_ref().map(|key| key.at),
                "url" => raw.url.as_ref().map(|key| key.at),
                _ => None,
            };
            let at = own.map(|(_, node)| node.at).or(common).unwrap_or(raw.at);
            let path = format!("{}.{}", raw.path, fault.key);
            self.faults
                .push(Fault::new(at, &path, fault.why, fault.remedy));
        }
    }

    fn signals(&mut self, raw: &[RawKind], depth: usize) -> Vec<SignalConfig> {
        let mut names = HashMap::new();
        let mut signals = Vec::new();
        for raw in raw {
            let mut fields = Fields::of_entries(&raw.entries, raw.at, &raw.path, self.faults);
            let (name, kind) = (fields.text("name"), fields.text("kind"));
            let instruments = fields.instruments("instruments");
            let known = known_kind(&mut fields, kind.as_ref(), "signal", &SignalKind::NAMES);
            let (mut levels, mut window_ms, mut interval_ms) = (None, None, None);
            match known {
                Some("imbalance") => levels = fields.integer("depth"),
                Some("vwap") => window_ms = fields.integer("window_ms"),
                Some("bars") => {
                    interval_ms = fields.integer("interval_ms");
                    fields.require("interval_ms", "write interval_ms: 60000");
                }
                _ => {}
            }
            fields.require("name", "give the signal a name of its own");
            // Which keys there are depends on the kind, so without a known kind none is called unknown.
            if known.is_some() {
                fields.finish();
            }
            if let Some(name) = &name {
                self.name(name);
                self.unique(&mut names, name.value.clone(), name, "name");
            }
            let instruments = self.instruments(instruments.as_ref());
            let kind = match known {
                Some("mid") => SignalKind::Mid,
                Some("spread") => SignalKind::Spread,
                Some("microprice") => SignalKind::Microprice,
                Some("imbalance") => SignalKind::Imbalance {
                    depth: self.size(&levels, 1..=depth as i64, 1),
                },
                Some("vwap") => SignalKind::Vwap {
                    window_ms: window_ms
                        .and_then(|window| self.in_range(&window, 0..=INTERVAL_MS_MAX))
                        .filter(|window| *window > 0)
                        .map(|window| window as u64),
                },
                Some("bars") => SignalKind::Bars {
                    interval_ms: self.size(&interval_ms, 1..=INTERVAL_MS_MAX, 60_000) as u64,
                },
                _ => continue,
            };
            if let Some(name) = name {
                signals.push(SignalConfig {
                    name: name.value,
                    kind,
                    instruments,
                });
            }
        }
        signals
    }

    fn publish(&mut self, raw: &[RawKind]) -> Vec<PublishConfig> {
        let (mut listens, mut tables) = (HashMap::new(), HashMap::new());
        let mut sinks = Vec::new();
        for raw in raw {
            let mut fields = Fields::of_entries(&raw.entries, raw.at, &raw.path, self.faults);
            let kind = fields.text("kind");
            match known_kind(&mut fields, kind.as_ref(), "sink", &PublishConfig::NAMES) {
                Some("websocket") => {
                    let listen = fields.text("listen");
                    let subscribers_max = fields.integer("subscribers_max");
                    let queue_messages_max = fields.integer("queue_messages_max");
                    let queue_bytes_max = fields.integer("queue_bytes_max");
                    fields.require("listen", "write listen: \"127.0.0.1:9001\"");
                    fields.finish();
                    let subscribers_max = self.size(&subscribers_max, 1..=10_000, 64);
                    let queue_messages_max = self.size(&queue_messages_max, 16..=1 << 20, 1_024);
                    let queue_bytes_max = self.size(&queue_bytes_max, 64 << 10..=1 << 30, 4 << 20);
                    let Some(text) = listen else { continue };
                    let Some(listen) = self.address(&text) else {
                        continue;
                    };
                    if listen.ip().is_multicast() {
                        self.tell(
                            &text,
                            "a group cannot listen",
                            "give an address of this host",
                        );
                    }
                    if listen.port() != 0 {
                        self.unique(&mut listens, listen, &text, "address and port");
                    }
                    sinks.push(PublishConfig::WebSocket(WebSocketPublish {
                        listen,
                        subscribers_max,
                        queue_messages_max,
                        queue_bytes_max,
                    }));
                }
                Some("table") => {
                    fields.finish();
                    if let Some(kind) = kind {
                        self.unique(&mut tables, (), &kind, "terminal");
                    }
                    sinks.push(PublishConfig::Table);
                }
                _ => {}
            }
        }
        sinks
    }
}

/// The kind as one of `names`; told when it is none.
fn known_kind(
    fields: &mut Fields<'_, '_>,
    kind: Option<&Located<String>>,
    what: &str,
    names: &[&'static str],
) -> Option<&'static str> {
    let Some(kind) = kind else {
        fields.require("kind", &format!("one of {}", names.join(", ")));
        return None;
    };
    let known = names.iter().find(|name| **name == kind.value).copied();
    if known.is_none() {
        let why = format!("unknown {what} `{}`", yaml::shorten(&kind.value));
        fields
            .faults
            .push(kind.fault(why, nearest(&kind.value, names.iter().copied())));
    }
    known
}

/// A setting as a protocol's room is given it; mappings and empty values have no such form.
fn value(node: &Node) -> Option<Value> {
    match &node.value {
        yaml::Value::Scalar { text, quoted: true } => Some(Value::Text(text.clone())),
        yaml::Value::Scalar { .. } if node.is_null() => None,
        yaml::Value::Scalar { text, .. } => Some(match text.as_str() {
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            text => match integer(text) {
                Some(number) => Value::Integer(number),
                None => Value::Text(text.to_owned()),
            },
        }),
        yaml::Value::List(list) => list
            .iter()
            .map(value)
            .collect::<Option<_>>()
            .map(Value::List),
        yaml::Value::Map(_) => None,
    }
}
