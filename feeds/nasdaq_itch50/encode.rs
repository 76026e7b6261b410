//! The other direction: messages as the venue would send them, for simulators, benches and tests.
//!
//! Each function appends one message behind its length in two bytes, which is the venue's file form and the message block of
//! MoldUDP64. Prices are in units of 1e-4; times are nanoseconds since midnight in New York.

use super::wire;
use crate::model::Side;

/// What every message begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Which instrument: the number its directory message gives it, 0 for all.
    pub stock_locate: u16,
    /// The venue's own use.
    pub tracking_number: u16,
    /// When, in nanoseconds since midnight in New York; 48 bits.
    pub timestamp: u64,
}

/// Messages one behind the other, each behind its length.
#[derive(Clone, Debug, Default)]
pub struct ItchEncoder {
    bytes: Vec<u8>,
}

macro_rules! message {
    ($self:ident, $head:ident, $tag:literal, $view:ident { $($put:ident: $value:expr,)* }) => {{
        let mut body = [b' '; wire::$view::LEN];
        wire::$view::put_tracking_number(&mut body, $head.tracking_number);
        wire::$view::put_timestamp(&mut body, $head.timestamp);
        $(wire::$view::$put(&mut body, $value);)*
        $self.bytes.extend_from_slice(&(wire::$view::LEN as u16 + 1).to_be_bytes());
        $self.bytes.push($tag);
        $self.bytes.extend_from_slice(&body);
    }};
}

/// The code of a resting order's side. `None` has none; it is sent as a buy, as the venue does where the side says nothing.
const fn side_code(side: Side) -> u8 {
    match side {
        Side::Ask => b'S',
        Side::Bid | Side::None => b'B',
    }
}

/// What a directory message says beyond the symbol; the rest is a plain live common stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Shares of a round lot.
    pub round_lot_size: u32,
    /// A test instrument.
    pub is_test: bool,
}

impl ItchEncoder {
    /// Nothing encoded yet.
    pub fn new() -> ItchEncoder {
        ItchEncoder::default()
    }

    /// Everything encoded since [`ItchEncoder::clear`].
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets what was encoded and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// `S`: a part of the day begins or ends (`O S Q M E C`).
    pub fn system_event(&mut self, head: Head, event_code: u8) {
        message!(
            self,
            head,
            b'S',
            SystemEvent {
                put_stock_locate: head.stock_locate,
                put_event_code: event_code,
            }
        );
    }

    /// `R`: an instrument.
    pub fn directory(&mut self, head: Head, stock: &[u8], listing: Listing) {
        message!(
            self,
            head,
            b'R',
            StockDirectory {
                put_stock_locate: head.stock_locate,
                put_stock: stock,
                put_market_category: b'Q',
                put_financial_status_indicator: b'N',
                put_round_lot_size: listing.round_lot_size,
                put_round_lots_only: b'N',
                put_issue_classification: b'C',
                put_issue_sub_type: b"Z",
                put_authenticity: if listing.is_test { b'T' } else { b'P' },
                put_short_sale_threshold_indicator: b'N',
                put_ipo_flag: b'N',
                put_luld_reference_price_tier: b'1',
                put_etp_flag: b'N',
                put_etp_leverage_factor: 0,
                put_inverse_indicator: b'N',
            }
        );
    }

    /// `H`: trading status (`H P Q T`) and why.
    pub fn trading_action(&mut self, head: Head, stock: &[u8], state: u8, reason: &[u8]) {
        message!(
            self,
            head,
            b'H',
            StockTradingAction {
                put_stock_locate: head.stock_locate,
                put_stock: stock,
                put_trading_state: state,
                put_reserved: b" ",
                put_reason_code: reason,
            }
        );
    }

    /// `Y`: short-sale restriction (`0 1 2`).
    pub fn reg_sho(&mut self, head: Head, stock: &[u8], action: u8) {
        message!(
            self,
            head,
            b'Y',
            RegShoShortSalePriceTestRestrictedIndicator {
                put_locate_code: head.stock_locate,
                put_stock: stock,
                put_reg_sho_action: action,
            }
        );
    }

    /// `L`: an active primary market maker.
    pub fn market_participant(&mut self, head: Head, mpid: &[u8], stock: &[u8]) {
        message!(
            self,
            head,
            b'L',
            MarketParticipantPosition {
                put_stock_locate: head.stock_locate,
                put_mpid: mpid,
                put_stock: stock,
                put_primary_market_maker: b'Y',
                put_market_maker_mode: b'N',
                put_market_participant_state: b'A',
            }
        );
    }

    /// `V`: the three levels, in units of 1e-8.
    pub fn mwcb_decline_levels(&mut self, head: Head, levels: [u64; 3]) {
        message!(
            self,
            head,
            b'V',
            MwcbDeclineLevel {
                put_stock_locate: head.stock_locate,
                put_level_1: levels[0],
                put_level_2: levels[1],
                put_level_3: levels[2],
            }
        );
    }

    /// `W`: the breached level (`1 2 3`).
    pub fn mwcb_status(&mut self, head: Head, level: u8) {
        message!(
            self,
            head,
            b'W',
            MwcbStatusLevel {
                put_stock_locate: head.stock_locate,
                put_breached_level: level,
            }
        );
    }

    /// `K`: release of an IPO, `seconds` after midnight.
    pub fn ipo_quoting(&mut self, head: Head, stock: &[u8], seconds: u32, price_e4: u32) {
        message!(
            self,
            head,
            b'K',
            IpoQuotingPeriodUpdate {
                put_stock_locate: head.stock_locate,
                put_stock: stock,
                put_ipo_quotation_release_time: seconds,
                put_ipo_quotation_release_qualifier: b'A',
                put_ipo_price: price_e4,
            }
        );
    }

    /// `J`: collar of an auction: reference, upper and lower price, extensions so far.
    pub fn luld_collar(&mut self, head: Head, stock: &[u8], prices_e4: [u32; 3], extension: u32) {
        message!(
            self,
            head,
            b'J',
            LuldAuctionCollar {
                put_stock_locate: head.stock_locate,
                put_stock: stock,
                put_auction_collar_reference_price: prices_e4[0],
                put_upper_auction_collar_price: prices_e4[1],
                put_lower_auction_collar_price: prices_e4[2],
                put_auction_collar_extension: extension,
            }
        );
    }

    /// `h`: operational halt (`H T`) on a market (`Q B X`).
    pub fn operational_halt(&mut self, head: Head, stock: &[u8], market: u8, action: u8) {
        message!(
            self,
            head,
            b'h',
            OperationalHalt {
                put_stock_locate: head.stock_locate,
                put_stock: stock,
                put_market_code: market,
                put_operational_halt_action: action,
            }
        );
    }

    /// `A`: an order joins the book.
    pub fn add_order(
        &mut self,
        head: Head,
        reference: u64,
        side: Side,
        shares: u32,
        stock: &[u8],
        price_e4: u32,
    ) {
        message!(
            self,
            head,
            b'A',
            AddOrderNoMpidAttribution {
                put_stock_locate: head.stock_locate,
                put_order_reference_number: reference,
                put_buy_sell_indicator: side_code(side),
                put_shares: shares,
                put_stock: stock,
                put_price: price_e4,
            }
        );
    }

    /// `F`: an order joins the book under the name of `attribution`.
    #[allow(clippy::too_many_arguments)]
    pub fn add_attributed_order(
        &mut self,
        head: Head,
        reference: u64,
        side: Side,
        shares: u32,
        stock: &[u8],
        price_e4: u32,
        attribution: &[u8],
    ) {
        message!(
            self,
            head,
            b'F',
            AddOrderWithMpidAttribution {
                put_stock_locate: head.stock_locate,
                put_order_reference_number: reference,
                put_buy_sell_indicator: side_code(side),
                put_shares: shares,
                put_stock: stock,
                put_price: price_e4,
                put_attribution: attribution,
            }
        );
    }

    /// `E`: an order trades at its price.
    pub fn executed(&mut self, head: Head, reference: u64, shares: u32, match_number: u64) {
        message!(
            self,
            head,
            b'E',
            OrderExecuted {
                put_stock_locate: head.stock_locate,
                put_order_reference_number: reference,
                put_executed_shares: shares,
                put_match_number: match_number,
            }
        );
    }

    /// `C`: an order trades at another price.
    pub fn executed_with_price(
        &mut self,
        head: Head,
        reference: u64,
        shares: u32,
        match_number: u64,
        is_printable: bool,
        price_e4: u32,
    ) {
        message!(
            self,
            head,
            b'C',
            OrderExecutedWithPrice {
                put_stock_locate: head.stock_locate,
                put_order_reference_number: reference,
                put_executed_shares: shares,
                put_match_number: match_number,
                put_printable: if is_printable { b'Y' } else { b'N' },
                put_execution_price: price_e4,
            }
        );
    }

    /// `X`: a part of an order is taken away.
    pub fn cancel(&mut self, head: Head, reference: u64, shares: u32) {
        message!(
            self,
            head,
            b'X',
            OrderCancel {
                put_stock_locate: head.stock_locate,
                put_order_reference_number: reference,
                put_canceled_shares: shares,
            }
        );
    }

    /// `D`: an order is taken away.
    pub fn delete(&mut self, head: Head, reference: u64) {
        message!(
            self,
            head,
            b'D',
            OrderDelete {
                put_stock_locate: head.stock_locate,
                put_order_reference_number: reference,
            }
        );
    }

    /// `U`: `original` is replaced by `reference`.
    pub fn replace(
        &mut self,
        head: Head,
        original: u64,
        reference: u64,
        shares: u32,
        price_e4: u32,
    ) {
        message!(
            self,
            head,
            b'U',
            OrderReplace {
                put_stock_locate: head.stock_locate,
                put_original_order_reference_number: original,
                put_new_order_reference_number: reference,
                put_shares: shares,
                put_price: price_e4,
            }
        );
    }

    /// `P`: a trade against an order that was never displayed.
    pub fn trade(
        &mut self,
        head: Head,
        shares: u32,
        stock: &[u8],
        price_e4: u32,
        match_number: u64,
    ) {
        message!(
            self,
            head,
            b'P',
            NonCrossTrade {
                put_stock_locate: head.stock_locate,
                put_order_reference_number: 0,
                put_buy_sell_indicator: b'B',
                put_shares: shares,
                put_stock: stock,
                put_price: price_e4,
                put_match_number: match_number,
            }
        );
    }

    /// `Q`: the print of an auction (`O C H A`).
    pub fn cross_trade(
        &mut self,
        head: Head,
        shares: u64,
        stock: &[u8],
        price_e4: u32,
        match_number: u64,
        cross_type: u8,
    ) {
        message!(
            self,
            head,
            b'Q',
            CrossTrade {
                put_stock_locate: head.stock_locate,
                put_cross_shares: shares,
                put_stock: stock,
                put_cross_price: price_e4,
                put_match_number: match_number,
                put_cross_type: cross_type,
            }
        );
    }

    /// `B`: a trade is broken.
    pub fn broken_trade(&mut self, head: Head, match_number: u64) {
        message!(
            self,
            head,
            b'B',
            BrokenTrade {
                put_stock_locate: head.stock_locate,
                put_match_number: match_number,
            }
        );
    }

    /// `I`: imbalance before an auction; `shares` are paired and imbalance, `prices_e4` far, near and reference.
    pub fn imbalance(
        &mut self,
        head: Head,
        stock: &[u8],
        shares: [u64; 2],
        direction: u8,
        prices_e4: [u32; 3],
        cross_type: u8,
    ) {
        message!(
            self,
            head,
            b'I',
            NetOrderImbalanceIndicator {
                put_stock_locate: head.stock_locate,
                put_paired_shares: shares[0],
                put_imbalance_shares: shares[1],
                put_imbalance_direction: direction,
                put_stock: stock,
                put_far_price: prices_e4[0],
                put_near_price: prices_e4[1],
                put_current_reference_price: prices_e4[2],
                put_cross_type: cross_type,
                put_price_variation_indicator: b'L',
            }
        );
    }

    /// `N`: retail interest (`B S A N`).
    pub fn retail_interest(&mut self, head: Head, stock: &[u8], interest: u8) {
        message!(
            self,
            head,
            b'N',
            RetailPriceImprovementIndicator {
                put_stock_locate: head.stock_locate,
                put_stock: stock,
                put_interest_flag: interest,
            }
        );
    }

    /// `O`: a direct listing: near execution price, lower and upper collar.
    pub fn direct_listing(
        &mut self,
        head: Head,
        stock: &[u8],
        prices_e4: [u32; 3],
        near_time: u64,
    ) {
        message!(
            self,
            head,
            b'O',
            DirectListingWithCapitalRaisePriceDiscovery {
                put_stock_locate: head.stock_locate,
                put_stock: stock,
                put_open_eligibility_status: b'Y',
                put_minimum_allowable_price: prices_e4[1],
                put_maximum_allowable_price: prices_e4[2],
                put_near_execution_price: prices_e4[0],
                put_near_execution_time: near_time,
                put_lower_price_range_collar: prices_e4[1],
                put_upper_price_range_collar: prices_e4[2],
            }
        );
    }
}
