//! Numbers of every width in one order: 32- and 64-bit integers, doubles and decimals compare by their exact values.
//!
//! NaN equals NaN and is below every other number, as in MongoDB.

use bson::Decimal128;
use std::cmp::Ordering;

/// The first integer that an `i64` cannot hold, as a double.
const ABOVE_WHOLE: f64 = 9_223_372_036_854_775_808.0;
/// The significant digits that the longest double has in decimal, less one.
const DIGITS_OF_DOUBLE: usize = 766;

/// A number. Equal values are equal whatever their width.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Whole(i64),
    Real(f64),
    Decimal(Decimal),
}

/// A finite decimal: the coefficient times ten to the exponent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal {
    negative: bool,
    coefficient: u128,
    exponent: i32,
}

impl Number {
    /// A decimal's number; its infinities and NaN are those of doubles.
    pub(super) fn of_decimal(decimal: Decimal128) -> Number {
        /// Higher coefficients than 34 nines stand for zero.
        const COEFFICIENTS: u128 = 10_u128.pow(34);
        let bits = u128::from_le_bytes(decimal.bytes());
        let negative = bits >> 127 == 1;
        let (biased, coefficient) = match (bits >> 122) & 0b1_1111 {
            0b1_1111 => return Number::Real(f64::NAN),
            0b1_1110 if negative => return Number::Real(f64::NEG_INFINITY),
            0b1_1110 => return Number::Real(f64::INFINITY),
            // The form for coefficients that are too high.
            0b1_1000..=0b1_1101 => (0, 0),
            _ => ((bits >> 113) & 0x3fff, bits & ((1 << 113) - 1)),
        };
        Number::Decimal(Decimal {
            negative,
            coefficient: if coefficient < COEFFICIENTS {
                coefficient
            } else {
                0
            },
            exponent: i32::try_from(biased).unwrap_or(0) - 6176,
        })
    }

    pub(super) fn is_nan(self) -> bool {
        matches!(self, Number::Real(real) if real.is_nan())
    }

    /// The number in decimal. NaN must have been dealt with.
    fn written(self) -> Written {
        match self {
            Number::Whole(whole) => {
                Written::new(whole.is_negative(), whole.unsigned_abs().to_string(), 0)
            }
            Number::Real(real) if real.is_infinite() => Written {
                sign: if real > 0.0 { 1 } else { -1 },
                magnitude: i32::MAX,
                digits: String::new(),
            },
            Number::Real(real) => {
                // One digit, a point, the other digits, `e` and the exponent of the first digit.
                let text = format!("{:.DIGITS_OF_DOUBLE$e}", real.abs());
                let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let last = i32::try_from(DIGITS_OF_DOUBLE).unwrap_or(0);
                Written::new(
                    real < 0.0,
                    digits.replace('.', ""),
                    exponent.parse().unwrap_or(0) - last,
                )
            }
            Number::Decimal(decimal) => Written::new(
                decimal.negative,
                decimal.coefficient.to_string(),
                decimal.exponent,
            ),
        }
    }
}

/// A number's digits, from the first that is not zero to the last one.
struct Written {
    /// -1, 0 or 1.
    sign: i8,
    /// The power of ten of the first digit.
    magnitude: i32,
    digits: String,
}

impl Written {
    /// From digits of which the last is worth ten to the exponent.
    fn new(negative: bool, digits: String, exponent: i32) -> Written {
        let significant = digits.trim_start_matches('0');
        let length = i32::try_from(significant.len()).unwrap_or(0);
        let digits = significant.trim_end_matches('0').to_owned();
        Written {
            sign: match (digits.is_empty(), negative) {
                (true, _) => 0,
                (false, true) => -1,
                (false, false) => 1,
            },
            magnitude: length - 1 + exponent,
            digits,
        }
    }

    fn compare(&self, other: &Written) -> Ordering {
        let size = |a: &Written, b: &Written| {
            a.magnitude
                .cmp(&b.magnitude)
                .then_with(|| a.digits.cmp(&b.digits))
        };
        self.sign.cmp(&other.sign).then_with(|| match self.sign {
            0 => Ordering::Equal,
            1 => size(self, other),
            _ => size(other, self),
        })
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (*self, *other) {
            (a, b) if a.is_nan() || b.is_nan() => b.is_nan().cmp(&a.is_nan()),
            (Number::Whole(a), Number::Whole(b)) => a.cmp(&b),
            (Number::Real(a), Number::Real(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            (Number::Whole(a), Number::Real(b)) => whole_and_real(a, b),
            (Number::Real(a), Number::Whole(b)) => whole_and_real(b, a).reverse(),
            (a, b) => a.written().compare(&b.written()),
        }
    }
}

/// Compares exactly; a large integer is not rounded to a double. The double must not be NaN.
fn whole_and_real(whole: i64, real: f64) -> Ordering {
    if real >= ABOVE_WHOLE {
        Ordering::Less
    } else if real < -ABOVE_WHOLE {
        Ordering::Greater
    } else {
        let fraction = 0.0.partial_cmp(&real.fract());
        whole
            .cmp(&(real.trunc() as i64))
            .then(fraction.unwrap_or(Ordering::Equal))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use Number::{Real, Whole};

    fn decimal(text: &str) -> Number {
        Number::of_decimal(text.parse().unwrap())
    }

    #[test]
    fn numbers_of_all_widths_are_in_one_order() {
        let ascending = [
            Real(f64::NAN),
            decimal("-Infinity"),
            Real(f64::MIN),
            Real(-ABOVE_WHOLE * 2.0),
            Whole(i64::MIN),
            decimal("-1.5"),
            Whole(-1),
            decimal("-1E-6000"),
            Whole(0),
            Real(f64::from_bits(1)),
            decimal("0.1"),
            Real(0.1),
            decimal("0.25"),
            Whole(9_007_199_254_740_992),
            Whole(9_007_199_254_740_993),
            Real(9_007_199_254_740_994.0),
            Whole(i64::MAX),
            Real(ABOVE_WHOLE),
            decimal("9223372036854775808.5"),
            decimal("9E+6000"),
            Real(f64::INFINITY),
        ];
        for (at, low) in ascending.iter().enumerate() {
            for (place, high) in ascending.iter().enumerate() {
                assert_eq!(low.cmp(high), at.cmp(&place), "{low:?} and {high:?}");
            }
        }
    }

    #[test]
    fn one_value_is_equal_to_itself_in_every_width() {
        for equal in [
            vec![Whole(0), Real(0.0), Real(-0.0), decimal("-0E+3")],
            vec![
                Whole(1500),
                Real(1500.0),
                decimal("1.5E+3"),
                decimal("1500.00"),
            ],
            vec![Real(-0.375), decimal("-0.375")],
            vec![Real(f64::NAN), Real(-f64::NAN), decimal("NaN")],
            vec![Real(f64::NEG_INFINITY), decimal("-Infinity")],
        ] {
            for (a, b) in equal.iter().flat_map(|a| equal.iter().map(move |b| (a, b))) {
                assert_eq!(a, b);
            }
        }
    }
}
