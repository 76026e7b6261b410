//! Golden vectors: texts beside the outcomes and ticks they must become.
//!
//! `vectors/NAME.text` has a frame a line (`rest ` in front of a REST answer); `vectors/NAME.events` is written anew only when
//! `WAVELETD_REWRITE_VECTORS` is set.

use super::*;
use std::fmt::Write as _;
use std::path::PathBuf;

fn events(frames: &str) -> String {
    let mut bench = Bench::new(&[]);
    let mut text = String::new();
    for frame in frames.lines().filter(|line| !line.starts_with('#')) {
        let outcome = match frame.strip_prefix("rest ") {
            Some(body) => bench.packet(Form::Rest("https://api/products"), body.as_bytes()),
            None => bench.text(frame),
        };
        writeln!(text, "{outcome:?}").unwrap();
        for tick in bench.ticks() {
            let Tick {
                action,
                side,
                price,
                size,
                order_id,
                detail,
                ..
            } = tick;
            let (instrument, flags) = (tick.instrument.0 as i32, tick.flags.0);
            let at = tick
                .ts_event
                .get()
                .map_or("-".to_owned(), |nanos| nanos.to_string());
            writeln!(
                text,
                "  {action:?} instrument={instrument} side={side:?} price={price} size={} order={order_id} \
                 detail={detail} flags={flags:#04x} ts_event={at}",
                size.0
            )
            .unwrap();
        }
    }
    for definition in bench.definitions() {
        writeln!(text, "{definition:?}").unwrap();
    }
    for (name, count) in bench.feed.messages_by_type() {
        writeln!(text, "{name} {count}").unwrap();
    }
    writeln!(text, "{:?}", bench.feed.gaps()).unwrap();
    text
}

#[test]
fn golden_texts_become_their_golden_ticks() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/coinbase_ws/vectors");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "text")
    });
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let given = events(&std::fs::read_to_string(&path).unwrap());
        let golden = path.with_extension("events");
        if std::env::var_os("WAVELETD_REWRITE_VECTORS").is_some() {
            std::fs::write(&golden, &given).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(given, expected, "{}", path.display());
    }
}
