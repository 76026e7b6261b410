//! The real WebSocket client against servers that misbehave in fifteen ways, for each class of venue: how its books begin and
//! how they go on. What passes ends in books that are all live within [`PATIENCE`]; what never passes leaves no book live and
//! says why. No book that is called live is ever one the venue did not have.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

#[path = "chaos_websocket/front.rs"]
mod front;
#[path = "chaos_websocket/rig.rs"]
mod rig;

use front::Case;
use rig::Trial;
use std::time::Duration;
use waveletd::metrics::Counter;

/// How long the server misbehaves.
const FAULTY: Duration = Duration::from_millis(1_500);
/// How long all books may take to be live once it does not any more. Waits between attempts, which grow while attempts
/// fail, are most of it.
const PATIENCE: Duration = Duration::from_secs(15);

/// A feed of each class, and what its protocol shows.
struct Class {
    feed: &'static str,
    /// Numbers or checksums tell of a text that is missing, repeated or out of order. Inside a connection TCP does none of
    /// that, and the other venues rely on it.
    shows_loss: bool,
    /// Snapshots come by REST.
    has_snapshots_by_rest: bool,
    /// Its texts carry checksums.
    has_checksums: bool,
}

const fn class(feed: &'static str, shows: [bool; 3]) -> Class {
    let [shows_loss, has_snapshots_by_rest, has_checksums] = shows;
    Class {
        feed,
        shows_loss,
        has_snapshots_by_rest,
        has_checksums,
    }
}

const CLASSES: [Class; 9] = [
    // By REST, ranges of numbers.
    class("binance_spot", [true, true, false]),
    // By REST, each update names the one before.
    class("binance_usdm", [true, true, false]),
    // On the connection, each update names the one before.
    class("okx_ws", [true, false, false]),
    class("deribit_ws", [true, false, false]),
    // On the connection, checksums.
    class("kraken_ws_v2", [true, false, true]),
    // On the connection, numbers that count.
    class("bybit_ws_v5", [true, false, false]),
    // On the connection, numbers of the connection.
    class("coinbase_advanced", [true, false, false]),
    // Times that rise.
    class("bitstamp_ws", [false, false, false]),
    // On the connection, no numbers: nothing shows a loss.
    class("coinbase_ws", [false, false, false]),
];

const fn trial(case: Case, reason: &'static str) -> Trial {
    Trial {
        case,
        faulty: FAULTY,
        patience: PATIENCE,
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
        reason,
    }
}

/// A trial, and the classes it is for.
type Suffering = (Trial, fn(&Class) -> bool);

/// All that is suffered for a while, side by side.
fn pass(all: &[Suffering]) {
    let truth = rig::truth(FAULTY + PATIENCE);
    std::thread::scope(|scope| {
        for &(trial, is_meant) in all {
            for class in CLASSES.iter().filter(|class| is_meant(class)) {
                let truth = &truth;
                scope.spawn(move || rig::check_that_it_passes(class.feed, trial, truth));
            }
        }
    });
}

/// Every class suffers `case` for a while; `reason` is what the log says of it.
fn passes(case: Case, reason: &'static str) {
    pass(&[(trial(case, reason), |_| true)]);
}

/// `case` goes on for ever: nothing is live, and the log says why, more than once.
fn never_passes(case: Case, reason: &'static str) {
    let truth = rig::truth(PATIENCE);
    std::thread::scope(|scope| {
        for class in &CLASSES {
            let truth = &truth;
            scope.spawn(move || {
                let trial = trial(case, reason);
                let counters = rig::check_that_it_never_passes(class.feed, trial, truth);
                let row = counters.channel(0).unwrap();
                assert_eq!(row.get(Counter::Connects), 0, "{}", class.feed);
            });
        }
    });
}

#[test]
fn connections_that_are_refused_are_tried_until_they_are_not() {
    passes(Case::Refuse, "Connection refused");
}

#[test]
fn connections_closed_as_soon_as_they_are_open_are_tried_again() {
    passes(Case::CloseAtOnce, "disconnected");
}

#[test]
fn a_connection_that_ends_inside_a_frame_tells_nothing_of_that_frame() {
    passes(Case::CloseInsideFrame, "disconnected");
}

#[test]
fn a_connection_that_is_open_and_silent_is_given_up() {
    let trial = Trial {
        idle_timeout: Duration::from_millis(800),
        ..trial(Case::HalfOpen, "silent, and a ping was not answered")
    };
    pass(&[(trial, |_| true)]);
}

#[test]
fn a_handshake_of_a_byte_a_second_takes_too_long() {
    let trial = Trial {
        connect_timeout: Duration::from_millis(700),
        ..trial(Case::Slowly, "connecting took too long")
    };
    pass(&[(trial, |_| true)]);
}

#[test]
fn a_server_that_says_too_many_is_asked_again_later() {
    passes(Case::TooMany, "429");
}

#[test]
fn a_server_without_tls_is_not_spoken_to_where_tls_is_asked_for() {
    never_passes(Case::NoTls, "InvalidContentType");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    never_passes(Case::UnknownAuthority, "invalid peer certificate");
}

#[test]
fn a_redirection_is_not_followed() {
    never_passes(Case::Redirect, "302");
}

#[test]
fn a_flood_of_pings_is_answered_within_bounds_and_the_books_go_on() {
    passes(Case::PingFlood, "");
}

#[test]
fn a_frame_beyond_the_limit_ends_the_connection_before_it_is_held() {
    passes(Case::GiantFrame, "too long");
}

#[test]
fn a_text_that_is_not_utf8_ends_the_connection() {
    passes(Case::BadUtf8, "UTF-8");
}

/// Snapshots that fail, snapshots older than the connection, checksums that do not fit; texts lost, repeated, out of order.
#[test]
fn what_does_not_fit_takes_books_away_and_makes_none_wrong() {
    // The waits before a book is asked for again are long; they pass side by side.
    pass(&[
        (trial(Case::SnapshotFails, "no answer by REST"), |class| {
            class.has_snapshots_by_rest
        }),
        (trial(Case::StaleSnapshot, "disconnected"), |class| {
            class.has_snapshots_by_rest
        }),
        (
            trial(Case::WrongChecksum, "does not have the venue's checksum"),
            |class| class.has_checksums,
        ),
        (trial(Case::Texts, ""), |class| class.shows_loss),
    ]);
}
