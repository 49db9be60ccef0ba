//! How numbers read on a chart: as few digits as the distance between ticks needs, thousands in groups, percent as such.

/// How the numbers of one axis are written: the same decimals and the same unit for all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NumberFormat {
    percent: bool,
    divisor: f64,
    suffix: &'static str,
    decimals: usize,
    scientific: bool,
}

impl NumberFormat {
    /// The format for ticks `step` apart whose largest size is `largest`; `percent` shows the share 0.25 as "25%".
    pub(crate) fn for_ticks(largest: f64, step: f64, percent: bool) -> Self {
        let factor = if percent { 100.0 } else { 1.0 };
        let (largest, step) = ((largest * factor).abs(), (step * factor).abs());
        if !(largest < 1e15 && step > 1e-7) {
            return Self {
                percent,
                divisor: 1.0,
                suffix: "",
                decimals: 2,
                scientific: true,
            };
        }
        let (divisor, suffix) = match largest {
            size if size >= 1e9 && !percent => (1e9, "bn"),
            size if size >= 1e6 && !percent => (1e6, "M"),
            _ => (1.0, ""),
        };
        let decimals = (-(step / divisor * (1.0 + 1e-9)).log10().floor()).clamp(0.0, 9.0) as usize;
        Self {
            percent,
            divisor,
            suffix,
            decimals,
            scientific: false,
        }
    }

    /// The format for `values` written beside each other, the largest of them with about `digits` digits.
    pub(crate) fn for_values(
        values: impl IntoIterator<Item = f64>,
        digits: i32,
        percent: bool,
    ) -> Self {
        let factor = if percent { 100.0 } else { 1.0 };
        let mut largest = 0.0f64;
        let mut whole = true;
        for value in values.into_iter().filter(|value| value.is_finite()) {
            largest = largest.max(value.abs());
            let shown = value * factor;
            whole &= (shown - shown.round()).abs() <= shown.abs() * 1e-12;
        }
        let size = largest * factor;
        let step = if size > 0.0 {
            10f64.powf(size.log10().floor() - f64::from(digits - 1))
        } else {
            1.0
        };
        // Large numbers keep all their digits up to the point; whole ones need nothing after it.
        let step = if whole { step.max(1.0) } else { step.min(1.0) };
        let format = Self::for_ticks(largest, step / factor, percent);
        if format.divisor > 1.0 {
            Self {
                decimals: 2,
                ..format
            }
        } else {
            format
        }
    }

    /// `value` in this format; the minus is the typographic one.
    pub(crate) fn text(&self, value: f64) -> String {
        let value = if self.percent { value * 100.0 } else { value };
        let text = if value == 0.0 {
            "0".to_owned()
        } else if self.scientific {
            shorten_exponent(&format!("{value:.*e}", self.decimals))
        } else {
            let digits = format!("{:.*}", self.decimals, (value / self.divisor).abs());
            let sign = if value < 0.0 && digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit))
            {
                "−"
            } else {
                ""
            };
            format!("{sign}{}{}", grouped(&digits), self.suffix)
        };
        if self.percent {
            format!("{text}%")
        } else {
            text
        }
    }
}

/// One value on its own, to at most three significant digits: 0.2371 is "0.237", in percent "23.7%"; 0.250 is "0.25".
pub(crate) fn value_text(value: f64, percent: bool) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let mut format = NumberFormat::for_values([value], 3, percent);
    let shown = if percent { value * 100.0 } else { value } / format.divisor;
    while format.decimals > 0
        && !format.scientific
        && format!("{shown:.*}", format.decimals).ends_with('0')
    {
        format.decimals -= 1;
    }
    format.text(value)
}

/// `value` to `digits` significant digits, so that JSON holds 0.237 and not 0.23700000000000002.
pub(crate) fn rounded(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    format!("{value:.*e}", (digits - 1).max(0) as usize)
        .parse()
        .unwrap_or(value)
}

/// A count with groups of three digits: 327,346.
pub(crate) fn count(value: usize) -> String {
    grouped(&value.to_string())
}

/// Digits with a comma between groups of three before the point.
fn grouped(digits: &str) -> String {
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut text = String::with_capacity(digits.len() + whole.len() / 3 + 1);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// `2.00e-7` as `2e-7`.
fn shorten_exponent(text: &str) -> String {
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => {
            format!(
                "{}e{exponent}",
                mantissa.trim_end_matches('0').trim_end_matches('.')
            )
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_share_their_decimals_and_group_thousands() {
        let format = NumberFormat::for_ticks(0.5, 0.1, false);
        assert_eq!(
            [format.text(0.0), format.text(0.1), format.text(-0.5)],
            ["0", "0.1", "−0.5"]
        );
        assert_eq!(
            NumberFormat::for_ticks(40_000.0, 10_000.0, false).text(20_000.0),
            "20,000"
        );
        assert_eq!(NumberFormat::for_ticks(3e6, 5e5, false).text(2.5e6), "2.5M");
        assert_eq!(
            NumberFormat::for_ticks(3e-9, 1e-9, false).text(2e-9),
            "2e-9"
        );
    }

    #[test]
    fn shares_read_as_percent() {
        assert_eq!(NumberFormat::for_ticks(0.4, 0.1, true).text(0.3), "30%");
        assert_eq!(
            NumberFormat::for_ticks(0.04, 0.005, true).text(0.015),
            "1.5%"
        );
        assert_eq!(value_text(0.2371, true), "23.7%");
    }

    #[test]
    fn single_values_keep_three_digits() {
        assert_eq!(value_text(0.23712, false), "0.237");
        assert_eq!(value_text(15.0, false), "15");
        assert_eq!(value_text(9.3, false), "9.3");
        assert_eq!(value_text(0.0004, true), "0.04%");
        assert_eq!(value_text(327_346.0, false), "327,346");
        assert_eq!(value_text(2_345_678.0, false), "2.35M");
        assert_eq!(value_text(f64::NAN, false), "–");
        assert_eq!(count(1_010_328), "1,010,328");
    }

    #[test]
    fn values_beside_each_other_share_their_decimals() {
        let format = NumberFormat::for_values([15.0, 13.1, -0.2, f64::NAN], 3, false);
        assert_eq!(
            [format.text(15.0), format.text(13.1), format.text(-0.2)],
            ["15.0", "13.1", "−0.2"]
        );
        let cells = NumberFormat::for_values([0.081, 0.39], 2, true);
        assert_eq!([cells.text(0.081), cells.text(0.39)], ["8%", "39%"]);
    }

    #[test]
    fn rounding_keeps_significant_digits() {
        assert_eq!(rounded(0.23700000000000002, 7), 0.237);
        assert_eq!(rounded(-123_456_789.0, 3), -123_000_000.0);
        assert!(rounded(f64::NAN, 3).is_nan());
    }
}
