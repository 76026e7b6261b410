//! What is read a word at a time is what is read byte by byte.

use super::number::parse_any_time;
use super::{Cursor, Number, id_of_text, parse_time};
use crate::model::Price;

/// Numbers without pattern, from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick(&mut self, bytes: &[u8]) -> u8 {
        bytes[self.below(bytes.len() as u64) as usize]
    }

    fn text(&mut self, bytes: &[u8], longest: u64) -> Vec<u8> {
        (0..self.below(longest + 1))
            .map(|_| self.pick(bytes))
            .collect()
    }
}

/// A number byte by byte, up to the quote behind it.
fn slow_number(text: &[u8]) -> Option<(Number, usize)> {
    let (number, taken) = Number::scan_any(text)?;
    (text.get(taken) == Some(&b'"')).then_some((number, taken + 1))
}

#[track_caller]
fn check_number(text: &[u8]) {
    assert_eq!(Number::scan(text), Number::scan_any(text), "{text:?}");
    let expected = slow_number(text);
    let mut cursor = Cursor::new(text);
    let found = cursor
        .number()
        .map(|number| (number, text.len() - cursor.rest().len()));
    assert_eq!(found, expected, "{}", String::from_utf8_lossy(text));
    let mut cursor = Cursor::new(text);
    let found = cursor
        .price()
        .map(|price| (price, text.len() - cursor.rest().len()));
    let expected: Option<(Price, usize)> =
        expected.and_then(|(number, taken)| Some((number.price()?, taken)));
    assert_eq!(found, expected, "{}", String::from_utf8_lossy(text));
}

#[test]
fn numbers_are_read_alike() {
    let mut random = Random(1);
    for _ in 0..200_000 {
        let digits: &[u8] =
            [&b"0123456789"[..], b"0000000009", b"09.", b"0123456789.e-"][random.below(4) as usize];
        let mut text = random.text(digits, 11);
        if random.below(4) > 0 {
            text.push(b'.');
            text.extend(random.text(digits, 11));
        }
        text.push(random.pick(b"\"\"\"\"\"\"e,]\x80\xb0"));
        text.extend(random.text(b"\",[]0123456789.x", 18));
        check_number(&text);
    }
}

#[test]
fn the_ends_of_all_lengths_are_read_alike() {
    for before in 0..19 {
        for behind in 0..19 {
            for end in ["", "\"", "\"]", "\",\"0.1\"]]}"] {
                for digit in ["0", "9"] {
                    let (before, behind) = (digit.repeat(before), digit.repeat(behind));
                    check_number(format!("{before}.{behind}{end}").as_bytes());
                    check_number(format!("{before}{end}").as_bytes());
                }
            }
        }
    }
}

fn slow_integer(text: &[u8]) -> Option<(u64, usize)> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = std::str::from_utf8(&text[..count]).ok()?;
    let has_zero = count > 1 && digits.starts_with('0');
    let value = digits.parse().ok().filter(|_| !has_zero)?;
    Some((value, count))
}

#[test]
fn integers_are_read_alike() {
    let mut random = Random(2);
    for _ in 0..200_000 {
        let mut text = random.text(b"0123456789", 22);
        text.extend(random.text(b",}\"x.\xff0", 18));
        let mut cursor = Cursor::new(&text);
        let found = cursor
            .integer()
            .map(|value| (value, text.len() - cursor.rest().len()));
        assert_eq!(found, slow_integer(&text), "{text:?}");
    }
}

#[test]
fn plain_texts_are_read_alike() {
    let mut random = Random(3);
    for _ in 0..200_000 {
        let mut text = random.text(b"ABCxyz-/ 019~", 40);
        text.push(random.pick(b"\"\"\"\"\\\x1f\x7f\x80\xa2"));
        text.extend(random.text(b"\"abc\\", 20));
        let stop = text
            .iter()
            .position(|&byte| byte == b'"' || byte == b'\\' || !(b' '..=b'~').contains(&byte));
        let expected = stop
            .filter(|&stop| text[stop] == b'"')
            .map(|stop| &text[..stop]);
        assert_eq!(Cursor::new(&text).plain_text(), expected, "{text:?}");
        let mut cursor = Cursor::new(&text);
        let skipped = cursor.skip_plain::<11>().map(|()| cursor.rest());
        let rest = expected.map(|plain| &text[plain.len() + 1..]);
        assert_eq!(skipped, rest, "{text:?}");
    }
}

#[test]
fn times_are_read_alike() {
    let mut random = Random(4);
    let mut good = 0;
    for _ in 0..200_000 {
        let (year, month, day) = (1960 + random.below(560), random.below(14), random.below(33));
        let (hour, minute, second) = (random.below(25), random.below(61), random.below(62));
        let micros = random.below(1_000_000);
        let mut text =
            format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
                .into_bytes();
        if random.below(3) == 0 {
            let place = random.below(27) as usize;
            text[place] = random.pick(b"0123456789:-TZ. +\x80\xb0");
        }
        let found = parse_time(&text);
        good += u32::from(found.is_some());
        assert_eq!(
            found,
            parse_any_time(&text),
            "{}",
            String::from_utf8_lossy(&text)
        );
    }
    assert!(good > 50_000, "{good}");
}

#[test]
fn guids_are_the_same_number_in_either_case() {
    let mut random = Random(5);
    for _ in 0..10_000 {
        let (high, low) = (
            random.below(u64::MAX) << 32 | random.below(1 << 32),
            random.below(1 << 62),
        );
        let hex = format!("{high:016x}{low:016x}");
        let parts = [
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        ];
        let text = parts.join("-");
        assert_eq!(id_of_text(text.as_bytes()), high ^ low);
        assert_eq!(id_of_text(text.to_ascii_uppercase().as_bytes()), high ^ low);
        let place = random.below(36) as usize;
        let mut wrong = text.clone().into_bytes();
        wrong[place] = random.pick(b"gG/:@`-\x80 ");
        if wrong != text.as_bytes() {
            assert_ne!(id_of_text(&wrong), high ^ low);
        }
    }
}
