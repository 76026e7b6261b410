//! What the venue adds to a stitched feed.

use super::{read, scan};
use crate::contract::{DecodeError, Pace};
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Limits, Origin, Venue};
use crate::session::text::Reader;

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 9] = [
    "trade.l2update",
    "trade.l3match",
    "trade.ticker",
    "trade.candles",
    "welcome",
    "ack",
    "pong",
    "notice",
    "error",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Update,
    Match,
    Ticker,
    Candles,
    Welcome,
    Ack,
    Pong,
    Notice,
    Error,
}

/// The venue asks for a ping every 18 seconds at most; its answer also shows that a quiet connection lives.
const PING_NS: u64 = 5_000_000_000;
/// Symbols in one topic; longer lists go in several.
const SYMBOLS_PER_TOPIC_MAX: usize = 100;
/// Where tickets are to be had.
pub(super) const TICKET: &str = "/api/v1/bullet-public";
/// The venue's own address; its tickets say which of its servers to use.
pub(super) const URL: &str = "wss://ws-api-spot.kucoin.com/";
const TOPICS: [&str; 3] = ["/market/level2", "/market/match", "/market/ticker"];

pub(super) struct Kucoin {
    rest_url: String,
    levels: Vec<Level>,
    reader: Reader,
}

impl Kucoin {
    pub(super) fn new(rest_url: &str) -> Kucoin {
        Kucoin {
            rest_url: rest_url.to_owned(),
            levels: Vec::new(),
            reader: Reader::default(),
        }
    }
}

impl Venue for Kucoin {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Ranges
    }

    fn origin(&self) -> Origin {
        Origin::Rest
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        match scan::scan(text, &mut self.levels, hear) {
            Some(kind) => Ok(Heard::Kind(kind as u8)),
            None => read::read(text, &mut self.reader, &mut self.levels, hear),
        }
    }

    fn read_rest<H: Hear>(
        &mut self,
        url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        read::read_rest(url, body, &mut self.reader, &mut self.levels, hear)
    }

    fn culprit<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        stitch::member(text, b"\"symbol\":\"")
    }

    /// "Request limits" of the manual: 400 topics a connection, two an instrument; 100 texts in ten seconds; 30 connections a
    /// minute. A token, and the connection with it, lasts a day.
    fn limits(&self) -> Limits {
        Limits {
            instruments_per_connection: 200,
            pace: Pace {
                send_interval_ns: 120_000_000,
                connects_max: 30,
                connect_window_ns: 60_000_000_000,
            },
            age_max_ns: Some(23 * 3_600 * 1_000_000_000),
        }
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let mut texts = Vec::new();
        for topic in TOPICS {
            for symbols in symbols.chunks(SYMBOLS_PER_TOPIC_MAX) {
                let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
                let (id, names) = (texts.len() + 1, names.join(","));
                texts.push(format!(
                    "{{\"id\":{id},\"type\":\"subscribe\",\"topic\":\"{topic}:{names}\",\"privateChannel\":false,\
                     \"response\":true}}"
                ));
            }
        }
        texts
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let texts = self.subscribe(symbols).into_iter();
        texts
            .map(|text| text.replacen("\"subscribe\"", "\"unsubscribe\"", 1))
            .collect()
    }

    /// "Apply for Connect Token": each connection has to have one, valid for a day. One that is in the address already is used.
    fn ticket_url(&self, url: &str) -> Option<String> {
        let has_token = url.contains("token=");
        (!has_token).then(|| format!("{}{TICKET}", self.rest_url))
    }

    fn address(&mut self, url: &str, ticket: &[u8]) -> Result<String, DecodeError> {
        let (server, token) = read::read_ticket(ticket, &mut self.reader)?;
        let is_own = url.trim_end_matches('/') == URL.trim_end_matches('/');
        let base = if is_own { server.as_str() } else { url };
        let host = base.split_once("://").map_or(base, |(_, host)| host);
        let mark = match (base.contains('?'), host.contains('/')) {
            (true, _) => "&",
            (false, true) => "?",
            // An address without a path has no place for a query.
            (false, false) => "/?",
        };
        Ok(format!("{base}{mark}token={token}"))
    }

    fn snapshot_url(&self, symbol: Symbol) -> Option<String> {
        let (host, symbol) = (&self.rest_url, symbol.as_str());
        Some(format!(
            "{host}/api/v1/market/orderbook/level2_100?symbol={symbol}"
        ))
    }

    fn products_url(&self) -> Option<String> {
        Some(format!("{}/api/v2/symbols", self.rest_url))
    }

    fn keep_alive(&self) -> Option<(u64, String)> {
        Some((PING_NS, "{\"id\":\"1\",\"type\":\"ping\"}".to_owned()))
    }
}
