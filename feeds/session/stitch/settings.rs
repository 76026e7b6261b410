//! The keys that all stitched feeds share, checked once.

use super::{Kinds, Pattern, Selection};
use crate::contract::{FeedSettings, SettingFault, SettingKey, Value};
use crate::model::Symbol;

const SILENCE_MS_DEFAULT: u64 = 10_000;
const SILENCE_MS: std::ops::RangeInclusive<i64> = 100..=600_000;

/// `silence_ms`.
pub const SILENCE_KEY: SettingKey = SettingKey {
    key: "silence_ms",
    help: "A connection that says nothing for so long, or does not confirm its subscription, is opened again: 100 to \
           600000, default 10000. Where the venue has a ping of its own, it is sent often enough for quiet markets.",
    example: "10000",
};

/// `rest_url`.
pub const REST_KEY: SettingKey = SettingKey {
    key: "rest_url",
    help: "Where snapshots and instruments are asked for, instead of the venue's own address: another region, a proxy, a \
           test.",
    example: "https://api.example.com",
};

/// `audit_s`.
pub const AUDIT_KEY: SettingKey = SettingKey {
    key: "audit_s",
    help: "Every so many seconds one book, in turn, is compared with a fresh snapshot: 10 to 86400, or 0 for never. \
           Default: 60 where the venue has neither numbers nor checksums that would show a loss, else never.",
    example: "60",
};

/// [`Settings::audit_ns`] where the venue decides: the default.
pub(super) const AUDIT_BY_NEED: u64 = u64::MAX;
/// What it decides where books cannot be proved.
pub(super) const AUDIT_DEFAULT_NS: u64 = 60_000_000_000;

const REFRESH_S_DEFAULT: u64 = 300;
const REFRESH_S: std::ops::RangeInclusive<i64> = 10..=86_400;

/// `kind`.
pub const KIND_KEY: SettingKey = SettingKey {
    key: "kind",
    help: "Kinds of instruments that patterns choose from: spot, perpetual, future, option, or a list of them; default all. \
           Instruments named in full are followed whatever they are.",
    example: "[spot, perpetual]",
};

/// `instruments_refresh_s`.
pub const REFRESH_KEY: SettingKey = SettingKey {
    key: "instruments_refresh_s",
    help: "How often the venue's list of instruments is asked for, in seconds: 10 to 86400, default 300, 0 for never after \
           the first time. Instruments that are new and match a pattern are followed, those that are gone are closed.",
    example: "300",
};

/// Settings that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Instruments to follow, whatever the venue lists.
    pub symbols: Vec<Symbol>,
    /// What to follow of the venue's lists.
    pub selection: Selection,
    /// How often the lists are asked for, ns; `None`: once.
    pub refresh_ns: Option<u64>,
    /// Longest silence, ns.
    pub silence_ns: u64,
    /// Where REST requests go; no slash at its end.
    pub rest_url: String,
    /// How many connections say the same: 1 or 2.
    pub connections: u8,
    /// Most instruments a connection carries, where that is to be fewer than the venue allows.
    pub instruments_per_connection: Option<usize>,
    /// Time between comparisons of a book with a fresh snapshot, ns; 0 for none.
    pub audit_ns: u64,
    /// Whether books are built of orders, where the venue tells them.
    pub is_by_order: bool,
}

impl Settings {
    /// Checks what the configuration says. `rest_url`: the venue's own address; `is_symbol`: whether a name can be one of the
    /// venue's, with an `example`.
    ///
    /// # Errors
    /// Every fault there is.
    pub fn of(
        settings: &FeedSettings,
        rest_url: &str,
        is_symbol: fn(&str) -> bool,
        example: &str,
    ) -> Result<Settings, Vec<SettingFault>> {
        let mut faults = Vec::new();
        let mut fault = |key: &str, why: String, remedy: String| {
            let key = key.to_owned();
            faults.push(SettingFault { key, why, remedy });
        };
        let silence_ms = match settings.own("silence_ms") {
            None => SILENCE_MS_DEFAULT,
            Some(Value::Integer(value)) if SILENCE_MS.contains(value) => value.unsigned_abs(),
            Some(_) => {
                let why = "not a whole number of 100 to 600000".to_owned();
                fault(
                    "silence_ms",
                    why,
                    "write milliseconds, such as 10000".to_owned(),
                );
                SILENCE_MS_DEFAULT
            }
        };
        let audit_ns = match settings.own("audit_s") {
            None => AUDIT_BY_NEED,
            Some(&Value::Integer(value)) if value == 0 || (10..=86_400).contains(&value) => {
                value.unsigned_abs() * 1_000_000_000
            }
            Some(_) => {
                let why = "neither 0 nor a whole number of 10 to 86400".to_owned();
                fault("audit_s", why, "write seconds, such as 60".to_owned());
                0
            }
        };
        let by_order = SettingKey::BY_ORDER.key;
        let is_by_order = match settings.own(by_order) {
            None => false,
            Some(&Value::Bool(is_by_order)) => is_by_order,
            Some(_) => {
                let why = "neither true nor false".to_owned();
                fault(by_order, why, "write true or false".to_owned());
                false
            }
        };
        let rest_url = match settings.own("rest_url") {
            None => rest_url.to_owned(),
            Some(Value::Text(url)) if is_http(url) => url.trim_end_matches('/').to_owned(),
            Some(_) => {
                let why = "not an address of a REST service".to_owned();
                fault("rest_url", why, format!("write it as {rest_url}"));
                rest_url.to_owned()
            }
        };
        let refresh_s = match settings.own("instruments_refresh_s") {
            None => REFRESH_S_DEFAULT,
            Some(Value::Integer(0)) => 0,
            Some(Value::Integer(value)) if REFRESH_S.contains(value) => value.unsigned_abs(),
            Some(_) => {
                let why = "neither 0 nor a whole number of 10 to 86400".to_owned();
                let remedy = "write seconds, such as 300".to_owned();
                fault("instruments_refresh_s", why, remedy);
                REFRESH_S_DEFAULT
            }
        };
        let mut selection = Selection::default();
        match settings.own("kind").map(kinds) {
            None => {}
            Some(Some(kinds)) => selection.kinds = kinds,
            Some(None) => {
                let why = "no such kind of instrument".to_owned();
                let names = Kinds::NAMES.join(", ");
                fault("kind", why, format!("choose from {names}"));
            }
        }
        let mut symbols: Vec<Symbol> = Vec::with_capacity(settings.instruments.len());
        for name in &settings.instruments {
            // Names with a stroke are normalised ones where the venue has none such.
            let is_normalised = name.contains('/') && !is_symbol(name);
            let (list, text) = match name.strip_prefix('!') {
                Some(rest) => (&mut selection.exclusions, rest),
                None if Pattern::is_meant(name) || is_normalised => {
                    (&mut selection.patterns, name.as_str())
                }
                None if name.is_empty() || name.len() > Symbol::BYTES_MAX || !is_symbol(name) => {
                    let why = format!("{name:?} is no instrument of this venue");
                    let remedy = format!("write it as the venue does, such as {example}");
                    fault("instruments", why, remedy);
                    continue;
                }
                None => {
                    let symbol = Symbol::from(name.as_str());
                    if !symbols.contains(&symbol) {
                        symbols.push(symbol);
                    }
                    continue;
                }
            };
            match Pattern::new(text) {
                Some(pattern) if list.contains(&pattern) => {}
                Some(pattern) => list.push(pattern),
                None => {
                    let why = format!("{name:?} is no pattern of names");
                    let remedy = "use `*` and `?` and what names have, such as \"*-USDT\"; \"!\" before \
                                  what is not meant; 47 bytes at most";
                    fault("instruments", why, remedy.to_owned());
                }
            }
        }
        let names_none = symbols.is_empty() && selection.patterns.is_empty();
        if names_none
            && settings
                .instruments
                .iter()
                .all(|name| name.starts_with('!'))
        {
            selection.patterns.push(Pattern::any());
        } else if selection.patterns.is_empty() && !selection.exclusions.is_empty() {
            let why = "there is no pattern to make exceptions from".to_owned();
            fault(
                "instruments",
                why,
                "add a pattern, such as \"*\"".to_owned(),
            );
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Settings {
            symbols,
            selection,
            refresh_ns: (refresh_s > 0).then(|| refresh_s * 1_000_000_000),
            silence_ns: silence_ms * 1_000_000,
            rest_url,
            connections: settings.line_count.clamp(1, 2),
            instruments_per_connection: settings
                .instruments_per_connection
                .map(|count| count.max(1) as usize),
            audit_ns,
            is_by_order,
        })
    }
}

fn kinds(value: &Value) -> Option<Kinds> {
    let one = std::slice::from_ref(value);
    let list = match value {
        Value::List(list) if !list.is_empty() => list,
        _ => one,
    };
    let mut kinds = Kinds::default();
    let is_known = |value: &Value| matches!(value, Value::Text(name) if kinds.insert(name));
    list.iter().all(is_known).then_some(kinds)
}

fn is_http(url: &str) -> bool {
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
}
