//! The market's own messages to ticks.

use super::wire::{self, TradingStatus};
use crate::contract::{DecodeError, InspectedMessage};
use crate::model::{Definition, InstrumentId, StatisticKind, Symbol, TradingState};
use crate::pitch_view as view;
use crate::session::pitch::options::SymbolMapping;
use crate::session::pitch::unit::bad_field;
use crate::session::pitch::wire::TypeInfo;
use crate::session::pitch::{At, Market, To, Unit, auction};

/// US options.
#[derive(Debug, Default)]
pub(super) struct Options;

impl Market for Options {
    const TYPES: &'static [TypeInfo] = wire::TYPES;
    const IS_MAPPED: bool = true;
    const NAME_BYTES: usize = 21;
    const NAME_EXAMPLE: &'static str = "AAPL  240119C00190000";

    fn message(
        &mut self,
        unit: &mut Unit,
        at: At,
        (tag, body): (u8, &[u8]),
        to: &mut To<'_>,
    ) -> Result<(), DecodeError> {
        match tag {
            0x2E => {
                let view = view!(SymbolMapping, body, tag);
                let name = Symbol::new(view.osi_symbol());
                let definition = Definition::named(InstrumentId(0), name);
                unit.define(view.feed_symbol(), definition, unit.timeless(at), to);
            }
            0x31 => {
                let view = view!(TradingStatus, body, tag);
                let code = view.trading_status();
                let state = match code {
                    b'T' | b'L' => TradingState::Trading,
                    b'H' | b'S' => TradingState::Halt,
                    b'Q' => TradingState::Quoting,
                    b'R' => TradingState::Auction,
                    b'A' => TradingState::PreOpen,
                    _ => return Err(bad_field(tag, 14)),
                };
                let tick = unit.blank(at, view.time_offset());
                unit.status(tick, view.symbol(), (state, code), to);
            }
            0x95 | 0xD1 => auction::update::<Self>(unit, at, (tag, body), to)?,
            0x96 => {
                let kind_of = |auction_type| match auction_type {
                    b'O' | b'G' | b'I' => Some(StatisticKind::OpeningPrice),
                    b'C' | b'M' => Some(StatisticKind::ClosePrice),
                    _ => None,
                };
                auction::summary::<Self>(unit, at, (tag, body), kind_of, to)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn is_reference(tag: u8) -> bool {
        tag == 0x2E
    }

    fn inspect(message: &[u8], show: &mut dyn FnMut(&dyn InspectedMessage)) -> Option<()> {
        wire::inspect_message(message, show)
    }
}
