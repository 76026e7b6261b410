//! What the venue adds to a stitched feed.

use super::{read, scan};
use crate::contract::{DecodeError, Pace};
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Kinds, Level, Limits, Origin, Venue};
use crate::session::text::Reader;

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 12] = [
    "books",
    "trades",
    "tickers",
    "mark-price",
    "funding-rate",
    "subscribe",
    "unsubscribe",
    "error",
    "notice",
    "pong",
    "open-interest",
    "liquidation-orders",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Books,
    Trades,
    Tickers,
    MarkPrice,
    FundingRate,
    Subscribe,
    Unsubscribe,
    Error,
    Notice,
    Pong,
    OpenInterest,
    Liquidation,
}

/// The venue closes connections that are silent for 30 seconds.
const PING_NS: u64 = 15_000_000_000;
/// Subscriptions in one request; longer lists go in several, well below the 64 KB a request may have.
const ARGUMENTS_PER_REQUEST_MAX: usize = 100;

pub(super) struct Okx {
    rest_url: String,
    levels: Vec<Level>,
    reader: Reader,
}

impl Okx {
    pub(super) fn new(rest_url: &str) -> Okx {
        Okx {
            rest_url: rest_url.to_owned(),
            levels: Vec::new(),
            reader: Reader::default(),
        }
    }

    fn request(verb: &str, channels: &[&str], symbols: &[Symbol]) -> Vec<String> {
        let mut arguments = Vec::with_capacity(symbols.len() * channels.len());
        for symbol in symbols {
            let name = symbol.as_str();
            let argument = |channel| format!("{{\"channel\":\"{channel}\",\"instId\":\"{name}\"}}");
            arguments.extend(channels.iter().map(argument));
        }
        let requests = arguments.chunks(ARGUMENTS_PER_REQUEST_MAX);
        let text = |part: &[String]| format!("{{\"op\":\"{verb}\",\"args\":[{}]}}", part.join(","));
        requests.map(text).collect()
    }
}

/// Where the indices are listed that there are options on.
pub(super) const UNDERLYINGS: &str = "/api/v5/public/underlying";

/// Whether a name is that of a perpetual contract.
fn is_swap(symbol: &Symbol) -> bool {
    kind_of(symbol) == Some("SWAP")
}

/// What the venue calls the kind of a derivative: `BTC-USDT-SWAP`, `BTC-USD-251226`, `BTC-USD-251226-90000-C`.
fn kind_of(symbol: &Symbol) -> Option<&'static str> {
    let parts: Vec<&str> = symbol.as_str().split('-').collect();
    match parts.as_slice() {
        [_, _, "SWAP"] => Some("SWAP"),
        [_, _, _] => Some("FUTURES"),
        [_, _, _, _, _] => Some("OPTION"),
        _ => None,
    }
}

const OF_ALL: [&str; 3] = ["books", "trades", "tickers"];
const OF_DERIVATIVES: [&str; 1] = ["open-interest"];
const OF_SWAPS: [&str; 2] = ["mark-price", "funding-rate"];

/// Channels of instruments.
fn requests(verb: &str, symbols: &[Symbol]) -> Vec<String> {
    let derivatives = symbols.iter().filter(|symbol| kind_of(symbol).is_some());
    let derivatives: Vec<Symbol> = derivatives.copied().collect();
    let swaps: Vec<Symbol> = symbols.iter().copied().filter(is_swap).collect();
    let mut texts = Okx::request(verb, &OF_ALL, symbols);
    texts.extend(Okx::request(verb, &OF_DERIVATIVES, &derivatives));
    texts.extend(Okx::request(verb, &OF_SWAPS, &swaps));
    texts
}

impl Venue for Okx {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Previous
    }

    fn origin(&self) -> Origin {
        Origin::InBand
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
        if url.contains(UNDERLYINGS) {
            let options = |index: &str| {
                let host = &self.rest_url;
                format!("{host}/api/v5/public/instruments?instType=OPTION&uly={index}")
            };
            return read::read_underlyings(body, &mut self.reader, options, hear);
        }
        read::read_instruments(body, &mut self.reader, hear)
    }

    fn culprit<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        stitch::member(text, b"\"instId\":\"")
    }

    /// "Connect" of the manual: three connections a second from one address, 480 requests an hour on one.
    fn limits(&self) -> Limits {
        Limits {
            instruments_per_connection: 200,
            pace: Pace {
                send_interval_ns: 250_000_000,
                connects_max: 3,
                connect_window_ns: 1_000_000_000,
            },
            age_max_ns: None,
        }
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let mut texts = requests("subscribe", symbols);
        // Those of all instruments of a kind come together.
        let kinds = ["SWAP", "FUTURES", "OPTION"];
        let is_there = |kind: &&str| symbols.iter().any(|symbol| kind_of(symbol) == Some(kind));
        let arguments: Vec<String> = kinds
            .iter()
            .copied()
            .filter(is_there)
            .map(|kind| format!("{{\"channel\":\"liquidation-orders\",\"instType\":\"{kind}\"}}"))
            .collect();
        if !arguments.is_empty() {
            let arguments = arguments.join(",");
            texts.push(format!("{{\"op\":\"subscribe\",\"args\":[{arguments}]}}"));
        }
        texts
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let mut texts = Okx::request("unsubscribe", &["books"], &[symbol]);
        texts.extend(Okx::request("subscribe", &["books"], &[symbol]));
        texts
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        requests("unsubscribe", symbols)
    }

    /// Options are listed by their underlyings, of which there is a list.
    fn lists(&self, kinds: Kinds) -> Vec<String> {
        let types = [
            ("spot", "SPOT"),
            ("perpetual", "SWAP"),
            ("future", "FUTURES"),
        ];
        let meant = types.into_iter().filter(|(name, _)| kinds.names(name));
        let host = &self.rest_url;
        let plain =
            meant.map(|(_, kind)| format!("{host}/api/v5/public/instruments?instType={kind}"));
        let has_options = kinds.names("option");
        let options = has_options.then(|| format!("{host}{UNDERLYINGS}?instType=OPTION"));
        plain.chain(options).collect()
    }

    fn keep_alive(&self) -> Option<(u64, String)> {
        Some((PING_NS, "ping".to_owned()))
    }
}
