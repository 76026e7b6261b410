//! The types another handler declares for these messages, by its own reader.

use barter_data::exchange::binance::book::l1::BinanceOrderBookL1;
use barter_data::exchange::binance::futures::l2::BinanceFuturesOrderBookL2Update;
use barter_data::exchange::binance::spot::l2::BinanceSpotOrderBookL2Update;
use barter_data::exchange::binance::trade::BinanceTrade;
use barter_data::exchange::bybit::book::BybitOrderBookMessage;
use barter_data::exchange::bybit::trade::BybitTrade;
use barter_data::exchange::coinbase::trade::CoinbaseTrade;
use barter_data::exchange::okx::trade::OkxTrades;
use serde::de::DeserializeOwned;
use std::hint::black_box;

fn each<T: DeserializeOwned>(texts: &[Vec<u8>]) {
    for text in texts {
        let message: T = serde_json::from_slice(text).expect("a message it knows");
        black_box(&message);
    }
}

pub(crate) fn spot_depth(texts: &[Vec<u8>]) {
    each::<BinanceSpotOrderBookL2Update>(texts);
}

pub(crate) fn futures_depth(texts: &[Vec<u8>]) {
    each::<BinanceFuturesOrderBookL2Update>(texts);
}

pub(crate) fn binance_trade(texts: &[Vec<u8>]) {
    each::<BinanceTrade>(texts);
}

pub(crate) fn book_ticker(texts: &[Vec<u8>]) {
    each::<BinanceOrderBookL1>(texts);
}

pub(crate) fn coinbase_match(texts: &[Vec<u8>]) {
    each::<CoinbaseTrade>(texts);
}

pub(crate) fn okx_trade(texts: &[Vec<u8>]) {
    each::<OkxTrades>(texts);
}

pub(crate) fn bybit_book(texts: &[Vec<u8>]) {
    each::<BybitOrderBookMessage>(texts);
}

pub(crate) fn bybit_trade(texts: &[Vec<u8>]) {
    each::<BybitTrade>(texts);
}
