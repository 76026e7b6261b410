//! Decoding: bytes in memory to every field of every message.

use crate::capture;
use crate::itch_day::Day;
use crate::measure::{Contender, side_by_side};
use feeds::contract::{Batch, FeedSettings, Form, Line, Packet, TickSink};
use feeds::model::{ChannelId, Definition, RecvTime, Tick};
use feeds::nasdaq_itch50::DESCRIPTOR;
use feeds::nasdaq_itch50::wire::OrderFields;
use itch5::messages as m;
use itch5::{MessageHandler, Parser};
use itchy::{Body, MessageStream};
use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Every number of a message folded into one, every text and code into another.
#[derive(Default, PartialEq, Eq, Debug, Clone, Copy)]
struct Sum {
    numbers: u64,
    texts: u64,
}

impl Sum {
    #[inline(always)]
    fn head(&mut self, locate: u16, tracking: u16, timestamp: u64) {
        self.numbers = self
            .numbers
            .wrapping_add(timestamp ^ u64::from(locate))
            .wrapping_add(u64::from(tracking));
    }

    #[inline(always)]
    fn order(&mut self, reference: u64, second: u64, shares: u32, price: u32) {
        self.numbers = self
            .numbers
            .wrapping_add(reference)
            .wrapping_add(second)
            .wrapping_add(u64::from(shares))
            .wrapping_add(u64::from(price));
    }

    #[inline(always)]
    fn text(&mut self, word: u64) {
        self.texts = self.texts.wrapping_add(word);
    }
}

fn timed(run: impl FnOnce() -> Sum) -> (Sum, Duration) {
    let start = Instant::now();
    let sum = black_box(run());
    (sum, start.elapsed())
}

fn ours(blocks: &[u8]) -> Sum {
    let mut sum = Sum::default();
    let rest = OrderFields::each(blocks, |fields| {
        sum.head(
            fields.stock_locate,
            fields.tracking_number,
            fields.timestamp,
        );
        sum.order(
            fields.order_reference_number,
            fields.second_number,
            fields.shares,
            fields.price,
        );
        sum.text(fields.stock);
        sum.text(u64::from(fields.code) + u64::from(fields.attribution));
    });
    assert!(rest.is_empty(), "the day has nothing but order messages");
    sum
}

impl MessageHandler for Sum {
    #[inline(always)]
    fn on_add_order_no_mpid_attribution(
        &mut self,
        view: &m::AddOrderNoMPIDAttribution,
    ) -> ControlFlow<()> {
        self.head(
            view.stock_locate(),
            view.tracking_number(),
            view.timestamp().to_u64(),
        );
        self.order(
            view.order_reference_number(),
            0,
            view.shares(),
            view.price().into_u32(),
        );
        self.text(view.stock().to_u64());
        self.text(u64::from(matches!(
            view.buy_sell_indicator(),
            m::BuySellIndicator::Buy
        )));
        ControlFlow::Continue(())
    }
    #[inline(always)]
    fn on_add_order_with_mpid_attribution(
        &mut self,
        view: &m::AddOrderWithMPIDAttribution,
    ) -> ControlFlow<()> {
        self.head(
            view.stock_locate(),
            view.tracking_number(),
            view.timestamp().to_u64(),
        );
        self.order(
            view.order_reference_number(),
            0,
            view.shares(),
            view.price().into_u32(),
        );
        self.text(view.stock().to_u64());
        self.text(u64::from(matches!(
            view.buy_sell_indicator(),
            m::BuySellIndicator::Buy
        )));
        let attribution = view.attribution().first_chunk().copied();
        self.text(attribution.map_or(0, |bytes| u64::from(u32::from_be_bytes(bytes))));
        ControlFlow::Continue(())
    }
    #[inline(always)]
    fn on_order_executed(&mut self, view: &m::OrderExecuted) -> ControlFlow<()> {
        self.head(
            view.stock_locate(),
            view.tracking_number(),
            view.timestamp().to_u64(),
        );
        let match_number = view.match_number();
        self.order(
            view.order_reference_number(),
            match_number,
            view.executed_shares(),
            0,
        );
        ControlFlow::Continue(())
    }
    #[inline(always)]
    fn on_order_executed_with_price(
        &mut self,
        view: &m::OrderExecutedWithPrice,
    ) -> ControlFlow<()> {
        self.head(
            view.stock_locate(),
            view.tracking_number(),
            view.timestamp().to_u64(),
        );
        self.order(
            view.order_reference_number(),
            view.match_number(),
            view.executed_shares(),
            view.execution_price().into_u32(),
        );
        self.text(u64::from(matches!(
            view.printable(),
            m::Printable::Printable
        )));
        ControlFlow::Continue(())
    }
    #[inline(always)]
    fn on_order_cancel(&mut self, view: &m::OrderCancel) -> ControlFlow<()> {
        self.head(
            view.stock_locate(),
            view.tracking_number(),
            view.timestamp().to_u64(),
        );
        self.order(view.order_reference_number(), 0, view.cancelled_shares(), 0);
        ControlFlow::Continue(())
    }
    #[inline(always)]
    fn on_order_delete(&mut self, view: &m::OrderDelete) -> ControlFlow<()> {
        self.head(
            view.stock_locate(),
            view.tracking_number(),
            view.timestamp().to_u64(),
        );
        self.order(view.order_reference_number(), 0, 0, 0);
        ControlFlow::Continue(())
    }
    #[inline(always)]
    fn on_order_replace(&mut self, view: &m::OrderReplace) -> ControlFlow<()> {
        self.head(
            view.stock_locate(),
            view.tracking_number(),
            view.timestamp().to_u64(),
        );
        self.order(
            view.original_order_reference_number(),
            view.new_order_reference_number(),
            view.shares(),
            view.price().into_u32(),
        );
        ControlFlow::Continue(())
    }
    #[inline(always)]
    fn on_trade(&mut self, view: &m::Trade) -> ControlFlow<()> {
        self.head(
            view.stock_locate(),
            view.tracking_number(),
            view.timestamp().to_u64(),
        );
        self.order(
            view.order_reference_number(),
            view.match_number(),
            view.shares(),
            view.price().into_u32(),
        );
        self.text(view.stock().to_u64());
        self.text(u64::from(matches!(
            view.buy_sell_indicator(),
            m::BuySellIndicator::Buy
        )));
        ControlFlow::Continue(())
    }
}

fn by_itch5(bytes: &[u8]) -> Sum {
    let mut sum = Sum::default();
    Parser::new(bytes)
        .parse_stream(&mut sum)
        .expect("the day is well formed");
    sum
}

fn by_itchy(bytes: &[u8]) -> Sum {
    let mut sum = Sum::default();
    for message in MessageStream::from_reader(bytes) {
        let message = message.expect("the day is well formed");
        sum.head(
            message.stock_locate,
            message.tracking_number,
            message.timestamp,
        );
        match message.body {
            Body::AddOrder(add) => {
                sum.order(add.reference, 0, add.shares, add.price.raw());
                sum.text(add.stock.len() as u64 + add.side as u64);
                sum.text(add.mpid.map_or(0, |mpid| mpid.len() as u64));
            }
            Body::DeleteOrder { reference } => sum.order(reference, 0, 0, 0),
            Body::OrderCancelled {
                reference,
                cancelled,
            } => sum.order(reference, 0, cancelled, 0),
            Body::OrderExecuted {
                reference,
                executed,
                match_number,
            } => sum.order(reference, match_number, executed, 0),
            Body::OrderExecutedWithPrice {
                reference,
                executed,
                match_number,
                printable,
                price,
            } => {
                sum.order(reference, match_number, executed, price.raw());
                sum.text(u64::from(printable));
            }
            Body::ReplaceOrder(replace) => sum.order(
                replace.old_reference,
                replace.new_reference,
                replace.shares,
                replace.price.raw(),
            ),
            Body::NonCrossTrade(trade) => {
                sum.order(
                    trade.reference,
                    trade.match_number,
                    trade.shares,
                    trade.price.raw(),
                );
                sum.text(trade.stock.len() as u64 + trade.side as u64);
            }
            _ => {}
        }
    }
    sum
}

/// A reader of ticks that looks at one field of each.
struct Ticks(u64);

impl TickSink for Ticks {
    fn accept(&mut self, ticks: &[Tick]) {
        for tick in ticks {
            self.0 = self.0.wrapping_add(tick.order_id);
        }
        black_box(self.0);
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

fn to_ticks(directory: &[u8], bytes: &[u8]) -> Duration {
    let settings = FeedSettings::single_line(ChannelId(0));
    let mut feed = (DESCRIPTOR.build)(&settings).expect("the default settings are valid");
    let mut out = Batch::new(Box::new(Ticks(0)));
    let mut give = |bytes| {
        let packet = Packet {
            line: Line(0),
            ts_recv: RecvTime::UNDEFINED,
            form: Form::FileMessages,
            bytes,
        };
        feed.on_packet(&packet, &mut out);
    };
    give(directory);
    let start = Instant::now();
    give(bytes);
    start.elapsed()
}

/// Prints the table.
pub(crate) fn table(day: &Day) {
    let bytes = day.bytes.as_slice();
    let truth = ours(bytes);
    let checked = |run: fn(&[u8]) -> Sum| {
        move || {
            let (sum, took) = timed(|| run(bytes));
            assert_eq!(sum.numbers, truth.numbers, "all read the same numbers");
            took
        }
    };
    let directory = capture::directory();
    let mut contenders = [
        Contender::new("waveletd, every field", day.messages, checked(ours)),
        Contender::new("itch5, every field", day.messages, checked(by_itch5)),
        Contender::new("itchy, every field", day.messages, checked(by_itchy)),
        Contender::new("waveletd, to normalised ticks", day.messages, || {
            to_ticks(&directory, bytes)
        }),
    ];
    side_by_side("Decode, from memory", "message", &mut contenders);
}
