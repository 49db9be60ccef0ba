//! Local clock times to instants. The source writes times as `hmm` on the clock of an airport; nothing can be compared or
//! joined before they are instants, and the change of clocks, midnight and overnight flights all have to come out right.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use thiserror::Error;

/// Why a clock time is no instant.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClockError {
    /// Not a time of day.
    #[error("{clock} is not a clock time: it should be hours and minutes as hmm, from 0 to 2400")]
    NoTime {
        /// What was given.
        clock: i32,
    },
    /// A date or instant out of range.
    #[error("{clock} on {day} in {zone} is out of the range of the calendar")]
    OutOfRange {
        /// The clock time.
        clock: i32,
        /// The date.
        day: NaiveDate,
        /// The time zone.
        zone: Tz,
    },
}

/// How far back the offset before a skipped time is looked for; the longest known gap skipped a whole day.
const GAP_STEPS: i32 = 100;
const GAP_STEP: TimeDelta = TimeDelta::minutes(15);

/// The instant at which the clock of `zone` shows `clock` (as `hmm`: 517 is 5:17) on `day`.
///
/// 2400 is the midnight that ends the day. A time that comes twice, when clocks go back, is the first of the two; one that
/// is skipped, when they go forward, is read with the offset before the change (2:30 becomes 3:30).
///
/// # Errors
/// When `clock` is not a time of day.
pub fn instant(day: NaiveDate, clock: i32, zone: Tz) -> Result<DateTime<Utc>, ClockError> {
    let (first, _) = instants(day, clock, zone)?;
    Ok(first)
}

/// The first instant after `departure` at which the clock of `zone` shows `clock`: the arrival of a flight that takes less
/// than a day, on the right day also when it flies through the night or over time zones.
///
/// # Errors
/// When `clock` is not a time of day.
pub fn next(departure: DateTime<Utc>, clock: i32, zone: Tz) -> Result<DateTime<Utc>, ClockError> {
    let start = departure.with_timezone(&zone).date_naive();
    let mut day = start;
    // The departure's own day there, or the next; one more, should a change of clocks have moved both before the departure.
    for _ in 0..3 {
        let (first, second) = instants(day, clock, zone)?;
        for candidate in [first, second] {
            if candidate > departure {
                return Ok(candidate);
            }
        }
        day = day
            .checked_add_days(Days::new(1))
            .ok_or(ClockError::OutOfRange { clock, day, zone })?;
    }
    Err(ClockError::OutOfRange {
        clock,
        day: start,
        zone,
    })
}

/// Both instants of a time that comes twice; else the one, twice.
fn instants(
    day: NaiveDate,
    clock: i32,
    zone: Tz,
) -> Result<(DateTime<Utc>, DateTime<Utc>), ClockError> {
    let range = || ClockError::OutOfRange { clock, day, zone };
    let local = local(day, clock)?.ok_or_else(range)?;
    match zone.from_local_datetime(&local) {
        chrono::LocalResult::Single(one) => Ok((one.to_utc(), one.to_utc())),
        chrono::LocalResult::Ambiguous(first, second) => Ok((first.to_utc(), second.to_utc())),
        chrono::LocalResult::None => {
            let skipped = before_gap(local, zone).ok_or_else(range)?;
            Ok((skipped, skipped))
        }
    }
}

fn local(day: NaiveDate, clock: i32) -> Result<Option<NaiveDateTime>, ClockError> {
    if clock == 2400 {
        return Ok(day
            .checked_add_days(Days::new(1))
            .map(|next| next.and_time(NaiveTime::MIN)));
    }
    let part = |number: i32| u32::try_from(number).ok();
    let time = part(clock / 100)
        .zip(part(clock % 100))
        .and_then(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0))
        .ok_or(ClockError::NoTime { clock })?;
    Ok(Some(day.and_time(time)))
}

/// A skipped local time, read with the offset in force just before the gap.
fn before_gap(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    (1..=GAP_STEPS).find_map(|steps| {
        let back = GAP_STEP * steps;
        let earlier = zone
            .from_local_datetime(&local.checked_sub_signed(back)?)
            .latest()?;
        earlier.to_utc().checked_add_signed(back)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono_tz::America::{Chicago, Los_Angeles, New_York, Puerto_Rico};
    use chrono_tz::Pacific::{Apia, Honolulu};

    fn day(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2013, month, day).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn winter_and_summer_have_their_own_offsets() {
        assert_eq!(
            instant(day(1, 1), 515, New_York).unwrap(),
            utc("2013-01-01T10:15:00Z")
        );
        assert_eq!(
            instant(day(7, 1), 515, New_York).unwrap(),
            utc("2013-07-01T09:15:00Z")
        );
        assert_eq!(
            instant(day(7, 1), 515, Puerto_Rico).unwrap(),
            utc("2013-07-01T09:15:00Z")
        );
    }

    #[test]
    fn twenty_four_hundred_is_the_midnight_that_ends_the_day() {
        assert_eq!(
            instant(day(1, 1), 2400, New_York).unwrap(),
            utc("2013-01-02T05:00:00Z")
        );
        assert_eq!(
            instant(day(12, 31), 2400, New_York).unwrap(),
            utc("2014-01-01T05:00:00Z")
        );
        assert_eq!(
            instant(day(1, 1), 0, New_York).unwrap(),
            utc("2013-01-01T05:00:00Z")
        );
    }

    #[test]
    fn clocks_go_forward_on_10_march() {
        assert_eq!(
            instant(day(3, 10), 159, New_York).unwrap(),
            utc("2013-03-10T06:59:00Z")
        );
        assert_eq!(
            instant(day(3, 10), 300, New_York).unwrap(),
            utc("2013-03-10T07:00:00Z")
        );
        // 2:30 was never shown: read with the winter's offset, it is 3:30 in summer time.
        assert_eq!(
            instant(day(3, 10), 230, New_York).unwrap(),
            utc("2013-03-10T07:30:00Z")
        );
    }

    #[test]
    fn clocks_go_back_on_3_november_and_the_first_of_two_equal_times_is_meant() {
        assert_eq!(
            instant(day(11, 3), 130, New_York).unwrap(),
            utc("2013-11-03T05:30:00Z")
        );
        assert_eq!(
            instant(day(11, 3), 200, New_York).unwrap(),
            utc("2013-11-03T07:00:00Z")
        );
    }

    #[test]
    fn an_arrival_between_two_equal_times_is_the_one_after_the_departure() {
        let between = utc("2013-11-03T05:45:00Z");
        assert_eq!(
            next(between, 130, New_York).unwrap(),
            utc("2013-11-03T06:30:00Z")
        );
    }

    #[test]
    fn a_flight_west_may_arrive_before_it_left_by_the_clocks() {
        let departure = instant(day(1, 1), 1000, New_York).unwrap();
        assert_eq!(
            next(departure, 955, Chicago).unwrap(),
            utc("2013-01-01T15:55:00Z")
        );
        assert_eq!(
            next(departure, 1312, Los_Angeles).unwrap(),
            utc("2013-01-01T21:12:00Z")
        );
        assert_eq!(
            next(departure, 1551, Honolulu).unwrap(),
            utc("2013-01-02T01:51:00Z")
        );
    }

    #[test]
    fn an_overnight_flight_arrives_on_the_next_day() {
        let departure = instant(day(1, 1), 2359, New_York).unwrap();
        assert_eq!(
            next(departure, 437, Puerto_Rico).unwrap(),
            utc("2013-01-02T08:37:00Z")
        );
        assert_eq!(
            next(departure, 2400, Puerto_Rico).unwrap(),
            utc("2013-01-03T04:00:00Z")
        );
        let evening = instant(day(1, 1), 2135, New_York).unwrap();
        assert_eq!(
            next(evening, 2400, Los_Angeles).unwrap(),
            utc("2013-01-02T08:00:00Z")
        );
    }

    #[test]
    fn an_overnight_flight_over_a_change_of_clocks_takes_as_long_as_any_other() {
        let departure = instant(day(3, 9), 2359, New_York).unwrap();
        assert_eq!(
            next(departure, 500, New_York).unwrap() - departure,
            TimeDelta::minutes(241)
        );
        let departure = instant(day(11, 2), 2359, New_York).unwrap();
        assert_eq!(
            next(departure, 500, New_York).unwrap() - departure,
            TimeDelta::minutes(361)
        );
    }

    #[test]
    fn a_skipped_day_is_no_trap() {
        // Samoa went over the date line and had no 30 December 2011.
        let skipped = NaiveDate::from_ymd_opt(2011, 12, 30).unwrap();
        assert_eq!(
            instant(skipped, 1200, Apia).unwrap(),
            utc("2011-12-30T22:00:00Z")
        );
    }

    #[test]
    fn what_is_no_time_of_day_is_refused() {
        for clock in [-1, 60, 1275, 2401, 2500, i32::MAX] {
            assert_eq!(
                instant(day(1, 1), clock, New_York),
                Err(ClockError::NoTime { clock }),
                "{clock}"
            );
        }
    }
}
