//! Ids that are texts, as numbers.

use super::words::hexadecimal;

/// A trade's id as a number: decimal digits are their value, a GUID is its two halves folded into one, anything else a hash of its
/// bytes (FNV-1a). Equal texts have equal numbers; two GUIDs share one as rarely as random numbers of 64 bits do.
#[inline]
pub fn id_of_text(text: &[u8]) -> u64 {
    decimal(text)
        .or_else(|| guid(text))
        .unwrap_or_else(|| fnv(text))
}

fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |total, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        total.checked_mul(10)?.checked_add(digit)
    })
}

#[inline]
fn guid(text: &[u8]) -> Option<u64> {
    let text: &[u8; 36] = text.try_into().ok()?;
    let [a, b, c, d] = [text[8], text[13], text[18], text[23]];
    if [a, b, c, d] != *b"----" {
        return None;
    }
    let four = |at: usize| text[at..].first_chunk::<4>();
    let eight = |first: usize, second: usize| {
        let digits = [*four(first)?, *four(second)?];
        hexadecimal(*digits.as_flattened().first_chunk()?)
    };
    let high = eight(0, 4)? << 32 | eight(9, 14)?;
    let low = eight(19, 24)? << 32 | eight(28, 32)?;
    Some(high ^ low)
}

fn fnv(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_their_value_and_guids_their_folded_halves() {
        assert_eq!(id_of_text(b"1234"), 1_234);
        let guid = b"00000000-0000-0001-0000-000000000003";
        assert_eq!(id_of_text(guid), 1 ^ 3);
        assert_eq!(id_of_text(b"ETH-12"), id_of_text(b"ETH-12"));
        assert_ne!(id_of_text(b"ETH-12"), id_of_text(b"ETH-13"));
    }
}
