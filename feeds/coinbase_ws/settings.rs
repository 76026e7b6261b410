//! The keys of this room, checked once.

use crate::contract::{FeedSettings, SettingFault, SettingKey, Value};
use crate::model::Symbol;

/// Channels the room reads.
pub const CHANNELS: [&str; 7] = [
    "level2",
    "level2_batch",
    "matches",
    "ticker",
    "ticker_batch",
    "heartbeat",
    "status",
];

/// Channels subscribed when the configuration names none.
pub const CHANNELS_DEFAULT: [&str; 5] =
    ["level2_batch", "matches", "ticker", "heartbeat", "status"];

const SILENCE_MS_DEFAULT: u64 = 5_000;
const SILENCE_MS: std::ops::RangeInclusive<i64> = 100..=600_000;

/// Keys beyond the common ones.
pub static KEYS: &[SettingKey] = &[
    SettingKey {
        key: "channels",
        help: "Channels to subscribe: level2 or level2_batch, matches, ticker or ticker_batch, heartbeat, status. Default: \
               level2_batch, matches, ticker, heartbeat and status; level2 itself asks for a login.",
        example: "[level2_batch, matches, ticker, heartbeat, status]",
    },
    SettingKey {
        key: "silence_ms",
        help: "A connection that says nothing for so long, or does not confirm its subscription, is opened again: 100 to \
               600000, default 5000. The heartbeat channel speaks once a second and product.",
        example: "5000",
    },
];

/// Settings that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Channels to subscribe.
    pub channels: Vec<String>,
    /// Products to follow; empty means all.
    pub products: Vec<Symbol>,
    /// Longest silence, in nanoseconds.
    pub silence_ns: u64,
}

impl Settings {
    /// Checks what the configuration says.
    ///
    /// # Errors
    /// Every fault there is.
    pub fn of(settings: &FeedSettings) -> Result<Settings, Vec<SettingFault>> {
        let mut faults = Vec::new();
        let mut fault = |key: &str, why: String, remedy: &str| {
            faults.push(SettingFault {
                key: key.to_owned(),
                why,
                remedy: remedy.to_owned(),
            });
        };
        let channels = match channels(settings.own("channels")) {
            Ok(channels) => channels,
            Err(why) => {
                fault(
                    "channels",
                    why,
                    "choose from level2_batch, level2, matches, ticker, ticker_batch, heartbeat, status",
                );
                Vec::new()
            }
        };
        let silence_ms = match settings.own("silence_ms") {
            None => SILENCE_MS_DEFAULT,
            Some(Value::Integer(value)) if SILENCE_MS.contains(value) => value.unsigned_abs(),
            Some(_) => {
                fault(
                    "silence_ms",
                    "not a whole number of 100 to 600000".to_owned(),
                    "write milliseconds, such as 5000",
                );
                SILENCE_MS_DEFAULT
            }
        };
        for name in &settings.instruments {
            let is_product_id = name.len() <= Symbol::BYTES_MAX
                && !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
            if !is_product_id {
                fault(
                    "instruments",
                    format!("{name:?} is no product id"),
                    "write it as the venue does, such as BTC-USD",
                );
            }
        }
        if settings.instruments.is_empty()
            && !channels.is_empty()
            && !channels.iter().any(|name| name == "status")
        {
            fault(
                "instruments",
                "nothing to subscribe: no product is named, and without the status channel the venue does not list them".to_owned(),
                "name the products, or add status to channels",
            );
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut products: Vec<Symbol> = Vec::with_capacity(settings.instruments.len());
        for name in &settings.instruments {
            let symbol = Symbol::from(name.as_str());
            if !products.contains(&symbol) {
                products.push(symbol);
            }
        }
        Ok(Settings {
            channels,
            products,
            silence_ns: silence_ms * 1_000_000,
        })
    }
}

fn channels(value: Option<&Value>) -> Result<Vec<String>, String> {
    let Some(value) = value else {
        return Ok(CHANNELS_DEFAULT.map(str::to_owned).to_vec());
    };
    let Value::List(list) = value else {
        return Err("not a list".to_owned());
    };
    let mut channels: Vec<String> = Vec::new();
    for entry in list {
        match entry {
            Value::Text(name) if CHANNELS.contains(&name.as_str()) => {
                if !channels.contains(name) {
                    channels.push(name.clone());
                }
            }
            Value::Text(name) => return Err(format!("{name:?} is no channel this room reads")),
            _ => return Err("not a list of names".to_owned()),
        }
    }
    if channels.is_empty() {
        return Err("the list is empty".to_owned());
    }
    if channels
        .iter()
        .filter(|name| name.starts_with("level2"))
        .count()
        > 1
    {
        return Err("level2 and level2_batch would both write the same books".to_owned());
    }
    Ok(channels)
}
