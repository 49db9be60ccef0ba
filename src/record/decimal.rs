//! [`Decimal`]: a number of exact decimal places, as money is; and reading it from text without rounding.

use std::fmt;
use thiserror::Error;

/// Digits of a decimal at most, as polars and Arrow have it for 128 bits.
pub const DIGITS: u8 = 38;

/// A number with `SCALE` places after the point, held as that many times ten larger whole number: `Decimal::<2>(1234)` is 12.34.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal<const SCALE: u8>(pub i128);

impl<const SCALE: u8> fmt::Display for Decimal<SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&decimal_text(self.0, SCALE))
    }
}

/// Text that is no decimal of the scale asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is no number of up to 38 digits with {scale} places after the point")]
pub struct DecimalError {
    /// The text.
    pub text: String,
    /// Places after the point.
    pub scale: u8,
}

impl<const SCALE: u8> std::str::FromStr for Decimal<SCALE> {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        decimal_from(text, SCALE)
            .map(Decimal)
            .ok_or_else(|| DecimalError {
                text: text.to_owned(),
                scale: SCALE,
            })
    }
}

/// The number as text: -5 with two places is `-0.05`.
pub(crate) fn decimal_text(unscaled: i128, scale: u8) -> String {
    let digits = unscaled.unsigned_abs().to_string();
    let places = usize::from(scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    if places == 0 {
        return format!("{sign}{digits}");
    }
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    format!("{sign}{whole}.{part}")
}

/// The number times ten to the `scale`; `None` when the text is no decimal number, has a digit other than 0 beyond the scale, or
/// has more than 38 digits. An exponent is taken: `1.5e3`, as databases and Decimal128 write it.
pub(crate) fn decimal_from(text: &str, scale: u8) -> Option<i128> {
    let (negative, text) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    // Ten to this power times the digits is the number times ten to the scale.
    let power = exponent
        .checked_add(i32::from(scale))?
        .checked_sub(i32::try_from(part.len()).ok()?)?;
    scaled(whole.bytes().chain(part.bytes()), power, negative)
}

/// ASCII digits times ten to the power; `None` for anything that is no digit, what is lost below one, and more than 38 digits.
pub(crate) fn scaled(
    digits: impl Iterator<Item = u8>,
    mut power: i32,
    negative: bool,
) -> Option<i128> {
    const LIMIT: i128 = 10_i128.pow(DIGITS as u32);
    let mut number: i128 = 0;
    // Zeros are held back until a digit follows: those at the end may be beyond the scale.
    let mut zeros: u32 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        if digit == b'0' {
            zeros = zeros.checked_add(1)?;
            continue;
        }
        if number == 0 {
            zeros = 0;
        }
        number = number
            .checked_mul(10_i128.checked_pow(zeros + 1)?)?
            .checked_add(i128::from(digit - b'0'))?;
        if number >= LIMIT {
            return None;
        }
        zeros = 0;
    }
    if number == 0 {
        return Some(0);
    }
    power = power.checked_add(i32::try_from(zeros).ok()?)?;
    let up = 10_i128.checked_pow(u32::try_from(power).ok()?)?;
    number = number.checked_mul(up).filter(|number| *number < LIMIT)?;
    Some(if negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn text_becomes_a_decimal_exactly_or_not_at_all() {
        for (text, scale, wanted) in [
            ("12.34", 2, Some(1_234)),
            ("-0.05", 2, Some(-5)),
            ("7", 2, Some(700)),
            ("7.100", 1, Some(71)),
            ("7.15", 1, None),
            ("1.5e3", 0, Some(1_500)),
            ("15E-1", 1, Some(15)),
            ("0e99999", 2, Some(0)),
            ("-.5", 1, Some(-5)),
            ("00012", 0, Some(12)),
            (
                "99999999999999999999999999999999999999",
                0,
                Some(10_i128.pow(38) - 1),
            ),
            ("100000000000000000000000000000000000000", 0, None),
            ("1e38", 0, None),
            ("1e2147483647", 2, None),
            ("NaN", 2, None),
            ("", 2, None),
            (".", 2, None),
            ("1.2.3", 2, None),
            ("1e", 2, None),
        ] {
            assert_eq!(
                decimal_from(text, scale),
                wanted,
                "{text} with {scale} places"
            );
        }
    }

    #[test]
    fn a_decimal_is_written_with_all_its_places() {
        assert_eq!(Decimal::<2>(-5).to_string(), "-0.05");
        assert_eq!(Decimal::<0>(12).to_string(), "12");
        assert_eq!("12.30".parse::<Decimal<2>>().unwrap(), Decimal(1_230));
        assert!(
            "12.345"
                .parse::<Decimal<2>>()
                .unwrap_err()
                .to_string()
                .contains("2 places")
        );
    }
}
