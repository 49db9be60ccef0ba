//! Ticks on an axis of time: they fall on whole years, months, days, hours or minutes, never on round numbers of seconds.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime, TimeDelta};

/// The distance between two ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Seconds(i64),
    Days(i64),
    Months(u32),
}

const STEPS: [Step; 28] = [
    Step::Seconds(1),
    Step::Seconds(5),
    Step::Seconds(15),
    Step::Seconds(30),
    Step::Seconds(60),
    Step::Seconds(5 * 60),
    Step::Seconds(15 * 60),
    Step::Seconds(30 * 60),
    Step::Seconds(3600),
    Step::Seconds(3 * 3600),
    Step::Seconds(6 * 3600),
    Step::Seconds(12 * 3600),
    Step::Days(1),
    Step::Days(2),
    Step::Days(5),
    Step::Days(10),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(2 * 12),
    Step::Months(5 * 12),
    Step::Months(10 * 12),
    Step::Months(20 * 12),
    Step::Months(50 * 12),
    Step::Months(100 * 12),
    Step::Months(500 * 12),
];

impl Step {
    fn seconds(self) -> f64 {
        match self {
            Step::Seconds(seconds) => seconds as f64,
            Step::Days(days) => days as f64 * 86_400.0,
            Step::Months(months) => f64::from(months) * 30.436_875 * 86_400.0,
        }
    }
}

/// About `target` ticks, at most, between two instants in seconds since 1970 (UTC), each with its label.
/// Instants outside the years 1 to 9999 get none.
pub(crate) fn ticks(low: f64, high: f64, target: usize) -> Vec<(f64, String)> {
    let (Some(start), Some(end)) = (instant(low), instant(high)) else {
        return Vec::new();
    };
    let span = high - low;
    let step = STEPS
        .into_iter()
        .find(|step| span / step.seconds() <= target.max(1) as f64)
        .unwrap_or(Step::Months(500 * 12));
    let mut found = Vec::new();
    let mut tick = floor(start, step);
    while let Some(at) = tick.filter(|at| *at <= end && found.len() < 100) {
        if at >= start {
            found.push(at);
        }
        tick = next(at, step);
    }
    let years_differ = start.year() != end.year();
    let labels = found.iter().enumerate().map(|(index, &at)| {
        let previous = index.checked_sub(1).and_then(|index| found.get(index));
        (
            at.and_utc().timestamp() as f64,
            label(at, step, previous, years_differ),
        )
    });
    labels.collect()
}

/// One instant in seconds since 1970 as ISO 8601; whole days without the time.
pub(crate) fn iso(seconds: f64) -> String {
    match instant(seconds) {
        Some(at) if at.and_utc().timestamp() % 86_400 == 0 && seconds.fract() == 0.0 => {
            at.format("%Y-%m-%d").to_string()
        }
        Some(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        None => format!("{seconds} s"),
    }
}

fn instant(seconds: f64) -> Option<NaiveDateTime> {
    if !seconds.is_finite() {
        return None;
    }
    let at = DateTime::from_timestamp(seconds.floor() as i64, 0)?.naive_utc();
    (1..=9999).contains(&at.year()).then_some(at)
}

/// The last tick at or before `at`.
fn floor(at: NaiveDateTime, step: Step) -> Option<NaiveDateTime> {
    let midnight = at.date().and_hms_opt(0, 0, 0)?;
    match step {
        Step::Seconds(seconds) => {
            let past = (at - midnight).num_seconds();
            Some(midnight + TimeDelta::seconds(past - past % seconds))
        }
        // Days are counted within a month (1, 11, 21 …), so that a tick never drifts through the months.
        Step::Days(days) => {
            let day = i64::from(at.day0());
            at.date()
                .with_day0((day - day % days) as u32)?
                .and_hms_opt(0, 0, 0)
        }
        Step::Months(months) => {
            let month = at.year() * 12 + at.month0() as i32;
            let month = month - month.rem_euclid(months as i32);
            NaiveDate::from_ymd_opt(month.div_euclid(12), month.rem_euclid(12) as u32 + 1, 1)?
                .and_hms_opt(0, 0, 0)
        }
    }
}

fn next(at: NaiveDateTime, step: Step) -> Option<NaiveDateTime> {
    match step {
        Step::Seconds(seconds) => at.checked_add_signed(TimeDelta::seconds(seconds)),
        Step::Months(months) => at.checked_add_months(Months::new(months)),
        Step::Days(days) => {
            let next = at.checked_add_signed(TimeDelta::days(days))?;
            let month_after = at.date().with_day(1)?.checked_add_months(Months::new(1))?;
            // A rest shorter than half a step before the next month's first would crowd its tick.
            let room = (month_after - next.date()).num_days() * 2 > days;
            if next.date() < month_after && room {
                Some(next)
            } else {
                month_after.and_hms_opt(0, 0, 0)
            }
        }
    }
}

fn label(
    at: NaiveDateTime,
    step: Step,
    previous: Option<&NaiveDateTime>,
    years_differ: bool,
) -> String {
    let new_year = previous.is_none_or(|previous| previous.year() != at.year());
    let new_day = previous.is_none_or(|previous| previous.date() != at.date());
    let format = match step {
        Step::Months(months) if months % 12 == 0 => "%Y",
        Step::Months(_) if new_year => "%b %Y",
        Step::Months(_) => "%b",
        Step::Days(_) if new_year && years_differ => "%-d %b %Y",
        Step::Days(_) => "%-d %b",
        Step::Seconds(_) if new_day => "%-d %b %H:%M",
        Step::Seconds(seconds) if seconds < 60 => "%H:%M:%S",
        Step::Seconds(_) => "%H:%M",
    };
    at.format(format).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    fn seconds(text: &str) -> f64 {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M")
            .unwrap()
            .and_utc()
            .timestamp() as f64
    }

    #[test]
    fn a_year_has_a_tick_a_quarter_or_month_and_names_the_year_once() {
        let found = ticks(seconds("2013-01-01 00:00"), seconds("2013-12-31 00:00"), 7);
        let labels: Vec<_> = found.into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["Jan 2013", "Mar", "May", "Jul", "Sep", "Nov"]);
    }

    #[test]
    fn a_day_is_cut_at_whole_hours() {
        let found = ticks(seconds("2013-03-10 01:30"), seconds("2013-03-10 13:00"), 6);
        let labels: Vec<_> = found.into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["10 Mar 03:00", "06:00", "09:00", "12:00"]);
    }

    #[test]
    fn instants_that_no_calendar_holds_get_no_ticks() {
        assert!(ticks(-1e18, 1e18, 6).is_empty());
        assert!(ticks(f64::NAN, 0.0, 6).is_empty());
    }

    proptest! {
        #[test]
        fn any_period_gets_rising_ticks_inside_it(low in -6e10..2e11f64, span in 2.0..3e10f64) {
            let found = ticks(low, low + span, 6);
            prop_assert!(found.len() <= 16, "{}", found.len());
            prop_assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert!(found.iter().all(|(at, _)| *at >= low.floor() && *at <= low + span));
        }
    }
}
