//! [`Format`]: how the text of a cell becomes a value of its field's kind.

use crate::record::Kind;
use std::fmt;

/// How a text is read. Every format is strict: what it does not describe is a misfit, and so is a day or time that its pattern
/// would write otherwise (`1/2/2013` is not `%m/%d/%Y`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The text itself.
    Text,
    /// A whole number, also one written with decimals that are all zero: `2475.00` is 2475.
    Whole,
    /// A finite decimal number, with or without an exponent.
    Number,
    /// Digits that a page writes with commas between each three: `12,079`.
    Grouped,
    /// A day, by a pattern of chrono such as `%Y-%m-%d`.
    Date(&'static str),
    /// A day and a time of day, by a pattern of chrono; for a timestamp it is read as UTC.
    Datetime(&'static str),
    /// Four digits `hhmm` from `0000` to `2400`, kept as text so that zeros stay.
    Clock,
    /// 0 for false and 1 for true, also with decimals: `1.00`.
    Flag,
    /// One text for true and one for false.
    Choice {
        /// True.
        yes: &'static str,
        /// False.
        no: &'static str,
    },
    /// Whether the text is this one, so that a mark which stands in a number's column has a field of its own.
    Is(&'static str),
}

impl Format {
    /// The format that a kind has when none is declared; instants have none, as there are many ways to write them.
    pub(super) fn of(kind: &Kind) -> Option<Format> {
        Some(match kind {
            Kind::Text => Format::Text,
            Kind::Int32 | Kind::Int64 => Format::Whole,
            Kind::Float32 | Kind::Float64 => Format::Number,
            Kind::Bool => Format::Flag,
            Kind::Date => Format::Date("%Y-%m-%d"),
            _ => return None,
        })
    }

    /// Whether it makes values of this kind.
    pub(super) fn makes(self, kind: &Kind) -> bool {
        match self {
            Format::Text | Format::Clock => *kind == Kind::Text,
            Format::Whole | Format::Grouped => matches!(kind, Kind::Int32 | Kind::Int64),
            Format::Number => matches!(kind, Kind::Float32 | Kind::Float64),
            Format::Date(_) => *kind == Kind::Date,
            Format::Datetime(_) => matches!(kind, Kind::Datetime | Kind::Timestamp),
            Format::Flag | Format::Choice { .. } | Format::Is(_) => *kind == Kind::Bool,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Text => "text",
            Format::Whole => "a whole number, decimals only of zeros",
            Format::Number => "a number",
            Format::Grouped => "a whole number with commas between thousands",
            Format::Date(pattern) => return write!(f, "a day as {pattern}"),
            Format::Datetime(pattern) => return write!(f, "a day and time as {pattern}"),
            Format::Clock => "a clock time of four digits hhmm, 0000 to 2400",
            Format::Flag => "0 or 1",
            Format::Choice { yes, no } => return write!(f, "{yes:?} or {no:?}"),
            Format::Is(mark) => return write!(f, "whether it is {mark:?}"),
        })
    }
}

/// A whole number; decimals have to be zeros. `None` when it is none, or beyond 64 bits.
pub(super) fn whole(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut number: i64 = 0;
    let mut at = 0;
    while let Some(digit @ b'0'..=b'9') = digits.get(at) {
        let digit = i64::from(digit - b'0');
        // Downwards, because the least number has no positive twin.
        number = number.checked_mul(10)?.checked_sub(digit)?;
        at += 1;
    }
    if at == 0 {
        return None;
    }
    match &digits[at..] {
        [] => {}
        [b'.', zeros @ ..] if !zeros.is_empty() && zeros.iter().all(|zero| *zero == b'0') => {}
        _ => return None,
    }
    if negative {
        Some(number)
    } else {
        number.checked_neg()
    }
}

/// A whole number with commas between each three digits, or without any.
pub(super) fn grouped(text: &[u8]) -> Option<i64> {
    if !text.contains(&b',') {
        return whole(text).filter(|_| !text.contains(&b'.'));
    }
    let mut groups = text.split(|byte| *byte == b',');
    let first = groups.next()?;
    let mut digits = first.to_vec();
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        digits.extend_from_slice(group);
    }
    let unsigned = first.strip_prefix(b"-").unwrap_or(first);
    let plain = digits.strip_prefix(b"-").unwrap_or(&digits);
    ((1..=3).contains(&unsigned.len()) && plain.iter().all(u8::is_ascii_digit))
        .then(|| whole(&digits))
        .flatten()
}

/// Whether the text is a clock time `hhmm`.
pub(super) fn is_clock(text: &[u8]) -> bool {
    let [a, b, c, d] = text else { return false };
    if ![a, b, c, d].iter().all(|digit| digit.is_ascii_digit()) {
        return false;
    }
    let hour = (a - b'0') * 10 + (b - b'0');
    let minute = (c - b'0') * 10 + (d - b'0');
    (hour < 24 && minute < 60) || (hour == 24 && minute == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_have_decimals_of_zeros_and_no_others() {
        let read = |text: &str| whole(text.as_bytes());
        assert_eq!(
            ["2475.00", "-7.00", "0", "200", "+5", "-1"].map(read),
            [Some(2475), Some(-7), Some(0), Some(200), Some(5), Some(-1)]
        );
        assert_eq!(read("-9223372036854775808"), Some(i64::MIN));
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".0",
            "1.50",
            "1e3",
            " 1",
            "1 ",
            "9223372036854775808",
            "0x1",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn thousands_are_set_apart_by_threes_or_not_at_all() {
        let read = |text: &str| grouped(text.as_bytes());
        assert_eq!(
            ["12,079", "62,464,331", "13", "-1,000"].map(read),
            [Some(12_079), Some(62_464_331), Some(13), Some(-1_000)]
        );
        for text in [
            "12,07", "1234,567", ",123", "1,,234", "1,234.0", "1,-34", "-,123", "+,123",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn clock_times_are_four_digits_up_to_the_midnight_that_ends_the_day() {
        for clock in ["0000", "0053", "2359", "2400"] {
            assert!(is_clock(clock.as_bytes()), "{clock}");
        }
        for clock in ["", "53", "0060", "2401", "2500", "12:3", "00053"] {
            assert!(!is_clock(clock.as_bytes()), "{clock}");
        }
    }
}
