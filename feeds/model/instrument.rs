//! Instruments: dense ids, symbols, definitions.

use super::{Price, Terms};
use std::fmt;

/// An instrument of one channel: dense from 0, in order of appearance, so that a replay gives the same ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct InstrumentId(pub u32);

impl InstrumentId {
    /// The tick concerns every instrument of its channel.
    pub const ALL: InstrumentId = InstrumentId(u32::MAX);

    /// The id as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An instrument's name as the venue writes it: at most 47 bytes of text, held in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    bytes: [u8; Symbol::BYTES_MAX],
    count: u8,
}

impl Symbol {
    /// Longest symbol in bytes; longer ones are cut off at a character boundary.
    pub const BYTES_MAX: usize = 47;

    /// The symbol in `text`, blanks at both ends removed; bytes that are not UTF-8 become `?`.
    pub fn new(text: &[u8]) -> Symbol {
        let mut symbol = Symbol {
            bytes: [0; Self::BYTES_MAX],
            count: 0,
        };
        let text = text.trim_ascii();
        let mut push = |part: &str| {
            for character in part.chars() {
                let end = usize::from(symbol.count) + character.len_utf8();
                if end > Self::BYTES_MAX {
                    return;
                }
                character.encode_utf8(&mut symbol.bytes[usize::from(symbol.count)..end]);
                symbol.count = end as u8;
            }
        };
        for chunk in text.utf8_chunks() {
            push(chunk.valid());
            if !chunk.invalid().is_empty() {
                push("?");
            }
        }
        symbol
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.count)]).unwrap_or("")
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Symbol {
    fn from(text: &str) -> Symbol {
        Symbol::new(text.as_bytes())
    }
}

/// What is known of an instrument that does not change from tick to tick.
///
/// A feed gives it before the instrument's first tick; a later one for the same id replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The id the instrument's ticks carry.
    pub instrument: InstrumentId,
    /// The venue's symbol.
    pub symbol: Symbol,
    /// The normalised name, as in [`naming`](super::naming); empty where the feed does not know one.
    pub name: Symbol,
    /// Sizes are integers of 10^-`size_decimals`. Never changes during a run.
    pub size_decimals: u8,
    /// Smallest price step; [`Price::UNDEFINED`] when the venue does not say.
    pub tick_size: Price,
    /// Round lot, in size units; 0 when the venue does not say.
    pub round_lot: u64,
    /// The venue marks it as a test instrument.
    pub is_test: bool,
    /// Whether the venue's numbers or checksums show it when something of the book is lost.
    pub is_provable: bool,
    /// What the contract is.
    pub terms: Terms,
}

impl Definition {
    /// A definition of which only the name is known: whole units, no tick size.
    pub fn named(instrument: InstrumentId, symbol: Symbol) -> Definition {
        Definition {
            instrument,
            symbol,
            name: Symbol::from(""),
            size_decimals: 0,
            tick_size: Price::UNDEFINED,
            round_lot: 0,
            is_test: false,
            is_provable: true,
            terms: Terms::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_trimmed_and_cut_not_refused() {
        assert_eq!(Symbol::new(b"AAPL    ").as_str(), "AAPL");
        assert_eq!(Symbol::new(b"A\xffB").as_str(), "A?B");
        assert_eq!(Symbol::new(&[b'x'; 80]).as_str().len(), Symbol::BYTES_MAX);
        assert_eq!(Symbol::new("é".repeat(40).as_bytes()).as_str().len(), 46);
    }
}
