//! The market's own messages to ticks.

use super::wire::{self, Definition as DefinitionView, TradingStatus};
use crate::contract::{DecodeError, InspectedMessage};
use crate::model::{Definition, InstrumentId, StatisticKind, Symbol, TradingState};
use crate::pitch_view as view;
use crate::session::pitch::unit::bad_field;
use crate::session::pitch::wire::TypeInfo;
use crate::session::pitch::{At, Market, To, Unit, auction};

/// US options, complex book.
#[derive(Debug, Default)]
pub(super) struct Complex;

impl Market for Complex {
    const TYPES: &'static [TypeInfo] = wire::TYPES;
    const HAS_SIGNED_PRICES: bool = true;
    const NAME_BYTES: usize = 8;
    const NAME_EXAMPLE: &'static str = "T02KHa";

    fn message(
        &mut self,
        unit: &mut Unit,
        at: At,
        (tag, body): (u8, &[u8]),
        to: &mut To<'_>,
    ) -> Result<(), DecodeError> {
        match tag {
            0x9A => {
                let view = view!(DefinitionView, body, tag);
                let symbol = view.complex_instrument_id();
                let definition = Definition::named(InstrumentId(0), Symbol::new(symbol));
                unit.define(symbol, definition, unit.timeless(at), to);
            }
            0x31 => {
                let view = view!(TradingStatus, body, tag);
                let code = view.trading_status();
                let state = match code {
                    b'T' => TradingState::Trading,
                    b'H' | b'S' => TradingState::Halt,
                    b'Q' => TradingState::Quoting,
                    _ => return Err(bad_field(tag, 14)),
                };
                let tick = unit.blank(at, view.time_offset());
                unit.status(tick, view.complex_symbol_id(), (state, code), to);
            }
            0xD1 => auction::update::<Self>(unit, at, (tag, body), to)?,
            0x96 => {
                let kind_of = |auction_type| {
                    matches!(auction_type, b'O' | b'G').then_some(StatisticKind::OpeningPrice)
                };
                auction::summary::<Self>(unit, at, (tag, body), kind_of, to)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn is_reference(tag: u8) -> bool {
        matches!(tag, 0x9A | 0x2E)
    }

    fn inspect(message: &[u8], show: &mut dyn FnMut(&dyn InspectedMessage)) -> Option<()> {
        wire::inspect_message(message, show)
    }
}
