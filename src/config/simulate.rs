//! `simulate:`, which only the verbs `simulate` and `demo` read: how the bundled venues behave.

use super::check::Checker;
use super::raw::{Fields, Located, RawKind};
use super::yaml::shorten;
use super::{FeedConfig, Reach, nearest};
use crate::simulate::{ImpairmentSettings, WebSocketFaults};
use std::collections::HashMap;
use std::time::Duration;

/// A simulated venue that answers at the addresses of a feed.
#[derive(Clone, Debug)]
pub struct SimulateConfig {
    /// Index of the feed in [`Config::feeds`](super::Config::feeds).
    pub feed: usize,
    /// Seed of everything random about the venue.
    pub seed: u64,
    /// Symbols; empty means those of the feed.
    pub instruments: Vec<String>,
    /// Matching-engine events a second.
    pub events_per_second: u64,
    /// How it misbehaves.
    pub faults: SimulatedFaults,
}

/// How a simulated venue misbehaves, by transport.
#[derive(Clone, Debug)]
pub enum SimulatedFaults {
    /// Datagrams.
    Datagrams {
        /// One a line of the feed, line a first.
        lines: Vec<ImpairmentSettings>,
        /// How long an answer of the retransmission server takes.
        retransmit_delay: Duration,
    },
    /// A WebSocket.
    WebSocket(WebSocketFaults),
}

const LINES: [&str; 4] = ["a", "b", "c", "d"];
const PER_MILLION: std::ops::RangeInclusive<i64> = 0..=1_000_000;
const AFTER_S: std::ops::RangeInclusive<i64> = 1..=86_400;

/// How bad a line is, as written.
#[derive(Default)]
struct RawLine {
    loss: Option<Located<i64>>,
    duplicate: Option<Located<i64>>,
    reorder: Option<Located<i64>>,
    span: Option<Located<i64>>,
}

impl RawLine {
    fn read(lines: &mut Fields<'_, '_>, line: &'static str) -> RawLine {
        let Some(mut fields) = lines.mapping(line) else {
            return RawLine::default();
        };
        let raw = RawLine {
            loss: fields.integer("loss_per_million"),
            duplicate: fields.integer("duplicate_per_million"),
            reorder: fields.integer("reorder_per_million"),
            span: fields.integer("reorder_span"),
        };
        fields.finish();
        raw
    }
}

impl Checker<'_> {
    /// Every simulated venue, checked against the feed it stands for.
    pub(super) fn simulate(
        &mut self,
        raw: &[RawKind],
        feeds: &[FeedConfig],
    ) -> Vec<SimulateConfig> {
        let mut taken = HashMap::new();
        let mut venues = Vec::new();
        for raw in raw {
            let mut fields = Fields::of_entries(&raw.entries, raw.at, &raw.path, self.faults);
            let name = fields.text("feed");
            fields.require("feed", "name the feed this venue stands for");
            let seed = fields.integer("seed");
            let instruments = fields.instruments("instruments");
            let events_per_second = fields.integer("events_per_second");
            let delay = fields.integer("retransmit_delay_ms");
            let close = fields.integer("close_after_s");
            let drop = fields.integer("drop_after_s");
            let drop_oldest = fields.integer("drop_oldest_every_s");
            let stall = fields.integer("stall_after_s");
            let loss = fields.integer("loss_per_million");
            let mut lines: [RawLine; 4] = Default::default();
            if let Some(mut mapping) = fields.mapping("lines") {
                lines = LINES.map(|line| RawLine::read(&mut mapping, line));
                mapping.finish();
            }
            fields.finish();

            let Some(name) = name else { continue };
            let Some(feed) = feeds.iter().position(|feed| feed.name == name.value) else {
                // A feed with faults of its own is not in the list; those faults are told already.
                if self
                    .faults
                    .iter()
                    .any(|fault| fault.path.starts_with("feeds"))
                {
                    continue;
                }
                let why = format!("there is no feed `{}`", shorten(&name.value));
                let remedy = nearest(&name.value, feeds.iter().map(|feed| feed.name.as_str()));
                self.tell(&name, why, remedy);
                continue;
            };
            self.unique(&mut taken, feed, &name, "feed");
            if let Some(lines) = feeds[feed].lines()
                && lines.joins.iter().any(|join| join.source.is_some())
            {
                let why = format!("lines of feed {} take one sender only", name.value);
                self.tell(
                    &name,
                    why,
                    "remove `source` from the lines; this venue is another",
                );
            }
            let seed = self.size(&seed, 0..=i64::MAX, 0) as u64;
            if matches!(&feeds[feed].reach, Reach::Datagrams { delivery, .. } if !delivery.is_empty())
            {
                let why = format!("feed {} is delivered over TCP", name.value);
                self.tell(&name, why, "venues are simulated on `lines`");
            }
            let is_datagram = matches!(feeds[feed].reach, Reach::Datagrams { .. });
            let (of_others, carrier) = if is_datagram {
                (
                    vec![&close, &drop, &drop_oldest, &stall, &loss],
                    "datagrams",
                )
            } else {
                (vec![&delay], "a WebSocket")
            };
            for key in of_others.into_iter().flatten() {
                let why = format!("feed {} is carried by {carrier}", name.value);
                self.tell(key, why, "remove the key");
            }
            let faults = match &feeds[feed].reach {
                Reach::Datagrams {
                    lines: addresses, ..
                } => SimulatedFaults::Datagrams {
                    lines: (0u64..)
                        .zip(&lines)
                        .take(addresses.addresses.len())
                        .map(|(stream, line)| self.impairment(line, seed, stream))
                        .collect(),
                    retransmit_delay: Duration::from_millis(self.size(&delay, 0..=60_000, 0) as u64),
                },
                Reach::WebSocket { .. } => SimulatedFaults::WebSocket(WebSocketFaults {
                    close_after: self.after(close),
                    drop_after: self.after(drop),
                    drop_oldest_every: self.after(drop_oldest),
                    stall_after: self.after(stall),
                    loss_per_million: self.size(&loss, PER_MILLION, 0) as u32,
                }),
            };
            venues.push(SimulateConfig {
                feed,
                seed,
                instruments: self.instruments(instruments.as_ref()).symbols().to_vec(),
                events_per_second: self.size(&events_per_second, 1..=10_000_000, 1_000) as u64,
                faults,
            });
        }
        venues
    }

    fn after(&mut self, seconds: Option<Located<i64>>) -> Option<Duration> {
        let seconds = self.in_range(&seconds?, AFTER_S)?;
        Some(Duration::from_secs(seconds as u64))
    }

    fn impairment(&mut self, line: &RawLine, seed: u64, stream: u64) -> ImpairmentSettings {
        ImpairmentSettings {
            seed,
            stream,
            loss_per_million: self.size(&line.loss, PER_MILLION, 0) as u32,
            duplicate_per_million: self.size(&line.duplicate, PER_MILLION, 0) as u32,
            reorder_per_million: self.size(&line.reorder, PER_MILLION, 0) as u32,
            reorder_span: self.size(&line.span, 1..=64, 3) as u32,
            dead: false,
        }
    }
}
