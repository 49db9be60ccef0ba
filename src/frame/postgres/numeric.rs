//! PostgreSQL's `numeric` in binary: digits of base 10,000 with a weight (numeric.c, `numeric_send`), to the nearest 64-bit float
//! or to an exact decimal.

use crate::record::scaled;
use std::fmt::Write;

const NEGATIVE: u16 = 0x4000;
const NOT_A_NUMBER: u16 = 0xc000;
const INFINITE: u16 = 0xd000;
const NEGATIVE_INFINITE: u16 = 0xf000;

/// The nearest float; `None` when the bytes are no numeric, or the number is beyond the range of a float.
pub(super) fn to_f64(bytes: &[u8], text: &mut String) -> Option<f64> {
    match word(bytes, 2)? {
        NOT_A_NUMBER => return Some(f64::NAN),
        INFINITE => return Some(f64::INFINITY),
        NEGATIVE_INFINITE => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let Finite { negative, power } = digits(bytes, text)?;
    // Decimal text goes to the one parser that rounds correctly.
    let _ = write!(text, "e{power}");
    let is_zero = text
        .bytes()
        .take_while(u8::is_ascii_digit)
        .all(|digit| digit == b'0');
    let size: f64 = text.parse().ok()?;
    let is_held = size.is_finite() && (size == 0.0) == is_zero;
    is_held.then_some(if negative { -size } else { size })
}

/// The number times ten to the `scale`; `None` when the bytes are no numeric, it is not finite, it has a digit beyond the scale, or
/// more than 38 digits.
pub(super) fn to_decimal(bytes: &[u8], scale: u8, text: &mut String) -> Option<i128> {
    let Finite { negative, power } = digits(bytes, text)?;
    scaled(text.bytes(), power + i32::from(scale), negative)
}

/// What there is to a finite number beside its digits.
struct Finite {
    negative: bool,
    /// Ten to this power times the digits is the number.
    power: i32,
}

/// Writes the decimal digits into `text`.
fn digits(bytes: &[u8], text: &mut String) -> Option<Finite> {
    let (count, weight, sign) = (
        word(bytes, 0)?,
        word(bytes, 1)?.cast_signed(),
        word(bytes, 2)?,
    );
    let negative = match sign {
        0 => false,
        NEGATIVE => true,
        _ => return None,
    };
    text.clear();
    text.push('0');
    for index in 0..usize::from(count) {
        let digit = word(bytes, 4 + index)?;
        if digit > 9_999 {
            return None;
        }
        let _ = write!(text, "{digit:04}");
    }
    let power = 4 * (i32::from(weight) - i32::from(count) + 1);
    Some(Finite { negative, power })
}

fn word(bytes: &[u8], index: usize) -> Option<u16> {
    let at = index * 2;
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn numeric(count: u16, weight: i16, sign: u16, digits: &[u16]) -> Vec<u8> {
        [count, weight.cast_unsigned(), sign, 0]
            .iter()
            .chain(digits)
            .flat_map(|word| word.to_be_bytes())
            .collect()
    }

    fn read(bytes: &[u8]) -> Option<f64> {
        to_f64(bytes, &mut String::new())
    }

    #[test]
    fn digits_of_base_ten_thousand_become_the_nearest_float() {
        assert_eq!(read(&numeric(2, 0, 0, &[12, 3400])), Some(12.34));
        assert_eq!(read(&numeric(1, 0, NEGATIVE, &[7])), Some(-7.0));
        assert_eq!(read(&numeric(0, 0, 0, &[])), Some(0.0));
        assert_eq!(read(&numeric(1, -1, 0, &[1000])), Some(0.1));
        assert_eq!(read(&numeric(1, 5, 0, &[1])), Some(1e20));
        assert!(read(&numeric(0, 0, NOT_A_NUMBER, &[])).unwrap().is_nan());
        assert_eq!(
            read(&numeric(0, 0, NEGATIVE_INFINITE, &[])),
            Some(f64::NEG_INFINITY)
        );
    }

    #[test]
    fn digits_of_base_ten_thousand_become_an_exact_decimal_or_none() {
        let exact = |bytes: &[u8], scale| to_decimal(bytes, scale, &mut String::new());
        assert_eq!(exact(&numeric(2, 0, 0, &[12, 3400]), 2), Some(1_234));
        assert_eq!(exact(&numeric(2, 0, 0, &[12, 3400]), 1), None);
        assert_eq!(exact(&numeric(1, 1, NEGATIVE, &[7]), 0), Some(-70_000));
        assert_eq!(exact(&numeric(0, 0, 0, &[]), 3), Some(0));
        assert_eq!(exact(&numeric(1, 9, 0, &[10]), 0), Some(10_i128.pow(37)));
        assert_eq!(exact(&numeric(1, 9, 0, &[100]), 0), None);
        assert_eq!(exact(&numeric(1, 32_767, 0, &[1]), 0), None);
        assert_eq!(exact(&numeric(1, -32_768, 0, &[1]), 38), None);
        assert_eq!(exact(&numeric(0, 0, NOT_A_NUMBER, &[]), 0), None);
    }

    #[test]
    fn what_no_float_holds_and_what_is_no_numeric_is_nothing() {
        assert_eq!(read(&numeric(1, 100, 0, &[1])), None);
        assert_eq!(read(&numeric(1, -100, 0, &[1])), None);
        assert_eq!(read(&numeric(2, 0, 0, &[1])), None);
        assert_eq!(read(&numeric(1, 0, 0, &[10_000])), None);
        assert_eq!(read(&numeric(1, 0, 0x1234, &[1])), None);
        assert_eq!(read(&[0, 1]), None);
    }
}
