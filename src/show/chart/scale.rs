//! Where a value lies on paper and which values are worth a tick: 1, 2 or 5 times a power of ten.

/// Values beyond this are drawn at it: differences of larger ones overflow.
const LARGEST: f64 = 1e300;

/// A straight map from values to pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Linear {
    /// The values at the two ends.
    pub(crate) domain: (f64, f64),
    /// The pixels at the two ends.
    pub(crate) range: (f64, f64),
}

impl Linear {
    /// The pixel of `value`.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = (value - self.domain.0) / (self.domain.1 - self.domain.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// True where `value` lies between the ends.
    pub(crate) fn contains(&self, value: f64) -> bool {
        value >= self.domain.0 && value <= self.domain.1
    }
}

/// Tick values with the distance between them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ticks {
    /// In rising order.
    pub(crate) values: Vec<f64>,
    /// Distance between neighbours.
    pub(crate) step: f64,
}

/// The smallest and largest finite value, if there is one.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold(None, |seen, value| match seen {
            None => Some((value, value)),
            Some((low, high)) => Some((low.min(value), high.max(value))),
        })
}

/// A domain that can be drawn: in order, finite, and wide enough that pixels differ. One value gets room on both sides.
pub(crate) fn drawable(low: f64, high: f64) -> (f64, f64) {
    let clamp = |value: f64| {
        if value.is_finite() {
            value.clamp(-LARGEST, LARGEST)
        } else {
            0.0
        }
    };
    let (low, high) = (clamp(low).min(clamp(high)), clamp(low).max(clamp(high)));
    let size = low.abs().max(high.abs());
    if size < 1e-290 {
        return if low < 0.0 { (-1.0, 0.0) } else { (0.0, 1.0) };
    }
    if high - low > size * 1e-9 {
        return (low, high);
    }
    (low - size * 0.5, high + size * 0.5)
}

/// About `target` round values inside `low..=high`.
pub(crate) fn ticks(low: f64, high: f64, target: usize) -> Ticks {
    let (low, high) = drawable(low, high);
    let step = step(high - low, target);
    Ticks {
        values: multiples(low, high, step),
        step,
    }
}

/// The domain `low..=high` widened to its neighbouring ticks, with those ticks.
pub(crate) fn nice(low: f64, high: f64, target: usize) -> ((f64, f64), Ticks) {
    let (low, high) = drawable(low, high);
    let step = step(high - low, target);
    let low = tidy((low / step + 1e-9).floor() * step, step);
    let high = tidy((high / step - 1e-9).ceil() * step, step);
    (
        (low, high),
        Ticks {
            values: multiples(low, high, step),
            step,
        },
    )
}

/// The multiples of `step` inside `low..=high`.
fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    let count = ((last - first) as usize).min(1000);
    (0..=count)
        .map(|index| tidy((first + index as f64) * step, step))
        .collect()
}

/// The smallest of 1, 2, 5 times a power of ten that cuts `span` into at most `target` parts.
fn step(span: f64, target: usize) -> f64 {
    let raw = span / target.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * power >= raw * (1.0 - 1e-9))
        .unwrap_or(10.0);
    factor * power
}

/// `value` without the noise of its multiplication: 0.30000000000000004 is 0.3.
fn tidy(value: f64, step: f64) -> f64 {
    let digits = (-step.log10().floor()).clamp(-300.0, 300.0) as i32 + 1;
    if !(0..=15).contains(&digits) {
        return value + 0.0;
    }
    let power = 10f64.powi(digits);
    let rounded = (value * power).round() / power;
    // Adding a zero turns -0.0 into 0.0.
    if rounded.is_finite() {
        rounded + 0.0
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round_numbers_inside_the_domain() {
        assert_eq!(ticks(0.0, 0.5, 5).values, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]);
        assert_eq!(
            ticks(-37.0, 212.0, 5).values,
            [0.0, 50.0, 100.0, 150.0, 200.0]
        );
    }

    #[test]
    fn a_nice_domain_ends_on_ticks() {
        let (domain, ticks) = nice(0.0, 0.437, 5);
        assert_eq!(domain, (0.0, 0.5));
        assert_eq!(ticks.values.last(), Some(&0.5));
    }

    #[test]
    fn one_value_gets_room_on_both_sides() {
        let (low, high) = drawable(42.0, 42.0);
        assert!(low < 42.0 && high > 42.0);
        assert_eq!(drawable(0.0, 0.0), (0.0, 1.0));
        assert_eq!(drawable(f64::NAN, f64::INFINITY), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn any_two_numbers_get_rising_finite_ticks(low in any::<f64>(), high in any::<f64>(), target in 1usize..20) {
            let found = ticks(low, high, target);
            prop_assert!(found.step.is_finite() && found.step > 0.0);
            prop_assert!(found.values.len() <= target + 2);
            prop_assert!(found.values.iter().all(|value| value.is_finite()));
            prop_assert!(found.values.windows(2).all(|pair| pair[0] < pair[1]), "{found:?}");
        }

        #[test]
        fn a_nice_domain_holds_the_values_it_was_made_for(low in -1e12..1e12f64, span in 1e-3..1e12f64) {
            let high = low + span;
            let ((bottom, top), found) = nice(low, high, 6);
            let slack = (top - bottom) * 1e-6;
            prop_assert!(bottom <= low + slack && top >= high - slack);
            prop_assert!(found.values.len() >= 2 && found.values.len() <= 9, "{found:?}");
            let scale = Linear { domain: (bottom, top), range: (0.0, 100.0) };
            prop_assert!(found.values.iter().all(|&value| (-0.01..=100.01).contains(&scale.at(value))));
        }
    }
}
