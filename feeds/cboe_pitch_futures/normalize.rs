//! The market's own messages to ticks.

use super::wire::{
    self, Definition as DefinitionView, EndOfDaySummary, FuturesInstrumentDefinition, Settlement,
    TradingStatus,
};
use crate::contract::{DecodeError, InspectedMessage};
use crate::model::{
    Action, Definition, Expiry, Flags, InstrumentId, InstrumentKind, Leg, Price, Size,
    StatisticKind, Symbol, Terms, Tick, TradingState,
};
use crate::pitch_view as view;
use crate::session::pitch::normalize::long_price;
use crate::session::pitch::unit::{bad_field, reason};
use crate::session::pitch::wire::TypeInfo;
use crate::session::pitch::{At, Market, To, Unit};

/// The day in Chicago begins an hour after New York's.
pub(super) const CHICAGO_NS: u64 = 3_600_000_000_000;

/// The Cboe Futures Exchange.
#[derive(Debug, Default)]
pub(super) struct Futures;

impl Market for Futures {
    const TYPES: &'static [TypeInfo] = wire::TYPES;
    const HAS_SIGNED_PRICES: bool = true;
    const LATER_NS: u64 = CHICAGO_NS;
    const NAME_BYTES: usize = 8;
    const NAME_EXAMPLE: &'static str = "0002aV";

    fn message(
        &mut self,
        unit: &mut Unit,
        at: At,
        (tag, body): (u8, &[u8]),
        to: &mut To<'_>,
    ) -> Result<(), DecodeError> {
        match tag {
            0xBB => define(unit, at, (tag, body), to)?,
            0xB9 => {
                let view = view!(Settlement, body, tag);
                let price = price_of(tag, view.settlement_price())?;
                let tick = unit.blank(at, view.time_offset());
                if let Some(instrument) = unit.find(view.symbol(), tick, to) {
                    let tick = Tick {
                        instrument,
                        action: Action::Statistic,
                        detail: StatisticKind::SettlementPrice as u8,
                        price,
                        order_id: reason(view.issue()),
                        ..tick
                    };
                    unit.emit(tick, to.out);
                }
            }
            0xBA => summary(unit, at, (tag, body), to)?,
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
                unit.status(tick, view.symbol(), (state, code), to);
            }
            _ => {}
        }
        Ok(())
    }

    fn is_reference(tag: u8) -> bool {
        tag == 0xBB
    }

    fn inspect(message: &[u8], show: &mut dyn FnMut(&dyn InspectedMessage)) -> Option<()> {
        wire::inspect_message(message, show)
    }
}

fn price_of(tag: u8, raw: i64) -> Result<Price, DecodeError> {
    long_price::<Futures>(tag, raw.cast_unsigned())
}

/// What an instrument is. The moment of the message is that of the definition's making, long
/// before it is said again, and is left out.
fn define(
    unit: &mut Unit,
    at: At,
    (tag, body): (u8, &[u8]),
    to: &mut To<'_>,
) -> Result<(), DecodeError> {
    let view = view!(DefinitionView, body, tag);
    let increment = price_of(tag, view.price_increment())?;
    let definition = Definition {
        tick_size: if increment.0 > 0 {
            increment
        } else {
            Price::UNDEFINED
        },
        is_test: view.listing_state() == b'T',
        terms: terms_of(body),
        ..Definition::named(InstrumentId(0), Symbol::new(view.symbol()))
    };
    unit.define(view.symbol(), definition, unit.timeless(at), to);
    Ok(())
}

/// End, size and legs of a contract.
fn terms_of(body: &[u8]) -> Terms {
    let Some(said) = FuturesInstrumentDefinition::of(body) else {
        return Terms::default();
    };
    let size = u64::from(said.fixed().contract_size());
    let mut terms = Terms {
        kind: if said.fixed().leg_count() > 0 {
            InstrumentKind::Spread
        } else {
            InstrumentKind::Future
        },
        multiplier: match size {
            0 => Price::UNDEFINED,
            size => Price::from_e4_i64(size as i64 * 10_000).unwrap_or(Price::UNDEFINED),
        },
        expiry: Expiry::from_digits(said.fixed().expiration_date()),
        ..Terms::default()
    };
    for leg in said.legs() {
        let mut name = [0u8; 8];
        let text = leg
            .leg_symbol()
            .iter()
            .take_while(|byte| byte.is_ascii_graphic());
        for (slot, byte) in name.iter_mut().zip(text) {
            *slot = *byte;
        }
        terms.add_leg(Leg {
            instrument: u64::from_be_bytes(name),
            ratio: leg.leg_ratio(),
        });
    }
    terms
}

/// What the day was: one event of several statistics.
fn summary(
    unit: &mut Unit,
    at: At,
    (tag, body): (u8, &[u8]),
    to: &mut To<'_>,
) -> Result<(), DecodeError> {
    let view = view!(EndOfDaySummary, body, tag);
    let has = |flag| view.summary_flags() & flag != 0;
    let prices = [
        (
            StatisticKind::OpeningPrice,
            wire::FLAG_OPEN_CLOSE_VALID,
            price_of(tag, view.open_price())?,
        ),
        (
            StatisticKind::SessionHighPrice,
            wire::FLAG_HIGH_VALID,
            price_of(tag, view.high_price())?,
        ),
        (
            StatisticKind::SessionLowPrice,
            wire::FLAG_LOW_VALID,
            price_of(tag, view.low_price())?,
        ),
        (
            StatisticKind::ClosePrice,
            wire::FLAG_OPEN_CLOSE_VALID,
            price_of(tag, view.close_price())?,
        ),
    ];
    let tick = unit.blank(at, view.time_offset());
    let Some(instrument) = unit.find(view.symbol(), tick, to) else {
        return Ok(());
    };
    let statistic = |kind: StatisticKind| Tick {
        instrument,
        action: Action::Statistic,
        detail: kind as u8,
        flags: Flags::NONE,
        ..tick
    };
    for (kind, flag, price) in prices {
        if has(flag) {
            let tick = Tick {
                price,
                ..statistic(kind)
            };
            unit.emit(tick, to.out);
        }
    }
    let interest = Tick {
        size: Size(u64::from(view.open_interest())),
        ..statistic(StatisticKind::OpenInterest)
    };
    unit.emit(interest, to.out);
    let volume = Tick {
        size: Size(u64::from(view.total_volume())),
        flags: Flags::LAST,
        ..statistic(StatisticKind::ClearedVolume)
    };
    unit.emit(volume, to.out);
    Ok(())
}
