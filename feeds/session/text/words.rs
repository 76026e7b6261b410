//! Sixteen bytes of a text at a time: which of them are digits, what digits are worth, where a plain text ends.
//!
//! A window is a `u128` whose lowest byte is the first one. All of it is arithmetic on words, no byte is looked at alone.

/// The byte in all places of a word.
const fn all(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

const HIGH: u64 = all(0x80);

/// Sixteen bytes from `at`; zeros where the text has none.
#[inline(always)]
pub(super) fn window(text: &[u8], at: usize) -> u128 {
    match text.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(bytes) => u128::from_le_bytes(*bytes),
        None => last_window(text, at),
    }
}

/// Less than sixteen bytes are left.
#[inline(never)]
fn last_window(text: &[u8], at: usize) -> u128 {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(bytes) = text.last_chunk() {
        let missing = 16 - rest.len().min(16) as u32;
        let window = u128::from_le_bytes(*bytes);
        return window.checked_shr(8 * missing).unwrap_or(0);
    }
    let mut bytes = [0; 16];
    let bytes_left = rest.iter().zip(&mut bytes);
    bytes_left.for_each(|(&from, to)| *to = from);
    u128::from_le_bytes(bytes)
}

/// Both words of a window whose digits are their values, and whose other bytes are above nine.
#[inline(always)]
pub(super) const fn digits(window: u128) -> (u64, u64) {
    (window as u64 ^ all(b'0'), (window >> 64) as u64 ^ all(b'0'))
}

/// Marks (0x80) the bytes above nine.
#[inline(always)]
pub(super) const fn above_nine(word: u64) -> u64 {
    (((word & !HIGH) + all(0x80 - 10)) | word) & HIGH
}

/// Bytes before the first mark; eight when there is none.
#[inline(always)]
pub(super) const fn before_mark(marks: u64) -> u32 {
    marks.trailing_zeros() / 8
}

/// The number whose eight digits are the bytes of a word, the first one worth most.
#[inline(always)]
pub(super) const fn value(word: u64) -> u64 {
    let pairs = (word * 10) + (word >> 8);
    let fours = ((pairs & 0x00ff_00ff_00ff_00ff) * 100) + ((pairs & 0x00ff_00ff_00ff_00ff) >> 16);
    let high = (fours & 0x0000_ffff_0000_ffff) * 10_000;
    (high + ((fours & 0x0000_ffff_0000_ffff) >> 32)) & 0xffff_ffff
}

/// As [`value`], of digits most often up to four: the bytes before are zeros.
#[inline(always)]
pub(super) const fn value_of_few(word: u64) -> u64 {
    if word as u32 != 0 {
        return value(word);
    }
    let word = (word >> 32) as u32;
    let pairs = (word * 10 + (word >> 8)) & 0x00ff_00ff;
    ((pairs * 100 + (pairs >> 16)) & 0xffff) as u64
}

/// Marks (0x80) what a plain text does not have: quotes, backslashes, all but printable ASCII.
#[inline(always)]
pub(super) const fn not_plain(word: u64) -> u64 {
    let low = word & !HIGH;
    // Adding carries into the high bit from a bound on; nothing carries further.
    let is_no_quote = (low ^ all(b'"')) + all(0x7f);
    let is_no_backslash = (low ^ all(b'\\')) + all(0x7f);
    let is_no_control = low + all(0x80 - b' ');
    let is_delete = low + all(1);
    let is_plain = is_no_quote & is_no_backslash & is_no_control & !is_delete & !word;
    !is_plain & HIGH
}

/// The number eight hexadecimal digits are, in either case; `None` when they are not.
#[inline(always)]
pub(super) const fn hexadecimal(digits: [u8; 8]) -> Option<u64> {
    let word = u64::from_be_bytes(digits);
    let low = word & !HIGH;
    let is_digit = (low + all(0x80 - b'0')) & !(low + all(0x80 - b'9' - 1));
    let letter = low | all(0x20);
    let is_letter = (letter + all(0x80 - b'a')) & !(letter + all(0x80 - b'f' - 1));
    if (is_digit | is_letter) & !word & HIGH != HIGH {
        return None;
    }
    let nibbles = (word & all(0x0f)) + ((word >> 6) & all(1)) * 9;
    let bytes = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    Some((pairs | pairs >> 16) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_told_apart_in_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                let mut bytes = [b'5'; 8];
                bytes[place] = byte;
                let word = u64::from_le_bytes(bytes);
                let expected = |is_marked: bool| if is_marked { place as u32 } else { 8 };
                let marks = above_nine(word ^ all(b'0'));
                assert_eq!(before_mark(marks), expected(!byte.is_ascii_digit()));
                let is_plain = (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
                assert_eq!(before_mark(not_plain(word)), expected(!is_plain));
                let text = bytes.map(char::from).iter().collect::<String>();
                let hex = u64::from_str_radix(&text, 16).ok();
                let hex = hex.filter(|_| byte.is_ascii_hexdigit());
                assert_eq!(hexadecimal(bytes), hex, "{text:?}");
            }
        }
    }

    #[test]
    fn windows_end_with_the_text() {
        let text: Vec<u8> = (1..=40).collect();
        for length in 0..text.len() {
            let text = &text[..length];
            for at in 0..length + 3 {
                let mut bytes = [0; 16];
                for (place, byte) in bytes.iter_mut().enumerate() {
                    *byte = text.get(at + place).copied().unwrap_or(0);
                }
                assert_eq!(
                    window(text, at),
                    u128::from_le_bytes(bytes),
                    "{length} {at}"
                );
            }
        }
    }

    fn value_word(number: u64) -> u64 {
        let text = format!("{number:08}");
        u64::from_le_bytes(text.as_bytes().try_into().expect("eight")) ^ all(b'0')
    }

    #[test]
    fn eight_digits_are_their_value() {
        for number in [
            0, 1, 12_345_678, 99_999_999, 10_000_000, 90_807_060, 4_294_967,
        ] {
            assert_eq!(value(value_word(number)), number);
            assert_eq!(value_of_few(value_word(number % 10_000)), number % 10_000);
            assert_eq!(value_of_few(value_word(number)), number);
        }
    }
}
