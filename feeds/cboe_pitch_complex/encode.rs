//! The other direction: what complex books say beyond the messages of all markets, for simulators
//! and tests.

use super::wire;
use crate::pitch_say as say;
use crate::session::pitch::PitchEncoder;
use crate::session::pitch::encode::Dialect;
use crate::session::sequenced_unit::MESSAGE_HEADER_BYTES;

/// How the common messages end here.
pub static DIALECT: Dialect = Dialect {
    has_signed_prices: true,
    has_epoch: false,
    add: &[1],
    add_expanded: b"N    ",
    modify: &[1],
    executed_at_price: b" ",
    trade: b"f",
    symbol_bytes: 6,
};

/// A leg: its symbol, its ratio (negative: sold) and what it is (`O` an option, `E` shares).
pub type Leg<'a> = (&'a [u8], i32, u8);

/// What an instrument is; legs that do not fit a message are left out.
pub fn definition(
    venue: &mut PitchEncoder,
    offset: u32,
    (id, underlying): (&[u8], &[u8]),
    legs: &[Leg<'_>],
) {
    let most = (usize::from(u8::MAX) - MESSAGE_HEADER_BYTES - wire::Definition::LEN)
        / wire::ComplexInstrumentLeg::LEN;
    let count = legs.len().min(most);
    let mut tail = Vec::new();
    for &(symbol, ratio, security) in &legs[..count] {
        let mut leg = [0; wire::ComplexInstrumentLeg::LEN];
        wire::ComplexInstrumentLeg::put_leg_symbol(&mut leg, symbol);
        wire::ComplexInstrumentLeg::put_leg_ratio(&mut leg, ratio);
        wire::ComplexInstrumentLeg::put_leg_security_type(&mut leg, security);
        tail.extend_from_slice(&leg);
    }
    say!(
        venue,
        wire::Definition,
        0x9A,
        [
            put_time_offset(offset),
            put_complex_instrument_id(id),
            put_complex_instrument_underlying(underlying),
            put_complex_instrument_type(b'C'),
            put_leg_count(count as u8),
        ],
        &tail
    );
}
