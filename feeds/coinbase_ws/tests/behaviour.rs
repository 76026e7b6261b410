//! What the state machine does, case by case.

use super::*;
use crate::contract::{Action as Wish, Control, ControlAnswer, DecodeError, LinkEvent, Notice};
use crate::model::{InstrumentId, StatisticKind, TradingState};

/// What a product begins with, in one event.
const NEW: [Action; 2] = [Action::Definition, Action::Reset];

fn actions(bench: &mut Bench) -> Vec<Wish> {
    std::iter::from_fn(|| bench.feed.poll_action()).collect()
}

fn notices(bench: &mut Bench) -> Vec<Notice> {
    std::iter::from_fn(|| bench.feed.poll_notice()).collect()
}

fn kinds(ticks: &[Tick]) -> Vec<Action> {
    ticks.iter().map(|tick| tick.action).collect()
}

fn link(bench: &mut Bench, event: LinkEvent) {
    bench.feed.on_link(event, bench.now, &mut bench.out);
}

fn clock(bench: &mut Bench, seconds: u64) {
    bench.now = RecvTime(bench.now.0 + seconds * 1_000_000_000);
    bench.feed.on_clock(bench.now, &mut bench.out);
}

fn send(text: &str) -> Wish {
    Wish::SendText {
        line: Line(0),
        text: text.to_owned(),
    }
}

#[test]
fn an_open_connection_is_told_what_is_wanted() {
    let mut bench = Bench::new(&["BTC-USD", "ETH-EUR"]);
    link(&mut bench, LinkEvent::Up(Line(0)));
    let wanted = r#"{"type":"subscribe","product_ids":["BTC-USD","ETH-EUR"],"channels":["level2_batch","matches","ticker","heartbeat",{"name":"status"}]}"#;
    assert_eq!(actions(&mut bench), [send(wanted)]);
    bench.text(
        r#"{"type":"subscriptions","channels":[{"name":"level2_50","product_ids":["BTC-USD"]}]}"#,
    );
    assert_eq!(
        notices(&mut bench),
        [Notice::LineUp(Line(0)), Notice::Subscribed(Line(0))]
    );
    link(&mut bench, LinkEvent::Down(Line(0)));
    link(&mut bench, LinkEvent::Up(Line(0)));
    assert_eq!(actions(&mut bench), [send(wanted)], "and told again");
}

#[test]
fn a_feed_of_all_products_asks_for_their_list_first() {
    let mut bench = Bench::new(&[]);
    link(&mut bench, LinkEvent::Up(Line(0)));
    let list = r#"{"type":"subscribe","channels":[{"name":"status"}]}"#;
    assert_eq!(actions(&mut bench), [send(list)]);
    bench.text(r#"{"type":"subscriptions","channels":[{"name":"status","product_ids":[]}]}"#);
    bench.text(r#"{"type":"status","products":[{"id":"A-B","base_increment":"0.01","quote_increment":"0.5"}],"currencies":[]}"#);
    let wishes = actions(&mut bench);
    let [Wish::SendText { text, .. }] = wishes.as_slice() else {
        panic!("{wishes:?}");
    };
    assert!(text.contains(r#""product_ids":["A-B"]"#), "{text}");
}

#[test]
fn a_snapshot_replaces_the_book_and_ends_with_its_last_level() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(SNAPSHOT);
    bench.text(&SNAPSHOT.replace("[\"102\",\"3.25\"]", "[\"103\",\"7\"]"));
    let ticks = bench.ticks();
    check_events(&ticks);
    let one = [Action::Clear, Action::Level, Action::Level, Action::Level];
    assert_eq!(kinds(&ticks), [&NEW[..], &one[..], &one[..]].concat());
    let snapshot = Flags::SNAPSHOT.with(Flags::MBP);
    check_flags(&ticks[2], snapshot);
    check_flags(&ticks[4], snapshot);
    check_flags(&ticks[5], snapshot.with(Flags::LAST));
    let mut book = Book::default();
    ticks.iter().for_each(|tick| book.apply(tick));
    let levels = [
        (Price(101_500_000_000), Size(200_000_000)),
        (Price(103_000_000_000), Size(700_000_000)),
    ];
    assert_eq!(book.best_asks(9), levels);
}

#[test]
fn an_empty_snapshot_is_an_empty_book() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(r#"{"type":"snapshot","product_id":"BTC-USD","asks":[],"bids":[]}"#);
    let ticks = bench.ticks();
    assert_eq!(kinds(&ticks), [&NEW[..], &[Action::Clear]].concat());
    assert!(ticks[2].is_last());
    assert_eq!(bench.text(&update("buy", "1", "1")), Outcome::Applied);
}

#[test]
fn changes_of_one_message_are_one_event() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(SNAPSHOT);
    bench.ticks();
    bench.text(&update("buy", "100.5", "2").replace(
        r#""changes":["#,
        r#""changes":[["sell","101.5","0.00"],["sell","555","0"],"#,
    ));
    let ticks = bench.ticks();
    assert_eq!(kinds(&ticks), [Action::Level; 3]);
    check_flags(&ticks[0], Flags::MBP);
    check_flags(&ticks[2], Flags::MBP.with(Flags::LAST));
    assert_eq!(ticks[0].size, Size(0));
    assert_eq!(ticks[2].ts_event.0, 1_618_677_817_075_687_000);
    assert_eq!(ticks[2].channel, ChannelId(3));
}

#[test]
fn an_update_before_its_snapshot_is_ignored_and_counted() {
    let mut bench = Bench::new(&["BTC-USD"]);
    assert_eq!(bench.text(&update("buy", "1", "1")), Outcome::Duplicate);
    assert_eq!(kinds(&bench.ticks()), NEW);
    assert_eq!(bench.feed.counters().messages_ignored, 1);
    assert_eq!(bench.feed.messages_by_type(), [("l2update", 1)]);
}

#[test]
fn nothing_old_survives_a_lost_connection() {
    let mut bench = Bench::new(&["BTC-USD"]);
    link(&mut bench, LinkEvent::Up(Line(0)));
    bench.text(SNAPSHOT);
    bench.ticks();
    link(&mut bench, LinkEvent::Down(Line(0)));
    let ticks = bench.ticks();
    assert_eq!(kinds(&ticks), [Action::Reset]);
    assert_eq!(ticks[0].instrument, InstrumentId::ALL);
    assert_eq!(ticks[0].detail, ResetKind::AwaitSnapshot as u8);
    link(&mut bench, LinkEvent::Up(Line(0)));
    assert_eq!(bench.text(&update("buy", "1", "1")), Outcome::Duplicate);
    assert!(bench.ticks().is_empty());
    assert_eq!(bench.text(SNAPSHOT), Outcome::Applied);
    assert_eq!(bench.text(&update("buy", "1", "1")), Outcome::Applied);
}

#[test]
fn a_book_follows_the_connection_of_its_snapshot() {
    let mut bench = Bench::new(&["BTC-USD"]);
    link(&mut bench, LinkEvent::Up(Line(0)));
    link(&mut bench, LinkEvent::Up(Line(1)));
    let on = |bench: &mut Bench, line: u8, text: &str| {
        let (line, ts_recv) = (Line(line), bench.now);
        let packet = Packet {
            line,
            ts_recv,
            form: Form::Text,
            bytes: text.as_bytes(),
        };
        bench.feed.on_packet(&packet, &mut bench.out)
    };
    assert_eq!(on(&mut bench, 0, SNAPSHOT), Outcome::Applied);
    assert_eq!(
        on(&mut bench, 1, &update("buy", "1", "1")),
        Outcome::Duplicate
    );
    assert_eq!(
        on(&mut bench, 0, &update("buy", "1", "1")),
        Outcome::Applied
    );
    link(&mut bench, LinkEvent::Down(Line(1)));
    assert_eq!(
        on(&mut bench, 0, &update("buy", "1", "2")),
        Outcome::Applied
    );
    link(&mut bench, LinkEvent::Up(Line(1)));
    bench.ticks();
    link(&mut bench, LinkEvent::Down(Line(0)));
    let ticks = bench.ticks();
    assert_eq!(kinds(&ticks), [Action::Reset]);
    assert_eq!(ticks[0].instrument, InstrumentId(0));
    assert_eq!(on(&mut bench, 1, SNAPSHOT), Outcome::Applied);
    assert_eq!(
        on(&mut bench, 1, &update("buy", "1", "1")),
        Outcome::Applied
    );
}

#[test]
fn texts_lost_on_an_open_connection_ask_for_a_new_one() {
    let mut bench = Bench::new(&["BTC-USD"]);
    link(&mut bench, LinkEvent::Up(Line(0)));
    bench.text(SNAPSHOT);
    link(&mut bench, LinkEvent::Down(Line(0)));
    actions(&mut bench);
    assert_eq!(bench.text(&update("buy", "1", "1")), Outcome::Duplicate);
    assert!(matches!(
        actions(&mut bench).as_slice(),
        [Wish::Reconnect { .. }]
    ));
}

#[test]
fn a_size_that_does_not_fit_sends_its_book_and_no_other_back() {
    let mut bench = Bench::new(&["BTC-USD", "ETH-USD"]);
    bench.text(SNAPSHOT);
    bench.text(&SNAPSHOT.replace("BTC", "ETH"));
    bench.ticks();
    let refused = Outcome::Refused(DecodeError::NotExact { tag: 1 });
    assert_eq!(bench.text(&update("buy", "1", "0.000000001")), refused);
    let ticks = bench.ticks();
    assert_eq!(kinds(&ticks), [Action::Reset]);
    assert_eq!(ticks[0].instrument, InstrumentId(0));
    assert_eq!(bench.text(&update("buy", "1", "1")), Outcome::Duplicate);
    assert_eq!(
        bench.text(&update("buy", "1", "1").replace("BTC", "ETH")),
        Outcome::Applied
    );
    clock(&mut bench, 0);
    let level2 = |verb| {
        send(&format!(
            r#"{{"type":"{verb}","product_ids":["BTC-USD"],"channels":["level2_batch"]}}"#
        ))
    };
    assert_eq!(
        actions(&mut bench),
        [level2("unsubscribe"), level2("subscribe")]
    );
    bench.text(&update("buy", "1", "0.000000001"));
    clock(&mut bench, 0);
    assert!(actions(&mut bench).is_empty(), "not asked again at once");
    bench.text(SNAPSHOT);
    assert_eq!(bench.text(&update("buy", "1", "1")), Outcome::Applied);
}

#[test]
fn first_sizes_finer_than_the_venues_step_are_kept_exact() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.packet(
        Form::Rest("https://api.exchange.coinbase.com/products"),
        br#"[{"id":"BTC-USD","base_increment":"0.1","quote_increment":"0.01"},{"id":"X-Y"}]"#,
    );
    bench.text(SNAPSHOT);
    let definitions = bench.definitions();
    assert_eq!(definitions.len(), 1);
    assert_eq!(definitions[0].size_decimals, 8);
    assert_eq!(definitions[0].tick_size, Price(10_000_000));
}

#[test]
fn first_sizes_too_large_for_eight_digits_get_fewer() {
    let mut bench = Bench::new(&["BTC-USD"]);
    assert_eq!(
        bench.text(&SNAPSHOT.replace("3.25", "4000000000000.5")),
        Outcome::Applied
    );
    assert_eq!(bench.definitions()[0].size_decimals, 1);
}

#[test]
fn an_unreadable_text_sends_back_the_books_it_may_have_been_for() {
    let mut bench = Bench::new(&["BTC-USD", "ETH-USD"]);
    bench.text(SNAPSHOT);
    bench.text(&SNAPSHOT.replace("BTC", "ETH"));
    bench.ticks();
    bench.text(&trade("match", 7).replace("buy", "?").replace("sell", "?"));
    assert!(bench.ticks().is_empty(), "a trade is no part of a book");
    bench.text("");
    assert!(bench.ticks().is_empty(), "nothing is no part of a book");
    bench.text(&update("buy", "1", "1").replace(']', "?"));
    let ticks = bench.ticks();
    assert_eq!(kinds(&ticks), [Action::Reset]);
    assert_eq!(ticks[0].instrument, InstrumentId(0));
    bench.text("{{{");
    let ticks = bench.ticks();
    assert_eq!(kinds(&ticks), [Action::Reset], "the other one too");
    assert_eq!(ticks[0].instrument, InstrumentId(1));
    assert_eq!(bench.feed.counters().decode_errors_total(), 4);
}

#[test]
fn a_trade_names_the_aggressor_and_comes_once() {
    let mut bench = Bench::new(&["BTC-USD"]);
    assert_eq!(bench.text(&trade("last_match", 7)), Outcome::Applied);
    assert_eq!(bench.text(&trade("match", 7)), Outcome::Duplicate);
    assert_eq!(bench.text(&trade("match", 8)), Outcome::Applied);
    let ticks = bench.ticks();
    assert_eq!(
        kinds(&ticks),
        [&NEW[..], &[Action::Trade, Action::Trade]].concat()
    );
    check_flags(&ticks[2], Flags::LAST);
    check_flags(&ticks[3], Flags::LAST);
    assert_eq!(ticks[3].side, Side::Bid, "the maker sold");
    assert_eq!((ticks[3].order_id, ticks[3].sequence), (8, 1_008));
    assert_eq!(ticks[3].price, Price(101_500_000_000));
    assert_eq!(ticks[3].size, Size(50_000_000));
    assert_eq!(bench.feed.counters().messages_ignored, 1);
}

#[test]
fn trades_left_out_are_named_and_no_book_suffers() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(SNAPSHOT);
    bench.text(&trade("match", 7));
    bench.ticks();
    notices(&mut bench);
    bench.text(&trade("match", 10));
    assert_eq!(kinds(&bench.ticks()), [Action::Trade]);
    assert_eq!(
        notices(&mut bench),
        [Notice::GapLost { first: 8, count: 2 }]
    );
    let gap = bench.feed.gaps()[0];
    assert_eq!((gap.first, gap.count, gap.recovered), (8, 2, false));
    assert_eq!(bench.feed.counters().messages_lost, 2);
    assert_eq!(bench.text(&update("buy", "1", "1")), Outcome::Applied);
}

#[test]
fn a_heartbeat_finds_a_missing_trade_a_second_later() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(&trade("match", 7));
    bench.text(&heartbeat(8, 2_000));
    bench.text(&trade("match", 8));
    bench.text(&heartbeat(9, 2_001));
    assert!(bench.feed.gaps().is_empty(), "it may be on its way");
    bench.text(&heartbeat(9, 2_002));
    let gap = bench.feed.gaps()[0];
    assert_eq!((gap.first, gap.count), (9, 1));
    bench.text(&heartbeat(9, 2_003));
    assert_eq!(bench.feed.gaps().len(), 1);
    assert_eq!(bench.feed.counters().heartbeats, 4);
}

#[test]
fn a_venue_that_counts_its_trades_anew_is_followed() {
    let mut bench = Bench::new(&["BTC-USD"]);
    link(&mut bench, LinkEvent::Up(Line(0)));
    bench.text(&trade("match", 500));
    link(&mut bench, LinkEvent::Down(Line(0)));
    link(&mut bench, LinkEvent::Up(Line(0)));
    notices(&mut bench);
    assert_eq!(bench.text(&trade("match", 1)), Outcome::Applied);
    assert!(notices(&mut bench).contains(&Notice::SessionReset { sequence: 1 }));
    assert_eq!(bench.text(&trade("match", 2)), Outcome::Applied);
}

#[test]
fn a_ticker_is_three_statistics_of_one_event() {
    let mut bench = Bench::new(&["BTC-USD"]);
    let ticker = r#"{"type":"ticker","sequence":9,"product_id":"BTC-USD","price":"14.5","open_24h":"14","volume_24h":"2.5","time":"2021-04-17T16:43:30.244075Z"}"#;
    bench.text(ticker);
    let ticks = bench.ticks();
    check_events(&ticks);
    let details: Vec<u8> = ticks[2..].iter().map(|tick| tick.detail).collect();
    let wanted = [
        StatisticKind::Volume24h,
        StatisticKind::OpenPrice24h,
        StatisticKind::LastPrice,
    ];
    assert_eq!(details, wanted.map(|kind| kind as u8));
    assert_eq!(ticks[2].size, Size(250_000_000));
    assert_eq!(ticks[4].price, Price(14_500_000_000));
    let older = ticker.replace("\"sequence\":9", "\"sequence\":8");
    assert_eq!(bench.text(&older), Outcome::Duplicate);
    assert!(bench.ticks().is_empty());
}

#[test]
fn what_the_status_channel_changes_is_told() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(SNAPSHOT);
    bench.ticks();
    let status = |step: &str, disabled: bool| {
        format!(
            r#"{{"type":"status","products":[{{"id":"BTC-USD","base_increment":"1","quote_increment":"{step}","trading_disabled":{disabled}}}],"currencies":[]}}"#
        )
    };
    bench.text(&status("0.01", false));
    assert_eq!(kinds(&bench.ticks()), [Action::Definition]);
    let last = *bench.definitions().last().unwrap();
    assert_eq!((last.tick_size, last.size_decimals), (Price(10_000_000), 8));
    bench.text(&status("0.01", false));
    assert!(bench.ticks().is_empty(), "nothing new");
    bench.text(&status("0.01", true));
    let ticks = bench.ticks();
    assert_eq!(kinds(&ticks), [Action::Status]);
    assert_eq!(ticks[0].detail, TradingState::Halt as u8);
}

#[test]
fn a_silent_line_is_opened_again() {
    let mut bench = Bench::new(&["BTC-USD"]);
    assert_eq!(bench.feed.next_deadline(), None);
    link(&mut bench, LinkEvent::Up(Line(0)));
    bench.text(r#"{"type":"subscriptions","channels":[{"name":"level2_50"}]}"#);
    actions(&mut bench);
    notices(&mut bench);
    let deadline = RecvTime(bench.now.0 + 5_000_000_000);
    assert_eq!(bench.feed.next_deadline(), Some(deadline));
    clock(&mut bench, 4);
    assert!(actions(&mut bench).is_empty());
    clock(&mut bench, 1);
    assert!(matches!(
        actions(&mut bench).as_slice(),
        [Wish::Reconnect { line: Line(0), .. }]
    ));
    assert_eq!(notices(&mut bench), [Notice::LineSilent(Line(0))]);
    bench.text(&heartbeat(0, 1));
    assert_eq!(notices(&mut bench), [Notice::LineUp(Line(0))]);
}

#[test]
fn a_subscription_nobody_confirms_is_tried_on_another_connection() {
    let mut bench = Bench::new(&["BTC-USD"]);
    link(&mut bench, LinkEvent::Up(Line(0)));
    actions(&mut bench);
    clock(&mut bench, 3);
    bench.text(r#"{"type":"error","message":"Failed to subscribe","reason":"level2, level3, and full channels now require authentication"}"#);
    assert!(notices(&mut bench).iter().any(
        |notice| matches!(notice, Notice::VenueError(text) if text.as_str().starts_with("level2, level3"))
    ));
    clock(&mut bench, 2);
    let wishes = actions(&mut bench);
    assert!(
        matches!(wishes.as_slice(), [Wish::Reconnect { .. }]),
        "{wishes:?}"
    );
}

#[test]
fn a_snapshot_that_does_not_come_is_asked_for_again() {
    let mut bench = Bench::new(&["BTC-USD", "ETH-USD"]);
    link(&mut bench, LinkEvent::Up(Line(0)));
    bench.text(SNAPSHOT);
    actions(&mut bench);
    for _ in 0..10 {
        bench.text(r#"{"type":"subscriptions","channels":[{"name":"level2_50"}]}"#);
        clock(&mut bench, 1);
    }
    let wishes = actions(&mut bench);
    assert_eq!(wishes.len(), 2, "{wishes:?}");
    let Wish::SendText { text, .. } = &wishes[1] else {
        panic!("{wishes:?}");
    };
    assert!(
        text.contains("ETH-USD") && !text.contains("BTC-USD"),
        "{text}"
    );
}

#[test]
fn unknown_types_are_counted_and_named_once() {
    let mut bench = Bench::new(&["BTC-USD"]);
    for _ in 0..3 {
        bench.text(r#"{"type":"received","product_id":"BTC-USD"}"#);
    }
    assert_eq!(bench.feed.counters().unknown_messages, 3);
    let named = notices(&mut bench)
        .into_iter()
        .filter(|notice| matches!(notice, Notice::UnknownType { .. }));
    assert_eq!(named.count(), 1);
}

#[test]
fn wishes_nobody_fetches_are_bounded() {
    let mut bench = Bench::new(&["BTC-USD"]);
    for _ in 0..1_000 {
        link(&mut bench, LinkEvent::Up(Line(0)));
        link(&mut bench, LinkEvent::Down(Line(0)));
    }
    assert_eq!(actions(&mut bench).len(), 64);
}

#[test]
fn all_faults_of_the_settings_are_named_at_once() {
    let faults = Settings::of(&FeedSettings {
        instruments: vec!["BTC USD".to_owned()],
        own: vec![
            (
                "channels".to_owned(),
                Value::List(vec![Value::Text("full".to_owned())]),
            ),
            ("silence_ms".to_owned(), Value::Integer(5)),
        ],
        ..FeedSettings::single_line(ChannelId(0))
    })
    .unwrap_err();
    let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(keys, ["channels", "silence_ms", "instruments"]);
    assert!(Settings::of(&with_channels(&["level2", "level2_batch"])).is_err());
    assert!(Settings::of(&with_channels(&["matches"])).is_ok());
    let nothing = FeedSettings {
        instruments: Vec::new(),
        ..with_channels(&["matches"])
    };
    assert_eq!(Settings::of(&nothing).unwrap_err()[0].key, "instruments");
}

#[test]
fn a_resync_is_a_new_connection_once() {
    let mut bench = Bench::new(&["BTC-USD"]);
    let order = |bench: &mut Bench| {
        let (feed, out) = (&mut bench.feed, &mut bench.out);
        feed.on_control(Control::Resync, bench.now, out)
    };
    assert_eq!(order(&mut bench), ControlAnswer::UnderWay, "not connected");
    link(&mut bench, LinkEvent::Up(Line(0)));
    actions(&mut bench);
    assert_eq!(order(&mut bench), ControlAnswer::Started);
    assert_eq!(order(&mut bench), ControlAnswer::UnderWay);
    assert!(matches!(actions(&mut bench)[..], [Wish::Reconnect { .. }]));
}
