//! PostgreSQL's `numeric` in binary: digits of base 10,000 with a weight (numeric.c, `numeric_send`), to the nearest 64-bit float.

use std::fmt::Write;

const NEGATIVE: u16 = 0x4000;
const NOT_A_NUMBER: u16 = 0xc000;
const INFINITE: u16 = 0xd000;
const NEGATIVE_INFINITE: u16 = 0xf000;

/// The nearest float; `None` when the bytes are no numeric, or the number is beyond the range of a float.
pub(super) fn to_f64(bytes: &[u8], digits: &mut String) -> Option<f64> {
    let word = |index: usize| -> Option<u16> {
        let at = index * 2;
        Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
    };
    let (count, weight, sign) = (word(0)?, word(1)?.cast_signed(), word(2)?);
    match sign {
        NOT_A_NUMBER => return Some(f64::NAN),
        INFINITE => return Some(f64::INFINITY),
        NEGATIVE_INFINITE => return Some(f64::NEG_INFINITY),
        0 | NEGATIVE => {}
        _ => return None,
    }
    // Decimal text, for the one parser that rounds correctly.
    digits.clear();
    digits.push_str(if sign == NEGATIVE { "-0" } else { "0" });
    for index in 0..usize::from(count) {
        let digit = word(4 + index)?;
        if digit > 9_999 {
            return None;
        }
        let _ = write!(digits, "{digit:04}");
    }
    let exponent = 4 * (i32::from(weight) - i32::from(count) + 1);
    let _ = write!(digits, "e{exponent}");
    digits
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
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
    fn what_no_float_holds_and_what_is_no_numeric_is_nothing() {
        assert_eq!(read(&numeric(1, 100, 0, &[1])), None);
        assert_eq!(read(&numeric(2, 0, 0, &[1])), None);
        assert_eq!(read(&numeric(1, 0, 0, &[10_000])), None);
        assert_eq!(read(&numeric(1, 0, 0x1234, &[1])), None);
        assert_eq!(read(&[0, 1]), None);
    }
}
