//! The other direction: packets as the venue sends them, for simulators and tests.

use super::{COUNT_BYTES, HEADER_BYTES, HEARTBEAT, LENGTH_BYTES, SEQUENCED, SHUTDOWN};
use crate::model::Price;
use crate::session::sbe::{Decimal, Header, HeaderShape};
use std::marker::PhantomData;

/// Bytes of the longest datagram: what fits one frame of Ethernet.
pub const DATAGRAM_BYTES_MAX: usize = 1_472;

/// Says what a venue's channel says, each message under a header of the shape `H`.
#[derive(Debug)]
pub struct Encoder<H> {
    session: u64,
    next: u64,
    count: u16,
    body: Vec<u8>,
    head: PhantomData<fn() -> H>,
}

impl<H: HeaderShape> Encoder<H> {
    /// A session whose next message is number `next`.
    pub fn new(session: u64, next: u64) -> Encoder<H> {
        Encoder {
            session,
            next,
            count: 0,
            body: Vec::new(),
            head: PhantomData,
        }
    }

    /// Says one message; `false` when it does not fit behind what is collected.
    pub fn raw(&mut self, (template, schema, version): (u16, u16, u16), block: &[u8]) -> bool {
        let bytes = LENGTH_BYTES + H::LEN + block.len();
        if HEADER_BYTES + COUNT_BYTES + self.body.len() + bytes > DATAGRAM_BYTES_MAX {
            return false;
        }
        let length = u16::try_from(H::LEN + block.len()).unwrap_or(u16::MAX);
        self.body.extend(length.to_be_bytes());
        let header = Header {
            block_length: u16::try_from(block.len()).unwrap_or(u16::MAX),
            template,
            schema,
            version,
        };
        H::write(header, &mut self.body);
        self.body.extend(block);
        self.count += 1;
        true
    }

    /// Whether something was said since the last packet.
    pub fn has_messages(&self) -> bool {
        self.count > 0
    }

    /// The packet with what was said since the last one; a heartbeat when that is nothing.
    pub fn packet(&mut self) -> Vec<u8> {
        if self.count == 0 {
            return self.empty(HEARTBEAT);
        }
        let mut packet = self.empty(SEQUENCED);
        packet.extend(self.count.to_be_bytes());
        packet.append(&mut self.body);
        self.next = self.next.wrapping_add(u64::from(self.count));
        self.count = 0;
        packet
    }

    /// The packet that ends the session.
    pub fn shutdown(&self) -> Vec<u8> {
        self.empty(SHUTDOWN)
    }

    fn empty(&self, kind: u8) -> Vec<u8> {
        let mut packet = Vec::with_capacity(DATAGRAM_BYTES_MAX);
        packet.extend([kind, HEADER_BYTES as u8]);
        packet.extend(self.session.to_be_bytes());
        packet.extend(self.next.to_be_bytes());
        packet
    }
}

/// A price in 1e-6, cut.
pub fn decimal(price: Price) -> Decimal {
    Decimal {
        mantissa: price.0 / 1_000,
        exponent: -6,
    }
}

/// A size as messages have it; the largest of those that do not fit.
pub fn shares(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
