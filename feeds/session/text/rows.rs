//! Lists of levels: a row of usual lengths is read from one piece of the text without a look at its end, any other by the cursor.

use super::words::{above_nine, before_mark, value};
use super::{Cursor, Number};
use crate::model::{Price, Side};

/// How a venue writes one level; a quick row takes at most `SPAN` bytes, what is behind the number that ends it included.
pub trait Form<const SPAN: usize> {
    /// Reads a row of usual lengths at the start of a piece, and what is behind it.
    fn quick(piece: &[u8; SPAN], side: Side) -> Option<Row>;

    /// Reads any row.
    fn read(cursor: &mut Cursor<'_>, side: Side) -> Option<Quoted>;
}

/// A level as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Quoted {
    /// Side of the book.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// How much.
    pub size: Number,
    /// Digits behind the points of both as sent; zeros where the form has quotes.
    pub digits: (u8, u8),
}

/// A level, and how it ends.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    level: Quoted,
    /// Bytes, with the comma or bracket behind it.
    taken: usize,
    is_last: bool,
}

/// `["price","size"]`.
#[derive(Debug)]
pub struct Pair;

/// `["price","size","0","orders"]`, where the third member says nothing.
#[derive(Debug)]
pub struct Four;

/// `["buy","price","size"]`.
#[derive(Debug)]
pub struct Sided;

/// `{"price":1.5,"qty":2.50}`, numbers that stand without quotes.
#[derive(Debug)]
pub struct Named;

impl Form<40> for Pair {
    #[inline(always)]
    fn quick(piece: &[u8; 40], side: Side) -> Option<Row> {
        literal(piece, 0, b"[\"")?;
        let (price, at) = usual(piece, 2)?;
        literal(piece, at, b"\",\"")?;
        let (size, at) = usual(piece, at + 3)?;
        end(piece, at, (side, price, size))
    }

    #[inline(always)]
    fn read(cursor: &mut Cursor<'_>, side: Side) -> Option<Quoted> {
        cursor.expect(b"[\"")?;
        let (price, size) = cursor.price_and_size()?;
        cursor.expect(b"]")?;
        Some(Quoted {
            side,
            price,
            size,
            digits: (0, 0),
        })
    }
}

impl Form<56> for Four {
    #[inline(always)]
    fn quick(piece: &[u8; 56], side: Side) -> Option<Row> {
        literal(piece, 0, b"[\"")?;
        let (price, at) = usual(piece, 2)?;
        literal(piece, at, b"\",\"")?;
        let (size, at) = usual(piece, at + 3)?;
        literal(piece, at, b"\",\"0\",\"")?;
        let orders = at + 7;
        let digits = before_mark(above_nine(word(piece, orders)? ^ ZEROS));
        end(piece, orders + digits as usize, (side, price, size))
    }

    #[inline(always)]
    fn read(cursor: &mut Cursor<'_>, side: Side) -> Option<Quoted> {
        cursor.expect(b"[\"")?;
        let (price, size) = cursor.price_and_size()?;
        cursor.expect(b",\"")?;
        cursor.plain_text()?;
        cursor.expect(b",\"")?;
        cursor.plain_text()?;
        cursor.expect(b"]")?;
        Some(Quoted {
            side,
            price,
            size,
            digits: (0, 0),
        })
    }
}

impl Form<48> for Sided {
    #[inline(always)]
    fn quick(piece: &[u8; 48], _: Side) -> Option<Row> {
        // Sides come in no order a branch could learn.
        let first = word(piece, 0)?;
        let is_buy = first == u64::from_le_bytes(*b"[\"buy\",\"");
        let is_sell = first == u64::from_le_bytes(*b"[\"sell\",") && piece[8] == b'"';
        if !(is_buy | is_sell) {
            return None;
        }
        let side = if is_buy { Side::Bid } else { Side::Ask };
        let (price, at) = usual(piece, 9 - usize::from(is_buy))?;
        literal(piece, at, b"\",\"")?;
        let (size, at) = usual(piece, at + 3)?;
        end(piece, at, (side, price, size))
    }

    #[inline(always)]
    fn read(cursor: &mut Cursor<'_>, _: Side) -> Option<Quoted> {
        cursor.expect(b"[\"")?;
        let side = cursor.side()?;
        cursor.expect(b",\"")?;
        let (price, size) = cursor.price_and_size()?;
        cursor.expect(b"]")?;
        Some(Quoted {
            side,
            price,
            size,
            digits: (0, 0),
        })
    }
}

impl Form<52> for Named {
    #[inline(always)]
    fn quick(piece: &[u8; 52], side: Side) -> Option<Row> {
        literal(piece, 0, b"{\"price\":")?;
        let (price, at) = usual(piece, 9)?;
        literal(piece, at, b",\"qty\":")?;
        let (size, at) = usual(piece, at + 7)?;
        let end: &[u8; 2] = piece.get(at..at + 2)?.first_chunk()?;
        let is_last = end == b"}]";
        if !is_last && end != b"}," {
            return None;
        }
        Some(Row {
            level: Quoted {
                side,
                price: price.price(),
                size: size.number(),
                digits: (price.sent, size.sent),
            },
            taken: at + 2,
            is_last,
        })
    }

    #[inline(always)]
    fn read(cursor: &mut Cursor<'_>, side: Side) -> Option<Quoted> {
        let mut digits = (0, 0);
        cursor.expect(b"{\"price\":")?;
        let price = cursor.bare_number_sent(&mut digits.0)?.price()?;
        cursor.expect(b",\"qty\":")?;
        let size = cursor.bare_number_sent(&mut digits.1)?;
        cursor.expect(b"}")?;
        Some(Quoted {
            side,
            price,
            size,
            digits,
        })
    }
}

/// Reads a list of rows, the opening bracket already behind; `side` is what rows are that do not say.
#[inline(always)]
pub fn rows<F: Form<SPAN>, const SPAN: usize>(
    cursor: &mut Cursor<'_>,
    side: Side,
    mut tell: impl FnMut(Quoted),
) -> Option<()> {
    if cursor.expect(b"]").is_some() {
        return Some(());
    }
    let mut place = *cursor;
    loop {
        let rest = place.rest();
        let end;
        let piece = match rest.first_chunk() {
            Some(piece) => piece,
            None => {
                end = last_piece(rest)?;
                &end
            }
        };
        if let Some(row) = F::quick(piece, side) {
            place.skip(row.taken);
            tell(row.level);
            if row.is_last {
                break;
            }
            continue;
        }
        let (next, level, is_last) = unusual::<F, SPAN>(place, side)?;
        place = next;
        tell(level);
        if is_last {
            break;
        }
    }
    *cursor = place;
    Some(())
}

/// Less than a piece is left: zeros follow, which are no part of any row.
#[inline(never)]
fn last_piece<const SPAN: usize>(rest: &[u8]) -> Option<[u8; SPAN]> {
    let mut piece = [0; SPAN];
    piece.get_mut(..rest.len())?.copy_from_slice(rest);
    Some(piece)
}

#[inline(never)]
fn unusual<'a, F: Form<SPAN>, const SPAN: usize>(
    mut cursor: Cursor<'a>,
    side: Side,
) -> Option<(Cursor<'a>, Quoted, bool)> {
    let level = F::read(&mut cursor, side)?;
    let is_last = cursor.expect(b",").is_none();
    if is_last {
        cursor.expect(b"]")?;
    }
    Some((cursor, level, is_last))
}

const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

#[inline(always)]
fn word<const SPAN: usize>(piece: &[u8; SPAN], at: usize) -> Option<u64> {
    let bytes = piece.get(at..at + 8)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

#[inline(always)]
fn literal<const LENGTH: usize, const SPAN: usize>(
    piece: &[u8; SPAN],
    at: usize,
    literal: &[u8; LENGTH],
) -> Option<()> {
    let found: &[u8; LENGTH] = piece.get(at..at + LENGTH)?.first_chunk()?;
    (found == literal).then_some(())
}

/// The quote, the row's bracket, and a comma or the list's bracket.
#[inline(always)]
fn end<const SPAN: usize>(
    piece: &[u8; SPAN],
    at: usize,
    (side, price, size): (Side, Digits, Digits),
) -> Option<Row> {
    let end: &[u8; 3] = piece.get(at..at + 3)?.first_chunk()?;
    let is_last = end == b"\"]]";
    if !is_last && end != b"\"]," {
        return None;
    }
    Some(Row {
        level: Quoted {
            side,
            price: price.price(),
            size: size.number(),
            digits: (0, 0),
        },
        taken: at + 3,
        is_last,
    })
}

/// One to seven digits before the point, and none of it or one to eight behind.
#[derive(Clone, Copy)]
struct Digits {
    /// Before the point, as the last ones of a word.
    whole: u64,
    /// Behind the point, as the first ones of a word; zeros follow.
    fraction: u64,
    /// How many those are.
    sent: u8,
}

/// A number of usual length, and where it ends: what is behind it is no digit, or the number does not end there.
#[inline(always)]
fn usual<const SPAN: usize>(piece: &[u8; SPAN], at: usize) -> Option<(Digits, usize)> {
    let low = word(piece, at)? ^ ZEROS;
    let high = word(piece, at + 8)? ^ ZEROS;
    let stops = above_nine(low);
    let bits = stops.trailing_zeros() & !7;
    if bits.wrapping_sub(8) > 48 {
        return None;
    }
    let whole = low << (64 - bits);
    let before = (bits / 8) as usize;
    if (low >> bits) as u8 != b'.' ^ b'0' {
        let digits = Digits {
            whole,
            fraction: 0,
            sent: 0,
        };
        return Some((digits, at + before));
    }
    let more = stops & (stops - 1);
    let length = if more != 0 {
        before_mark(more)
    } else {
        8 + before_mark(above_nine(high))
    } as usize;
    let behind = length - before - 1;
    if behind.wrapping_sub(1) > 7 {
        return None;
    }
    let fraction = (word(piece, at + before + 1)? ^ ZEROS) & (u64::MAX >> (64 - 8 * behind));
    let digits = Digits {
        whole,
        fraction,
        sent: behind as u8,
    };
    Some((digits, at + length))
}

impl Digits {
    #[inline(always)]
    fn price(self) -> Price {
        Price((value(self.whole) * 1_000_000_000 + value(self.fraction) * 10) as i64)
    }

    #[inline(always)]
    fn number(self) -> Number {
        Number::of_words(self.whole, self.fraction)
    }
}
