//! The market's own messages to ticks.

use super::wire::{self, RetailPriceImprovement, TradingStatus};
use crate::contract::{DecodeError, InspectedMessage};
use crate::model::{Flags, StatisticKind, Tick, TradingState};
use crate::pitch_view as view;
use crate::session::pitch::unit::bad_field;
use crate::session::pitch::wire::TypeInfo;
use crate::session::pitch::{At, Market, To, Unit, auction};

/// US equities.
#[derive(Debug, Default)]
pub(super) struct Equities {
    /// Whether the short-sale price test is in effect, by instrument.
    restricted: Vec<bool>,
}

impl Market for Equities {
    const TYPES: &'static [TypeInfo] = wire::TYPES;
    const NAME_BYTES: usize = 8;
    const NAME_EXAMPLE: &'static str = "AAPL";

    fn message(
        &mut self,
        unit: &mut Unit,
        at: At,
        (tag, body): (u8, &[u8]),
        to: &mut To<'_>,
    ) -> Result<(), DecodeError> {
        match tag {
            0x31 => self.trading_status(unit, at, (tag, body), to)?,
            0x95 => auction::update::<Self>(unit, at, (tag, body), to)?,
            0x96 => {
                let kind_of = |auction_type| match auction_type {
                    b'O' | b'I' => Some(StatisticKind::OpeningPrice),
                    b'C' => Some(StatisticKind::ClosePrice),
                    _ => None,
                };
                auction::summary::<Self>(unit, at, (tag, body), kind_of, to)?;
            }
            0x98 => {
                let view = view!(RetailPriceImprovement, body, tag);
                unit.find(view.symbol(), unit.blank(at, view.time_offset()), to);
            }
            _ => {}
        }
        Ok(())
    }

    fn restart(&mut self) {
        self.restricted.fill(false);
    }

    fn inspect(message: &[u8], show: &mut dyn FnMut(&dyn InspectedMessage)) -> Option<()> {
        wire::inspect_message(message, show)
    }
}

impl Equities {
    fn trading_status(
        &mut self,
        unit: &mut Unit,
        at: At,
        (tag, body): (u8, &[u8]),
        to: &mut To<'_>,
    ) -> Result<(), DecodeError> {
        let view = view!(TradingStatus, body, tag);
        let code = view.trading_status();
        let state = match code {
            b'T' => TradingState::Trading,
            b'H' | b'S' => TradingState::Halt,
            b'Q' => TradingState::Quoting,
            b'A' => TradingState::PreOpen,
            _ => return Err(bad_field(tag, 14)),
        };
        let tick = unit.blank(at, view.time_offset());
        let Some(instrument) = unit.find(view.symbol_extended(), tick, to) else {
            return Ok(());
        };
        let is_restricted = view.reg_sho_action() == b'1';
        if self.restricted.len() <= instrument.index() {
            self.restricted.resize(instrument.index() + 1, false);
        }
        let known = self.restricted.get_mut(instrument.index());
        let was = known.map(|known| std::mem::replace(known, is_restricted));
        if was == Some(is_restricted) {
            unit.status(tick, view.symbol_extended(), (state, code), to);
            return Ok(());
        }
        let status = Tick {
            flags: Flags::NONE,
            ..tick
        };
        unit.status(status, view.symbol_extended(), (state, code), to);
        let mark = (TradingState::ShortSaleChange, view.reg_sho_action());
        unit.status(tick, view.symbol_extended(), mark, to);
        Ok(())
    }
}
