#![allow(clippy::unwrap_used)]

use super::*;
use std::path::PathBuf;

/// A file that is right, for tests that break one line of it.
const RIGHT: &str = r#"runtime: { core: 1, mode: spin }
feeds:
  - name: itch
    protocol: nasdaq_itch50
    lines: { a: "233.54.12.111:26477", b: "233.54.12.111:26478", interface: 10.0.0.5 }
    retransmit: ["10.0.1.1:18000"]
    instruments: ["AAPL", "MSFT"]
books: { depth: 10 }
signals:
  - { name: micro, kind: microprice, instruments: "*" }
publish:
  - { kind: websocket, listen: "127.0.0.1:9001" }
"#;

/// `text` has exactly these faults.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let faults = match parse("t.yaml", text) {
        Ok(config) => panic!("no fault found in {config:?}"),
        Err(faults) => faults,
    };
    let told = faults.to_string();
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    // Every fault can be shown at its place.
    assert!(faults.render().lines().count() >= faults.faults.len());
}

/// The right file with `from` replaced has exactly this fault.
#[track_caller]
fn check_with(from: &str, to: &str, expected: &str) {
    assert!(RIGHT.contains(from), "nothing to replace");
    check(&RIGHT.replacen(from, to, 1), &[expected]);
}

#[test]
fn a_right_file_becomes_what_it_says() {
    let config = parse("t.yaml", RIGHT).unwrap();
    assert_eq!(
        config.runtime,
        RuntimeConfig {
            core: Some(1),
            mode: ExecutionMode::Spin
        }
    );
    let feed = &config.feeds[0];
    assert_eq!(
        (feed.name.as_str(), feed.descriptor.name),
        ("itch", "nasdaq_itch50")
    );
    let lines = feed.lines().unwrap();
    assert_eq!(lines.addresses.len(), 2);
    assert_eq!(
        lines.interface,
        Some(Interface::Address([10, 0, 0, 5].into()))
    );
    assert_eq!(feed.retransmit(), ["10.0.1.1:18000".parse().unwrap()]);
    assert!(feed.instruments.contains("MSFT") && !feed.instruments.contains("IBM"));
    let settings = feed.settings(ChannelId(4));
    assert_eq!((settings.line_count, settings.server_count), (2, 1));
    assert_eq!(config.signals[0].kind, SignalKind::Microprice);
    assert!(config.ring_ticks.is_power_of_two());
    assert!(
        config
            .summary()
            .contains("itch: nasdaq_itch50, a 233.54.12.111:26477")
    );
}

#[test]
fn every_file_of_the_folder_parses() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            load(&path).unwrap_or_else(|faults| panic!("{faults}"));
            count += 1;
        }
    }
    assert!(count >= 4, "config/ holds {count} files");
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    check(
        "feeds:\n  - nam: x\n    protocol: nasdaq_itch5\n    lines: { a: here }\nbooks: { depth: 99 }\nbook: 1\n",
        &[
            "t.yaml:2:5: feeds[0].name: the key is missing (give the feed a name of its own)",
            "t.yaml:2:5: feeds[0].nam: unknown key (did you mean `name`?)",
            "t.yaml:3:15: feeds[0].protocol: unknown protocol `nasdaq_itch5` (did you mean `nasdaq_itch50`?)",
            "t.yaml:4:17: feeds[0].lines.a: `here` is not an IP address and port (write \"233.54.12.111:26477\"; names are not looked up)",
            "t.yaml:5:17: books.depth: 99 is out of range (use 1 to 50)",
            "t.yaml:6:1: book: unknown key (did you mean `books`?)",
        ],
    );
}

#[test]
fn an_unknown_key_names_the_nearest() {
    check_with(
        "mode: spin",
        "mod: spin",
        "t.yaml:1:21: runtime.mod: unknown key (did you mean `mode`?)",
    );
    check_with(
        "    retransmit:",
        "    retransmits:",
        "t.yaml:6:5: feeds[0].retransmits: unknown key for nasdaq_itch50 (did you mean `retransmit`?)",
    );
    check_with(
        "depth: 10",
        "zzz: 10",
        "t.yaml:8:10: books.zzz: unknown key (known: depth, orders_capacity)",
    );
}

#[test]
fn a_key_that_stands_twice_is_a_fault() {
    check_with(
        "    protocol: nasdaq_itch50",
        "    protocol: nasdaq_itch50\n    name: other",
        "t.yaml:5:5: feeds[0].name: the key is here twice, first on line 3 (keep one of them)",
    );
}

#[test]
fn a_value_of_the_wrong_type_says_what_is_needed() {
    check_with(
        "core: 1",
        "core: one",
        "t.yaml:1:18: runtime.core: `one` where a whole number is needed (write digits only)",
    );
    check_with(
        "books: { depth: 10 }",
        "books: [10]",
        "t.yaml:8:8: books: a list where a mapping is needed (write `key: value` lines)",
    );
    check_with(
        "[\"10.0.1.1:18000\"]",
        "10.0.1.1:18000",
        "t.yaml:6:17: feeds[0].retransmit: `10.0.1.1:18000` where a list is needed (write each entry on a line behind `- `)",
    );
    check_with(
        "name: itch",
        "name:",
        "t.yaml:3:9: feeds[0].name: nothing where a text is needed (write one value behind the colon)",
    );
    check_with(
        "[\"AAPL\", \"MSFT\"]",
        "AAPL",
        "t.yaml:7:18: feeds[0].instruments: `AAPL` where a list of symbols or \"*\" is needed (write [\"AAPL\"] or \"*\")",
    );
}

#[test]
fn a_unit_in_a_value_is_refused_because_the_key_has_it() {
    check_with(
        "    retransmit:",
        "    receive_buffer_bytes: 8MB\n    retransmit:",
        "t.yaml:6:27: feeds[0].receive_buffer_bytes: `8MB` where a whole number is needed (write digits only; the unit is bytes)",
    );
}

#[test]
fn numbers_have_ranges() {
    check_with(
        "core: 1",
        "core: 5000",
        "t.yaml:1:18: runtime.core: 5000 is not a core id (use 0 to 1023, as in /proc/cpuinfo, or leave the key out)",
    );
    check_with(
        "books:",
        "ring_ticks: 20000\nbooks:",
        "t.yaml:8:13: ring_ticks: 20000 is not a power of two (use 16384 or 32768)",
    );
    check_with(
        "books:",
        "ring_ticks: 1024\nbooks:",
        "t.yaml:8:13: ring_ticks: 1024 is out of range (use 16384 to 16777216)",
    );
}

#[test]
fn addresses_are_numbers_with_a_port() {
    check_with(
        "233.54.12.111:26477",
        "venue.example:26477",
        "t.yaml:5:17: feeds[0].lines.a: `venue.example:26477` is not an IP address and port (write \"233.54.12.111:26477\"; names are not looked up)",
    );
    check_with(
        "10.0.1.1:18000",
        "10.0.1.1:0",
        "t.yaml:6:18: feeds[0].retransmit[0]: port 0 is no destination (give the venue's port, 1 to 65535)",
    );
    check_with(
        "10.0.1.1:18000",
        "233.0.0.1:18000",
        "t.yaml:6:18: feeds[0].retransmit[0]: a group cannot be asked (give the server's unicast address)",
    );
    check_with(
        "10.0.0.5",
        "10.0.0.500",
        "t.yaml:5:77: feeds[0].lines.interface: `10.0.0.500` is no interface (give its IPv4 address (10.0.0.5) or its name (eth0))",
    );
}

#[test]
fn resources_claimed_twice_are_found_before_binding() {
    check_with(
        "26478",
        "26477",
        "t.yaml:5:43: feeds[0].lines.b: the same address and port as feeds[0].lines.a (line 5) (give each its own address and port)",
    );
    check(
        &RIGHT.replace("books:", "  - name: itch\n    protocol: iex_deep10\n    lines: { a: \"233.54.12.111:26478\" }\nbooks:"),
        &[
            "t.yaml:8:11: feeds[1].name: the same name as feeds[0].name (line 3) (give each its own name)",
            "t.yaml:10:17: feeds[1].lines.a: the same address and port as feeds[0].lines.b (line 5) (give each its own address and port)",
        ],
    );
    check_with(
        "    instruments:",
        "    core: 1\n    instruments:",
        "t.yaml:7:11: feeds[0].core: core 1 is the one the graph thread spins on (use another core, or runtime.mode: park)",
    );
    check(
        &format!("{RIGHT}  - {{ kind: websocket, listen: \"127.0.0.1:9001\" }}\n"),
        &[
            "t.yaml:13:32: publish[1].listen: the same address and port as publish[0].listen (line 12) (give each its own address and port)",
        ],
    );
}

#[test]
fn lines_are_named_without_leaving_one_out() {
    check_with(
        "b: \"233",
        "c: \"233",
        "t.yaml:5:43: feeds[0].lines.c: line c without line b (name lines from a on, leaving none out)",
    );
    check_with(
        "{ a: \"233.54.12.111:26477\", b: \"233.54.12.111:26478\", interface: 10.0.0.5 }",
        "{}",
        "t.yaml:5:12: feeds[0].lines: no line has an address (write a: \"233.54.12.111:26477\")",
    );
}

#[test]
fn a_line_may_have_one_sender_and_an_interface_of_its_own() {
    let from = "a: \"233.54.12.111:26477\"";
    let to = "a: { address: \"233.54.12.111:26477\", source: 10.1.0.1, interface: eth1 }";
    let config = parse("t.yaml", &RIGHT.replacen(from, to, 1)).unwrap();
    let lines = config.feeds[0].lines().unwrap();
    let shared = Interface::Address([10, 0, 0, 5].into());
    let own = Join {
        interface: Some(Interface::Name("eth1".to_owned())),
        source: Some([10, 1, 0, 1].into()),
    };
    assert_eq!(lines.joins, [own, Join::on(shared)]);
    // Two senders on one group are two lines.
    let both = "{ a: { address: \"232.1.1.1:2000\", source: 10.1.0.1 }, \
                b: { address: \"232.1.1.1:2000\", source: 10.1.0.2 } }";
    let lines = "{ a: \"233.54.12.111:26477\", b: \"233.54.12.111:26478\", interface: 10.0.0.5 }";
    assert!(parse("t.yaml", &RIGHT.replacen(lines, both, 1)).is_ok());
}

#[test]
fn a_sender_that_cannot_be_is_told() {
    let line = |wish: &str| format!("a: {{ address: \"233.54.12.111:26477\", {wish} }}");
    let remedy = "(give the IPv4 address the venue sends from, such as 10.0.0.1)";
    for (source, why) in [
        ("233.1.1.1", "is a group, and a group sends nothing"),
        ("0.0.0.0", "is nobody"),
        ("255.255.255.255", "is no address that can send"),
        ("venue.example", "is no IPv4 address"),
    ] {
        check_with(
            "a: \"233.54.12.111:26477\"",
            &line(&format!("source: {source}")),
            &format!("t.yaml:5:59: feeds[0].lines.a.source: `{source}` {why} {remedy}"),
        );
    }
    check_with(
        "a: \"233.54.12.111:26477\"",
        "a: { address: \"10.0.0.5:26477\", source: 10.1.0.1 }",
        "t.yaml:5:54: feeds[0].lines.a.source: only a group is joined, and 10.0.0.5:26477 is an address (remove the source, or give the group)",
    );
    check_with(
        "a: \"233.54.12.111:26477\"",
        "a: { address: \"[ff05::1]:26477\", source: 10.1.0.1, interface: eth0 }",
        "t.yaml:5:55: feeds[0].lines.a.source: a source can be given for groups of IPv4 only (remove the source)",
    );
    check_with(
        "a: \"233.54.12.111:26477\"",
        "a: { source: 10.1.0.1 }",
        "t.yaml:5:17: feeds[0].lines.a.address: the key is missing (write address: \"233.54.12.111:26477\")",
    );
    check_with(
        "    retransmit:",
        "    timestamps: nic\n    retransmit:",
        "t.yaml:6:17: feeds[0].timestamps: unknown origin `nic` (use kernel, or hardware (the network card's clock, where it is set))",
    );
}

#[test]
fn keys_of_the_other_transport_are_misplaced() {
    check_with(
        "    retransmit:",
        "    url: wss://x\n    retransmit:",
        "t.yaml:6:10: feeds[0].url: nasdaq_itch50 is carried by datagrams (remove the key; `lines` says where from)",
    );
    check(
        "feeds:\n  - { name: cb, protocol: coinbase_ws, url: \"http://x\" }\n",
        &[
            "t.yaml:2:45: feeds[0].url: `http://x` is no WebSocket address (begin it with wss:// (or ws:// without encryption))",
        ],
    );
    check(
        "feeds:\n  - name: i\n    protocol: iex_deep10\n    lines: { a: \"233.215.21.4:10378\" }\n    retransmit: [\"10.0.0.1:1\"]\n",
        &["t.yaml:5:17: feeds[0].retransmit: iex_deep10 has no retransmission (remove the key)"],
    );
}

#[test]
fn lines_of_answers_go_with_servers_that_are_asked_over_connections() {
    let pitch = |keys: &str| {
        format!(
            "feeds:\n  - name: p\n    protocol: cboe_pitch_equities\n    lines: {{ a: \"127.0.0.1:1\" }}\n{keys}"
        )
    };
    let both = pitch("    retransmit: [\"10.0.0.1:1\"]\n    gap_lines: { a: \"127.0.0.1:2\" }\n");
    let config = parse("t.yaml", &both).unwrap();
    let settings = config.feeds[0].settings(ChannelId(0));
    assert!(settings.has_gap_lines && settings.server_count == 1);
    check(
        &pitch("    retransmit: [\"10.0.0.1:1\"]\n"),
        &[
            "t.yaml:5:17: feeds[0].retransmit: is asked in vain: answers come on lines of their own (name them in gap_lines: { a: \"…\", b: \"…\" })",
        ],
    );
    check_with(
        "    retransmit:",
        "    gap_lines: { a: \"127.0.0.1:2\" }\n    retransmit:",
        "t.yaml:6:16: feeds[0].gap_lines: nasdaq_itch50 answers whoever asks (remove the key)",
    );
}

#[test]
fn a_channel_comes_by_lines_or_by_delivery() {
    let text = "feeds:\n  - name: p\n    protocol: nasdaq_itch50\n    delivery: [\"10.0.0.1:1\", \"10.0.0.2:1\"]\n";
    let config = parse("t.yaml", text).unwrap();
    let settings = config.feeds[0].settings(ChannelId(0));
    assert_eq!(
        (settings.delivery_server_count, settings.line_count),
        (2, 1)
    );
    check(
        &text.replace("nasdaq_itch50", "cboe_pitch_equities"),
        &[
            "t.yaml:4:15: feeds[0].delivery: cboe_pitch_equities is not delivered over TCP (write `lines` instead)",
        ],
    );
    check_with(
        "    retransmit:",
        "    delivery: [\"10.0.0.1:1\"]\n    retransmit:",
        "t.yaml:6:15: feeds[0].delivery: the channel comes by `lines` or by `delivery` (remove one of them)",
    );
}

#[test]
fn settings_of_the_protocol_are_judged_by_its_room_at_their_place() {
    check_with(
        "    retransmit:",
        "    reorder_window_us: soon\n    retransmit:",
        "t.yaml:6:24: feeds[0].reorder_window_us: is not a whole number from 0 to 10000000 (leave it out for 2000)",
    );
    check_with(
        "    retransmit:",
        "    reorder_window_ms: 2\n    retransmit:",
        "t.yaml:6:5: feeds[0].reorder_window_ms: unknown key for nasdaq_itch50 (did you mean `reorder_window_us`?)",
    );
    let text = RIGHT.replace(
        "    retransmit:",
        "    request_timeout_ms: 70\n    retransmit:",
    );
    let config = parse("t.yaml", &text).unwrap();
    assert_eq!(
        config.feeds[0].own,
        [("request_timeout_ms".to_owned(), Value::Integer(70))]
    );
    assert!(config.feeds[0].build(ChannelId(0)).is_ok());
}

#[test]
fn instruments_are_named_once() {
    check_with(
        "[\"AAPL\", \"MSFT\"]",
        "[]",
        "t.yaml:7:18: feeds[0].instruments: the list is empty (name at least one symbol, or write \"*\" for all)",
    );
    check_with(
        "\"MSFT\"",
        "\"AAPL\"",
        "t.yaml:7:27: feeds[0].instruments[1]: the same symbol as feeds[0].instruments[0] (line 7) (give each its own symbol)",
    );
}

#[test]
fn symbols_that_look_like_yaml_words_stay_symbols() {
    let config = parse(
        "t.yaml",
        &RIGHT.replace("[\"AAPL\", \"MSFT\"]", "[NO, ON, TRUE, 7203]"),
    )
    .unwrap();
    assert_eq!(
        config.feeds[0].instruments.symbols(),
        ["NO", "ON", "TRUE", "7203"]
    );
}

#[test]
fn signals_and_sinks_have_kinds_with_keys_of_their_own() {
    check_with(
        "kind: microprice",
        "kind: micropirce",
        "t.yaml:10:26: signals[0].kind: unknown signal `micropirce` (did you mean `microprice`?)",
    );
    check_with(
        "kind: microprice",
        "kind: bars",
        "t.yaml:10:5: signals[0].interval_ms: the key is missing (write interval_ms: 60000)",
    );
    check_with(
        "kind: microprice",
        "depth: 3, kind: microprice",
        "t.yaml:10:20: signals[0].depth: unknown key (known: instruments, kind, name)",
    );
    check_with(
        "kind: websocket",
        "kind: websockets",
        "t.yaml:12:13: publish[0].kind: unknown sink `websockets` (did you mean `websocket`?)",
    );
    check_with(
        ", listen: \"127.0.0.1:9001\"",
        "",
        "t.yaml:12:5: publish[0].listen: the key is missing (write listen: \"127.0.0.1:9001\")",
    );
}

#[test]
fn simulated_venues_stand_for_a_feed() {
    let simulate =
        "simulate:\n  - { feed: itch, seed: 7, lines: { b: { loss_per_million: 5 } } }\n";
    let config = parse("t.yaml", &format!("{RIGHT}{simulate}")).unwrap();
    let venue = &config.simulate[0];
    assert_eq!((venue.feed, venue.seed), (0, 7));
    let SimulatedFaults::Datagrams { lines, .. } = &venue.faults else {
        panic!("{venue:?}")
    };
    let losses: Vec<u32> = lines.iter().map(|line| line.loss_per_million).collect();
    assert_eq!(losses, [0, 5]);
    check(
        &format!("{RIGHT}simulate: [{{ feed: itsh, lines: {{ b: {{ loss: 1 }} }} }}]\n"),
        &[
            "t.yaml:13:20: simulate[0].feed: there is no feed `itsh` (did you mean `itch`?)",
            "t.yaml:13:40: simulate[0].lines.b.loss: unknown key (did you mean `loss_per_million`?)",
        ],
    );
}

#[test]
fn execution_modes_are_two() {
    check_with(
        "mode: spin",
        "mode: sleep",
        "t.yaml:1:27: runtime.mode: `sleep` is no execution mode (use spin (a core of its own) or park (sleeps when idle))",
    );
}

#[test]
fn a_file_without_feeds_does_nothing_and_says_so() {
    check(
        "",
        &["t.yaml:1:1: feeds: the key is missing (add `feeds:` with at least one feed)"],
    );
    check(
        "feeds: []\n",
        &["t.yaml:1:8: feeds: the list is empty (add at least one feed)"],
    );
    check(
        "[1]",
        &["t.yaml:1:1: file: a list where a mapping is needed (write `key: value` lines)"],
    );
}

#[test]
fn anchors_and_aliases_save_writing() {
    let text = RIGHT.replace(
        "    instruments: [\"AAPL\", \"MSFT\"]",
        "    instruments: &names [\"AAPL\", \"MSFT\"]",
    );
    let text = text.replace("instruments: \"*\"", "instruments: *names");
    assert_eq!(
        parse("t.yaml", &text).unwrap().signals[0]
            .instruments
            .symbols(),
        ["AAPL", "MSFT"]
    );
}

#[test]
fn hostile_text_is_a_fault_and_nothing_else() {
    let deep = format!("a: {}1", "[".repeat(200));
    let block: String = (0..2_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let mut laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        laughs += &format!("a{level}: &a{level} [{}]\n", vec![below; 10].join(","));
    }
    let long = "x".repeat(yaml::BYTES_MAX + 1);
    for text in [
        deep.as_str(),
        &block,
        &laughs,
        &long,
        "a: &a [*a]",
        "a: *b",
        "a: 1\n---\nb: 2\n",
        "? [1]\n: 2\n",
        "\u{0}",
        "feeds: {",
        "feeds: \"",
        "feeds:\n\t- x",
        "%YAML 9",
        "- - - -\n-",
        "feeds: [{}, 1, [], null]",
        "feeds: [{name: 1, protocol: coinbase_ws, own: {a: {b: 1}}}]",
    ] {
        let faults = parse("t.yaml", text).expect_err("hostile text is never a configuration");
        assert!(!faults.faults.is_empty());
        let _ = faults.render();
    }
}

mod hostile {
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn no_text_panics(text in "[a-z:\\-\\[\\]{}&*\"'#|>! \n\t,0-9]{0,200}") {
            let _ = super::parse("t.yaml", &text).map_err(|faults| faults.render());
        }

        #[test]
        fn no_damage_to_a_right_file_panics(at in 0usize..500, with in "\\PC{0,4}") {
            let mut text = super::RIGHT.to_owned();
            let at = at % text.len();
            text.replace_range(at..at + 1, &with);
            let _ = super::parse("t.yaml", &text).map_err(|faults| faults.render());
        }
    }
}
