//! What the venue adds to a stitched feed.

use super::{read, scan};
use crate::contract::{DecodeError, Pace};
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Limits, Origin, Venue};
use crate::session::text::{Inflater, Reader};

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 7] = [
    "mbp",
    "mbp_request",
    "trade.detail",
    "detail",
    "other",
    "ping",
    "answer",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Update,
    Snapshot,
    Trades,
    Detail,
    /// A topic that is known and not used.
    Other,
    Ping,
    Answer,
}

/// Levels a side of the book that is asked for.
const DEPTH: usize = 150;

/// What the venue is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topics {
    All,
    Books,
    Trades,
}

impl Topics {
    pub(super) fn of(text: &str) -> Option<Topics> {
        match text {
            "all" => Some(Topics::All),
            "books" => Some(Topics::Books),
            "trades" => Some(Topics::Trades),
            _ => None,
        }
    }
}

pub(super) struct Htx {
    rest_url: String,
    topics: Topics,
    levels: Vec<Level>,
    reader: Reader,
    inflater: Inflater,
    /// The last message was compressed.
    is_packed: bool,
}

impl Htx {
    pub(super) fn new(rest_url: &str, topics: Topics) -> Htx {
        Htx {
            rest_url: rest_url.to_owned(),
            topics,
            levels: Vec::new(),
            reader: Reader::default(),
            inflater: Inflater::default(),
            is_packed: false,
        }
    }
}

impl Venue for Htx {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Previous
    }

    fn origin(&self) -> Origin {
        Origin::Rest
    }

    fn depth(&self) -> Option<usize> {
        Some(DEPTH)
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        self.is_packed = false;
        match scan::scan(text, &mut self.levels, hear) {
            Some(kind) => Ok(Heard::Kind(kind as u8)),
            None => read::read(text, &mut self.reader, &mut self.levels, hear),
        }
    }

    #[inline]
    fn read_binary<H: Hear>(&mut self, bytes: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        self.is_packed = true;
        let text = self.inflater.inflate(bytes)?;
        match scan::scan(text, &mut self.levels, hear) {
            Some(kind) => Ok(Heard::Kind(kind as u8)),
            None => read::read(text, &mut self.reader, &mut self.levels, hear),
        }
    }

    fn read_rest<H: Hear>(
        &mut self,
        _url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        read::read_symbols(body, &mut self.reader, hear)
    }

    fn culprit<'a>(&'a self, text: &'a [u8]) -> Option<&'a [u8]> {
        let text = if self.is_packed {
            self.inflater.text()
        } else {
            text
        };
        let topic =
            stitch::member(text, b"\"ch\":\"").or_else(|| stitch::member(text, b"\"rep\":\""));
        let topic = std::str::from_utf8(topic?).ok()?;
        read::symbol_of(topic).map(|(symbol, _)| symbol.as_bytes())
    }

    /// Snapshots are asked for on their own, once updates of their book come or a second of silence is over.
    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let topics: &[&str] = match self.topics {
            Topics::All => &["mbp.150", "trade.detail", "detail"],
            Topics::Books => &["mbp.150"],
            Topics::Trades => &["trade.detail", "detail"],
        };
        let text = |symbol: &Symbol, topic: &str| {
            let name = symbol.as_str();
            format!("{{\"sub\":\"market.{name}.{topic}\",\"id\":\"{name}.{topic}\"}}")
        };
        topics
            .iter()
            .flat_map(|topic| symbols.iter().map(move |symbol| text(symbol, topic)))
            .collect()
    }

    fn snapshot_request(&self, symbol: Symbol) -> Option<String> {
        let name = symbol.as_str();
        (self.topics != Topics::Trades)
            .then(|| format!("{{\"req\":\"market.{name}.mbp.150\",\"id\":\"{name}\"}}"))
    }

    /// From general knowledge: fifty requests a second on one connection.
    fn limits(&self) -> Limits {
        Limits {
            pace: Pace {
                send_interval_ns: 40_000_000,
                ..Pace::default()
            },
            ..Limits::default()
        }
    }

    /// Requests on the connection are no REST: the venue takes a hundred a second from one address.
    fn fetch_interval_ns(&self) -> u64 {
        50_000_000
    }

    fn products_url(&self) -> Option<String> {
        Some(format!("{}/v1/common/symbols", self.rest_url))
    }
}
