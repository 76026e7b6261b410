//! Text of messages: exact decimals as JSON numbers, times as ISO 8601 with nanoseconds and `Z`.

use super::record::{Bar, Level, Trade};
use super::view::{Instrument, Names, View};
use crate::book::Statistic;
use feeds::model::Side;
use feeds::model::decimal::Decimal;
use feeds::model::time::civil;
use std::fmt::Write;

/// Digits of a price.
const PRICE_SCALE: u8 = 9;

/// Appends a JSON string.
pub(super) fn string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if (control as u32) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Appends `mantissa` × 10^-`scale` as a number, exactly.
fn decimal(out: &mut String, mantissa: i128, scale: u8) {
    let _ = write!(out, "{}", Decimal { mantissa, scale });
}

/// Appends a time in nanoseconds since the Unix epoch, `null` when undefined.
fn time(out: &mut String, ns: Option<u64>) {
    let Some(ns) = ns else {
        out.push_str("null");
        return;
    };
    let (seconds, fraction) = (ns / 1_000_000_000, ns % 1_000_000_000);
    let (year, month, day) = civil(seconds / 86_400);
    let second = seconds % 86_400;
    let _ = write!(
        out,
        "\"{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{fraction:09}Z\"",
        second / 3_600,
        second / 60 % 60,
        second % 60
    );
}

/// Appends a time with its name, of an undefined one nothing.
fn time_if(out: &mut String, name: &str, ns: Option<u64>) {
    if ns.is_some() {
        let _ = write!(out, ",\"{name}\":");
        time(out, ns);
    }
}

/// Appends a float; JSON has no NaN and no infinity, so these are `null`.
fn float(out: &mut String, value: f64) {
    if value.is_finite() {
        let _ = write!(out, "{value}");
    } else {
        out.push_str("null");
    }
}

fn levels(out: &mut String, levels: &[Level], size_decimals: u8) {
    out.push('[');
    for (index, level) in levels.iter().enumerate() {
        out.push_str(if index == 0 {
            "{\"price\":"
        } else {
            ",{\"price\":"
        });
        decimal(out, i128::from(level.price), PRICE_SCALE);
        out.push_str(",\"amount\":");
        decimal(out, i128::from(level.size), size_decimals);
        if level.orders > 0 {
            let _ = write!(out, ",\"orders\":{}", level.orders);
        }
        out.push('}');
    }
    out.push(']');
}

/// Opens a message: type, symbol, exchange.
fn open(out: &mut String, names: &Names, kind: &str, instrument: &Instrument) {
    let _ = write!(out, "{{\"type\":\"{kind}\",\"symbol\":");
    string(out, instrument.symbol.as_str());
    out.push_str(",\"exchange\":");
    string(out, names.feed(instrument.feed));
}

/// Times, our sequence and the trust of a message; closes it.
fn close(out: &mut String, names: &Names, instrument: &Instrument, sequence: u64) {
    times(out, instrument);
    let _ = write!(out, ",\"sequence\":{sequence}");
    trust(out, names, instrument);
    out.push('}');
}

fn times(out: &mut String, instrument: &Instrument) {
    out.push_str(",\"timestamp\":");
    time(out, instrument.ts_event.get());
    out.push_str(",\"localTimestamp\":");
    time(out, instrument.ts_recv.get());
}

fn trust(out: &mut String, names: &Names, instrument: &Instrument) {
    out.push_str(",\"state\":");
    string(out, names.state(instrument.state));
    out.push_str(",\"reason\":");
    string(out, names.reason(instrument.reason));
    out.push_str(",\"since\":");
    time(out, instrument.since.get());
    let _ = write!(
        out,
        ",\"lastSequence\":{},\"pubSeq\":{}",
        instrument.last_sequence, instrument.pub_seq
    );
}

/// `book_snapshot`: the best `depth` levels.
pub fn book_snapshot(
    names: &Names,
    instrument: &Instrument,
    depth: usize,
    interval_ms: u32,
    sequence: u64,
) -> String {
    let mut out = String::with_capacity(320 + depth * 80);
    open(&mut out, names, "book_snapshot", instrument);
    let _ = write!(
        out,
        ",\"name\":\"book_snapshot_{depth}_{interval_ms}ms\",\"depth\":{depth},\"interval\":{interval_ms},\"bids\":"
    );
    let best = |side: &[Level]| side.len().min(depth);
    let decimals = instrument.size_decimals;
    levels(
        &mut out,
        &instrument.bids[..best(&instrument.bids)],
        decimals,
    );
    out.push_str(",\"asks\":");
    levels(
        &mut out,
        &instrument.asks[..best(&instrument.asks)],
        decimals,
    );
    close(&mut out, names, instrument, sequence);
    out
}

/// `book_change`: an image, or changed levels with their absolute amounts.
pub(super) fn book_change(
    names: &Names,
    instrument: &Instrument,
    is_snapshot: bool,
    (bids, asks): (&[Level], &[Level]),
    sequence: u64,
) -> String {
    let mut out = String::with_capacity(320 + (bids.len() + asks.len()) * 40);
    open(&mut out, names, "book_change", instrument);
    let _ = write!(out, ",\"isSnapshot\":{is_snapshot},\"bids\":");
    levels(&mut out, bids, instrument.size_decimals);
    out.push_str(",\"asks\":");
    levels(&mut out, asks, instrument.size_decimals);
    close(&mut out, names, instrument, sequence);
    out
}

/// Taker side in Tardis' words.
pub(super) const fn taker(side: Side) -> &'static str {
    match side {
        Side::Bid => "buy",
        Side::Ask => "sell",
        Side::None => "unknown",
    }
}

/// `trade`.
pub fn trade(names: &Names, of: &Instrument, trade: &Trade, sequence: u64) -> String {
    let mut out = String::with_capacity(320);
    open(&mut out, names, "trade", of);
    let _ = write!(out, ",\"id\":\"{}\",\"price\":", trade.id);
    decimal(&mut out, i128::from(trade.price), PRICE_SCALE);
    out.push_str(",\"amount\":");
    decimal(&mut out, i128::from(trade.size), of.size_decimals);
    let _ = write!(out, ",\"side\":\"{}\"", taker(trade.aggressor));
    close(&mut out, names, of, sequence);
    out
}

/// `signal`; the state is the signal's own.
pub fn signal(
    names: &Names,
    of: &Instrument,
    index: u16,
    (value, state): (f64, u8),
    sequence: u64,
) -> String {
    let mut out = String::with_capacity(256);
    open(&mut out, names, "signal", of);
    out.push_str(",\"name\":");
    string(&mut out, names.signal(index));
    out.push_str(",\"value\":");
    float(&mut out, value);
    times(&mut out, of);
    let _ = write!(out, ",\"sequence\":{sequence},\"state\":");
    string(&mut out, names.state(state));
    out.push('}');
    out
}

/// `trade_bar`.
pub(super) fn bar(names: &Names, of: &Instrument, bar: &Bar, sequence: u64) -> String {
    let mut out = String::with_capacity(512);
    open(&mut out, names, "trade_bar", of);
    let ms = bar.interval_ns / 1_000_000;
    let (count, unit) = match ms {
        _ if ms > 0 && ms.is_multiple_of(60_000) => (ms / 60_000, "m"),
        _ if ms > 0 && ms.is_multiple_of(1_000) => (ms / 1_000, "s"),
        _ => (ms, "ms"),
    };
    let _ = write!(
        out,
        ",\"name\":\"trade_bar_{count}{unit}\",\"interval\":{ms},\"kind\":\"time\""
    );
    let prices = [
        ("open", bar.open),
        ("high", bar.high),
        ("low", bar.low),
        ("close", bar.close),
        ("vwap", bar.vwap),
    ];
    for (name, price) in prices {
        let _ = write!(out, ",\"{name}\":");
        decimal(&mut out, i128::from(price), PRICE_SCALE);
    }
    let sizes = [
        ("volume", bar.volume),
        ("buyVolume", bar.buy_volume),
        ("sellVolume", bar.sell_volume),
    ];
    for (name, size) in sizes {
        let _ = write!(out, ",\"{name}\":");
        decimal(&mut out, i128::from(size), of.size_decimals);
    }
    let _ = write!(out, ",\"trades\":{},\"openTimestamp\":", bar.trades);
    time(&mut out, Some(bar.ts_open));
    out.push_str(",\"closeTimestamp\":");
    time(&mut out, Some(bar.ts_close));
    close(&mut out, names, of, sequence);
    out
}

/// `lost`: records of the instrument that found no room before this message.
pub(super) fn lost(names: &Names, of: &Instrument, count: u64, sequence: u64) -> String {
    let mut out = String::with_capacity(256);
    open(&mut out, names, "lost", of);
    let _ = write!(out, ",\"count\":{count}");
    close(&mut out, names, of, sequence);
    out
}

/// `instrument`.
pub(super) fn instrument(names: &Names, of: &Instrument, id: u32, sequence: u64) -> String {
    let mut out = String::with_capacity(256);
    open(&mut out, names, "instrument", of);
    let _ = write!(
        out,
        ",\"instrumentId\":{id},\"sizeDecimals\":{},\"sequence\":{sequence}",
        of.size_decimals
    );
    trust(&mut out, names, of);
    out.push('}');
    out
}

/// Statistics by the names of their kinds; the youngest of them.
fn statistic_members<'a>(
    out: &mut String,
    statistics: impl Iterator<Item = &'a Statistic>,
    size_decimals: u8,
) -> Option<&'a Statistic> {
    let mut youngest: Option<&Statistic> = None;
    out.push('{');
    for statistic in statistics {
        out.push_str(if youngest.is_some() { "," } else { "" });
        let _ = write!(out, "\"{}\":{{", statistic.kind.as_str());
        if statistic.side != Side::None {
            let _ = write!(out, "\"side\":\"{}\",", taker(statistic.side));
        }
        if statistic.price.is_defined() {
            out.push_str("\"price\":");
            decimal(out, i128::from(statistic.price.0), PRICE_SCALE);
            out.push(',');
        }
        if let Some(size) = statistic.size() {
            out.push_str("\"amount\":");
            decimal(out, i128::from(size), size_decimals);
            out.push(',');
        }
        if statistic.id != 0 {
            let _ = write!(out, "\"id\":\"{}\",", statistic.id);
        }
        let _ = write!(out, "\"count\":{}", statistic.count);
        time_if(out, "timestamp", statistic.ts_event.get());
        time_if(out, "localTimestamp", statistic.ts_recv.get());
        if statistic.sequence != 0 {
            let _ = write!(out, ",\"lastSequence\":{}", statistic.sequence);
        }
        out.push('}');
        if youngest.is_none_or(|youngest| youngest.ts_recv.get() <= statistic.ts_recv.get()) {
            youngest = Some(statistic);
        }
    }
    out.push('}');
    youngest
}

/// `statistics`: these of the instrument. The times are those of the youngest; without any, those of the instrument.
pub fn statistics<'a>(
    names: &Names,
    of: &Instrument,
    statistics: impl Iterator<Item = &'a Statistic>,
    interval_ms: u32,
    sequence: u64,
) -> String {
    let mut out = String::with_capacity(320 + statistics.size_hint().0 * 160);
    open(&mut out, names, "statistics", of);
    let _ = write!(out, ",\"interval\":{interval_ms},\"statistics\":");
    let youngest = statistic_members(&mut out, statistics, of.size_decimals);
    let (ts_event, ts_recv) = youngest.map_or((of.ts_event, of.ts_recv), |youngest| {
        (youngest.ts_event, youngest.ts_recv)
    });
    out.push_str(",\"timestamp\":");
    time(&mut out, ts_event.get());
    out.push_str(",\"localTimestamp\":");
    time(&mut out, ts_recv.get());
    let _ = write!(out, ",\"sequence\":{sequence}");
    trust(&mut out, names, of);
    out.push('}');
    out
}

/// `summary`: one line of the dashboard; also an element of `/api/instruments`.
pub(super) fn summary(names: &Names, of: &Instrument, id: u32, sequence: u64) -> String {
    let mut out = String::with_capacity(512);
    open(&mut out, names, "summary", of);
    let _ = write!(
        out,
        ",\"instrumentId\":{id},\"sizeDecimals\":{}",
        of.size_decimals
    );
    for (name, side) in [("bid", &of.bids), ("ask", &of.asks)] {
        if let Some(level) = side.first() {
            let _ = write!(out, ",\"{name}\":");
            decimal(&mut out, i128::from(level.price), PRICE_SCALE);
            let _ = write!(out, ",\"{name}Amount\":");
            decimal(&mut out, i128::from(level.size), of.size_decimals);
        }
    }
    if let (Some(halves), Some(spread)) = (of.mid_halves(), of.spread()) {
        out.push_str(",\"mid\":");
        // Half of 1e-9 is 5e-10: one more digit keeps it exact.
        decimal(&mut out, halves * 5, PRICE_SCALE + 1);
        out.push_str(",\"spread\":");
        decimal(&mut out, spread, PRICE_SCALE);
    }
    if let Some((at, trade)) = of.trades.back() {
        out.push_str(",\"lastTrade\":{\"price\":");
        decimal(&mut out, i128::from(trade.price), PRICE_SCALE);
        out.push_str(",\"amount\":");
        decimal(&mut out, i128::from(trade.size), of.size_decimals);
        let _ = write!(
            out,
            ",\"side\":\"{}\",\"localTimestamp\":",
            taker(trade.aggressor)
        );
        time(&mut out, at.get());
        out.push('}');
    }
    if !of.statistics.is_empty() {
        out.push_str(",\"statistics\":");
        statistic_members(&mut out, of.statistics.values(), of.size_decimals);
    }
    let _ = write!(
        out,
        ",\"updates\":{},\"updatesPerSecond\":{:.1},\"ageMs\":{},\"lost\":{}",
        of.updates,
        of.updates_per_second,
        of.updated.elapsed().as_millis(),
        of.lost
    );
    close(&mut out, names, of, sequence);
    out
}

/// `connect` or `disconnect` of a feed.
pub(super) fn feed(
    names: &Names,
    feed: u16,
    connected: bool,
    reason: u8,
    ts: Option<u64>,
) -> String {
    let kind = if connected { "connect" } else { "disconnect" };
    let mut out = format!("{{\"type\":\"{kind}\",\"exchange\":");
    string(&mut out, names.feed(feed));
    out.push_str(",\"reason\":");
    string(&mut out, names.reason(reason));
    out.push_str(",\"localTimestamp\":");
    time(&mut out, ts);
    out.push('}');
    out
}

/// List of all feeds and their connections.
pub(super) fn feeds(view: &View) -> String {
    let mut out = String::from("[");
    for (index, (name, feed)) in view.feeds().enumerate() {
        out.push_str(if index == 0 {
            "{\"exchange\":"
        } else {
            ",{\"exchange\":"
        });
        string(&mut out, name);
        let connected = match feed.connected {
            Some(true) => "true",
            Some(false) => "false",
            None => "null",
        };
        let _ = write!(out, ",\"connected\":{connected},\"reason\":");
        string(&mut out, view.names.reason(feed.reason));
        out.push('}');
    }
    out.push(']');
    out
}

/// `error`.
pub(super) fn error(code: &str, message: &str) -> String {
    let mut out = format!("{{\"type\":\"error\",\"code\":\"{code}\",\"message\":");
    string(&mut out, message);
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_exact_text() {
        let mut out = String::new();
        decimal(&mut out, 94_381_280_000_000, 9);
        out.push(' ');
        time(&mut out, Some(1_580_385_600_000_000_001));
        out.push(' ');
        float(&mut out, f64::NAN);
        assert_eq!(out, "94381.28 \"2020-01-30T12:00:00.000000001Z\" null");
    }

    #[test]
    fn text_is_escaped() {
        let text = error("bad_request", "say \"x\\y\"\n");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!(value["message"], "say \"x\\y\"\n");
    }

    #[test]
    fn statistics_are_written_by_name_with_what_they_have() {
        use super::super::record::{Body, Header, Record};
        use feeds::model::{EventTime, Price, RecvTime, StatisticKind, Symbol};

        let names = Names {
            feeds: vec!["deri".to_owned()],
            states: &["live"],
            reasons: &["ok"],
            ..Names::default()
        };
        let mut view = View::new(names, 1, crate::sys::clock::instant_now());
        let mut apply = |body| {
            let header = Header {
                instrument: 0,
                ..Header::at(EventTime(5), RecvTime(6))
            };
            let record = Record {
                header,
                pub_seq: 3,
                body,
            };
            view.apply(&record, crate::sys::clock::instant_now());
        };
        apply(Body::Instrument {
            feed: 0,
            symbol: Symbol::from("BTC-PERP"),
            size_decimals: 4,
        });
        let blank = Statistic {
            kind: StatisticKind::MarkPrice,
            side: Side::None,
            price: Price::UNDEFINED,
            size: 0,
            id: 0,
            sequence: 0,
            ts_event: EventTime::UNDEFINED,
            ts_recv: RecvTime::UNDEFINED,
            count: 1,
        };
        for statistic in [
            Statistic {
                price: Price(94_381_280_000_001),
                ts_event: EventTime(1_580_385_600_000_000_001),
                ts_recv: RecvTime(1_580_385_600_000_000_002),
                sequence: 12,
                ..blank
            },
            Statistic {
                kind: StatisticKind::OpenInterest,
                ..blank
            },
            // An event with all that one can have.
            Statistic {
                kind: StatisticKind::TradeBroken,
                side: Side::Ask,
                price: Price(1_500_000_000),
                size: 25_000,
                id: 77,
                count: 3,
                ..blank
            },
        ] {
            apply(Body::Statistic(statistic));
        }
        let of = view.instrument(0).expect("defined above");
        assert_eq!(
            statistics(&view.names, of, of.statistics.values(), 0, 9),
            concat!(
                r#"{"type":"statistics","symbol":"BTC-PERP","exchange":"deri","interval":0,"statistics":{"#,
                r#""open_interest":{"amount":0,"count":1},"#,
                r#""trade_broken":{"side":"sell","price":1.5,"amount":2.5,"id":"77","count":3},"#,
                r#""mark_price":{"price":94381.280000001,"count":1,"timestamp":"2020-01-30T12:00:00.000000001Z","#,
                r#""localTimestamp":"2020-01-30T12:00:00.000000002Z","lastSequence":12}},"#,
                r#""timestamp":"2020-01-30T12:00:00.000000001Z","localTimestamp":"2020-01-30T12:00:00.000000002Z","#,
                r#""sequence":9,"state":"live","reason":"ok","since":null,"lastSequence":0,"pubSeq":3}"#
            )
        );
        let summary = summary(&view.names, of, 0, 1);
        assert!(summary.contains(r#","statistics":{"open_interest":"#));
    }
}
