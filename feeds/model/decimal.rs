//! Decimal text to scaled integers and back, exactly or not at all.

use std::fmt;

/// Why a decimal text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecimalError {
    /// Not a decimal number at all.
    Malformed,
    /// More digits behind the point than the scale holds, and they are not zeros.
    TooPrecise,
    /// Larger than the integer holds at this scale.
    TooLarge,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DecimalError::Malformed => "not a decimal number",
            DecimalError::TooPrecise => "more digits than the scale holds",
            DecimalError::TooLarge => "too large for the scale",
        })
    }
}

impl std::error::Error for DecimalError {}

/// Largest power of ten that fits `u64`, as an exponent.
const EXPONENT_MAX: i32 = 19;

/// Parses `[-]digits[.digits][(e|E)[+-]digits]` into an integer of 10^-`scale`, exactly.
///
/// # Errors
/// [`DecimalError`]; nothing is rounded.
pub fn parse(text: &[u8], scale: u8) -> Result<i64, DecimalError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', ..] => return Err(DecimalError::Malformed),
        rest => (false, rest),
    };
    let magnitude = parse_unsigned(digits, scale)?;
    let signed = i64::try_from(magnitude).map_err(|_| DecimalError::TooLarge)?;
    Ok(if negative { -signed } else { signed })
}

/// Parses `digits[.digits][(e|E)[+-]digits]` into an unsigned integer of 10^-`scale`, exactly.
///
/// # Errors
/// [`DecimalError`]; nothing is rounded.
pub fn parse_unsigned(text: &[u8], scale: u8) -> Result<u64, DecimalError> {
    let mut value: u64 = 0;
    let mut digit_count = 0usize;
    let mut fraction_digits: i32 = 0;
    let mut trailing_zeros: i32 = 0; // zeros not yet folded into `value`
    let mut in_fraction = false;
    let mut index = 0;
    while let Some(&byte) = text.get(index) {
        match byte {
            b'0' => {
                trailing_zeros = trailing_zeros
                    .checked_add(1)
                    .ok_or(DecimalError::TooLarge)?;
                digit_count += 1;
            }
            b'1'..=b'9' => {
                value = scale_up(value, trailing_zeros)?;
                fraction_digits += if in_fraction { trailing_zeros + 1 } else { 0 };
                trailing_zeros = 0;
                value = scale_up(value, 1)?
                    .checked_add(u64::from(byte - b'0'))
                    .ok_or(DecimalError::TooLarge)?;
                digit_count += 1;
            }
            b'.' if !in_fraction => {
                // Zeros before the point count; those behind it only matter if a digit follows.
                value = scale_up(value, trailing_zeros)?;
                trailing_zeros = 0;
                in_fraction = true;
            }
            b'e' | b'E' => break,
            _ => return Err(DecimalError::Malformed),
        }
        index += 1;
    }
    if digit_count == 0 {
        return Err(DecimalError::Malformed);
    }
    if !in_fraction {
        value = scale_up(value, trailing_zeros)?;
    }
    let exponent = match text.get(index) {
        Some(_) => parse_exponent(&text[index + 1..])?,
        None => 0,
    };
    if value == 0 {
        return Ok(0);
    }
    let shift = i32::from(scale) - fraction_digits + exponent;
    if shift >= 0 {
        return scale_up(value, shift);
    }
    let divisor = if -shift > EXPONENT_MAX {
        return Err(DecimalError::TooPrecise);
    } else {
        10u64.pow((-shift) as u32)
    };
    if value.is_multiple_of(divisor) {
        Ok(value / divisor)
    } else {
        Err(DecimalError::TooPrecise)
    }
}

fn parse_exponent(text: &[u8]) -> Result<i32, DecimalError> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(DecimalError::Malformed);
    }
    Ok(sign
        * digits
            .iter()
            .fold(0, |total, digit| total * 10 + i32::from(digit - b'0')))
}

fn scale_up(value: u64, exponent: i32) -> Result<u64, DecimalError> {
    if value == 0 || exponent == 0 {
        return Ok(value);
    }
    if exponent > EXPONENT_MAX {
        return Err(DecimalError::TooLarge);
    }
    value
        .checked_mul(10u64.pow(exponent as u32))
        .ok_or(DecimalError::TooLarge)
}

/// A scaled integer as exact decimal text. `{}` drops trailing zeros; `{:#}` keeps all `scale` digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// The integer, in units of 10^-`scale`.
    pub mantissa: i128,
    /// Digits behind the point.
    pub scale: u8,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = u32::from(self.scale.min(38));
        let unit = 10u128.pow(scale);
        let magnitude = self.mantissa.unsigned_abs();
        if self.mantissa < 0 {
            f.write_str("-")?;
        }
        write!(f, "{}", magnitude / unit)?;
        let (mut fraction, mut digits) = (magnitude % unit, scale as usize);
        if !f.alternate() {
            while digits > 0 && fraction.is_multiple_of(10) {
                fraction /= 10;
                digits -= 1;
            }
        }
        if digits == 0 {
            Ok(())
        } else {
            write!(f, ".{fraction:0digits$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, scale: u8, expected: Result<u64, DecimalError>) {
        assert_eq!(
            parse_unsigned(text.as_bytes(), scale),
            expected,
            "{text} at scale {scale}"
        );
    }

    #[test]
    fn plain_numbers_are_exact() {
        check("0.00001305", 9, Ok(13_050));
        check("5859.4", 4, Ok(58_594_000));
        check("20", 0, Ok(20));
        check("100", 2, Ok(10_000));
        check(".5", 1, Ok(5));
        check("7.", 1, Ok(70));
    }

    #[test]
    fn zeros_behind_the_last_digit_never_cost_precision() {
        check("94381.28000000000000000000", 2, Ok(9_438_128));
        check("0.0000000000000", 0, Ok(0));
    }

    #[test]
    fn scientific_notation_is_a_number_too() {
        check("1e-7", 9, Ok(100));
        check("1.5E+3", 0, Ok(1_500));
        check("12e-1", 0, Err(DecimalError::TooPrecise));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        check("0.0000000001", 9, Err(DecimalError::TooPrecise));
        check("18446744073709551616", 0, Err(DecimalError::TooLarge));
        check("1", 20, Err(DecimalError::TooLarge));
        for text in ["", ".", "-1", "1.2.3", "1e", "abc", "1e99999", "0x10", " 1"] {
            check(text, 2, Err(DecimalError::Malformed));
        }
    }

    #[test]
    fn text_of_a_decimal_is_exact() {
        let price = Decimal {
            mantissa: 1_872_500,
            scale: 4,
        };
        assert_eq!(format!("{price:#}"), "187.2500");
        assert_eq!(price.to_string(), "187.25");
        assert_eq!(
            Decimal {
                mantissa: -5,
                scale: 9
            }
            .to_string(),
            "-0.000000005"
        );
        assert_eq!(
            Decimal {
                mantissa: 120,
                scale: 0
            }
            .to_string(),
            "120"
        );
    }
}
