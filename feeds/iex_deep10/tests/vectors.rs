//! Golden bytes beside the ticks they become.

use super::super::{DESCRIPTOR, PROTOCOL, wire};
use crate::model::Side;
use crate::session::iextp::testing::{AT, SYMBOL, check_vectors, say_shared};

#[test]
fn every_message_type_has_golden_bytes_and_becomes_its_ticks() {
    check_vectors::<PROTOCOL>(
        &DESCRIPTOR,
        "IEX DEEP 1.0",
        wire::TYPES,
        |venue, tag| match tag {
            b'8' => venue.level((Side::Bid, 300, 1_872_500), SYMBOL, AT, true),
            b'5' => venue.level((Side::Ask, 200, 1_872_600), SYMBOL, AT, false),
            _ => say_shared(venue, tag),
        },
    );
}
