//! What this venue is to the stitched feed.

use super::{KINDS, Kind, read, scan};
use crate::contract::{DecodeError, Pace};
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Limits, Origin, Venue};
use crate::session::text::Reader;

/// Where REST requests go by default.
pub(super) const REST_URL: &str = "https://www.deribit.com";
/// Channels in one request; the venue takes 500.
const CHANNELS_PER_REQUEST_MAX: usize = 300;
/// How often the connection is tested, ns.
const TEST_INTERVAL_NS: u64 = 5_000_000_000;
/// Makes the venue test the connection too; 10 s is the least it takes.
const HEARTBEAT: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"public/set_heartbeat","params":{"interval":10}}"#;

/// The venue's texts.
pub(super) struct Deribit {
    rest_url: String,
    levels: Vec<Level>,
    reader: Reader,
}

impl Deribit {
    pub(super) fn new(rest_url: &str) -> Deribit {
        Deribit {
            rest_url: rest_url.to_owned(),
            levels: Vec::new(),
            reader: Reader::default(),
        }
    }
}

fn request(id: usize, method: &str, channels: &[String]) -> String {
    let channels = channels.join(",");
    format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"public/{method}\",\"params\":{{\"channels\":[{channels}]}}}}"
    )
}

impl Venue for Deribit {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Previous
    }

    fn origin(&self) -> Origin {
        Origin::InBand
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        if scan::scan(text, &mut self.levels, hear).is_some() {
            return Ok(Heard::Kind(Kind::Book as u8));
        }
        read::read(text, &mut self.reader, &mut self.levels, hear)
    }

    fn read_rest<H: Hear>(
        &mut self,
        _url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        read::read_rest(body, &mut self.reader, hear)
    }

    fn culprit<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let is_other = [&b"\"channel\":\"ticker."[..], b"\"channel\":\"trades."]
            .iter()
            .any(|key| stitch::member(text, key).is_some());
        if is_other {
            return Some(b"");
        }
        stitch::member(text, b"\"instrument_name\":\"")
    }

    /// "Rate limits" of the manual: a request costs credits that come back 20 times a second.
    fn limits(&self) -> Limits {
        Limits {
            instruments_per_connection: 160,
            pace: Pace {
                send_interval_ns: 100_000_000,
                connects_max: 30,
                connect_window_ns: 60_000_000_000,
            },
            age_max_ns: None,
        }
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let channels: Vec<String> = symbols
            .iter()
            .flat_map(|symbol| {
                let name = symbol.as_str();
                ["book", "trades", "ticker"].map(|kind| format!("\"{kind}.{name}.100ms\""))
            })
            .collect();
        let requests = channels.chunks(CHANNELS_PER_REQUEST_MAX).zip(2..);
        let requests = requests.map(|(channels, id)| request(id, "subscribe", channels));
        std::iter::once(HEARTBEAT.to_owned())
            .chain(requests)
            .collect()
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let channels = |symbol: &Symbol| {
            let name = symbol.as_str();
            ["book", "trades", "ticker"].map(|kind| format!("\"{kind}.{name}.100ms\""))
        };
        let channels: Vec<String> = symbols.iter().flat_map(channels).collect();
        let requests = channels.chunks(CHANNELS_PER_REQUEST_MAX);
        requests
            .map(|channels| request(0, "unsubscribe", channels))
            .collect()
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let channels = [format!("\"book.{}.100ms\"", symbol.as_str())];
        ["unsubscribe", "subscribe"]
            .map(|method| request(0, method, &channels))
            .to_vec()
    }

    fn products_url(&self) -> Option<String> {
        let host = &self.rest_url;
        Some(format!(
            "{host}/api/v2/public/get_instruments?currency=any&expired=false"
        ))
    }

    fn keep_alive(&self) -> Option<(u64, String)> {
        Some((TEST_INTERVAL_NS, read::TEST.to_owned()))
    }
}
