//! Many rows made few: bins of a histogram, a grid of counts, a line thinned to its extremes, the five numbers of a box.

use super::description::{BINS, FiveNumbers, LINE_POINTS};
use super::scale::{self, extent};

/// Columns and rows of a grid of counts.
const GRID: (usize, usize) = (60, 40);

/// Counts of values between neighbouring edges.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bins {
    /// One more than there are counts, evenly spaced and rising.
    pub(crate) edges: Vec<f64>,
    /// Values in each bin; the last one holds its upper edge too.
    pub(crate) counts: Vec<usize>,
    /// Values below the first edge or above the last.
    pub(crate) outside: usize,
}

/// `values` counted in `count` bins over `range`, or over all of them; without `count`, in round bins about as many as
/// the square root of the number of values.
pub(crate) fn bins(values: &[f64], count: Option<usize>, range: Option<(f64, f64)>) -> Bins {
    let (low, high) = range
        .or_else(|| extent(values.iter().copied()))
        .unwrap_or((0.0, 1.0));
    let (low, high) = scale::drawable(low, high);
    let edges: Vec<f64> = match count {
        Some(count) => {
            let count = count.clamp(1, 500);
            (0..=count)
                .map(|index| low + (high - low) * index as f64 / count as f64)
                .collect()
        }
        None => {
            let target = (values.len() as f64).sqrt().ceil().clamp(5.0, BINS as f64) as usize;
            let (_, ticks) = scale::nice(low, high, target);
            ticks.values
        }
    };
    let (first, last) = (
        edges.first().copied().unwrap_or(low),
        edges.last().copied().unwrap_or(high),
    );
    let width = (last - first) / (edges.len() - 1).max(1) as f64;
    let mut counts = vec![0; edges.len().saturating_sub(1)];
    let mut outside = 0;
    for &value in values {
        if value < first || value > last || counts.is_empty() {
            outside += 1;
            continue;
        }
        let place = (((value - first) / width) as usize).min(counts.len() - 1);
        counts[place] += 1;
    }
    Bins {
        edges,
        counts,
        outside,
    }
}

/// Counts over two axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid {
    /// Ends of the horizontal axis.
    pub(crate) x: (f64, f64),
    /// Ends of the vertical axis.
    pub(crate) y: (f64, f64),
    /// Rows of counts, lowest first, each from left to right.
    pub(crate) counts: Vec<Vec<usize>>,
}

impl Grid {
    /// Rows that were counted.
    pub(crate) fn rows_counted(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    /// The middle of each column and of each row.
    pub(crate) fn middles(&self) -> (Vec<f64>, Vec<f64>) {
        let middles = |(low, high): (f64, f64), count: usize| {
            let width = (high - low) / count as f64;
            (0..count)
                .map(|index| low + width * (index as f64 + 0.5))
                .collect()
        };
        (middles(self.x, GRID.0), middles(self.y, GRID.1))
    }
}

/// Points counted in a grid over all of them.
pub(crate) fn grid(points: &[(f64, f64)]) -> Grid {
    let ends = |values: Option<(f64, f64)>| {
        values.map_or((0.0, 1.0), |(low, high)| scale::drawable(low, high))
    };
    let x = ends(extent(points.iter().map(|point| point.0)));
    let y = ends(extent(points.iter().map(|point| point.1)));
    let place = |value: f64, (low, high): (f64, f64), count: usize| {
        (((value - low) / (high - low) * count as f64) as usize).min(count - 1)
    };
    let mut counts = vec![vec![0; GRID.0]; GRID.1];
    for &(at_x, at_y) in points
        .iter()
        .filter(|point| point.0.is_finite() && point.1.is_finite())
    {
        counts[place(at_y, y, GRID.1)][place(at_x, x, GRID.0)] += 1;
    }
    Grid { x, y, counts }
}

/// At most [`LINE_POINTS`] of `points`, in the order they are joined: where there are more, the lowest and the highest of
/// each stretch, so that no peak is lost. True if points were dropped.
pub(crate) fn thin(points: Vec<(f64, f64)>) -> (Vec<(f64, f64)>, bool) {
    if points.len() <= LINE_POINTS {
        return (points, false);
    }
    let stretch = points.len().div_ceil(LINE_POINTS / 2);
    let mut kept = Vec::with_capacity(LINE_POINTS);
    for part in points.chunks(stretch) {
        let finite = || {
            (0..part.len())
                .filter(move |&place| part[place].0.is_finite() && part[place].1.is_finite())
        };
        let by = |a: &usize, b: &usize| part[*a].1.total_cmp(&part[*b].1);
        match (finite().min_by(by), finite().max_by(by)) {
            (Some(low), Some(high)) => kept.extend([part[low.min(high)], part[low.max(high)]]),
            _ => kept.extend(part.first()),
        }
    }
    (kept, true)
}

/// Tukey's box of `values`; `None` where there are none.
pub(crate) fn five_numbers(name: String, mut values: Vec<f64>) -> Option<FiveNumbers> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let lower_quartile = quantile(&values, 0.25)?;
    let median = quantile(&values, 0.5)?;
    let upper_quartile = quantile(&values, 0.75)?;
    let reach = 1.5 * (upper_quartile - lower_quartile);
    let low = values
        .iter()
        .copied()
        .find(|&value| value >= lower_quartile - reach)?;
    let high = values
        .iter()
        .rev()
        .copied()
        .find(|&value| value <= upper_quartile + reach)?;
    // Interpolated quartiles can lie beyond the last value inside the fence; a whisker never points into its box.
    let (low, high) = (low.min(lower_quartile), high.max(upper_quartile));
    Some(FiveNumbers {
        name,
        rows: values.len(),
        low,
        lower_quartile,
        median,
        upper_quartile,
        high,
    })
}

/// Linear interpolation between the neighbours, as numpy and R (type 7) have it.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let low = *sorted.get(place.floor() as usize)?;
    let high = *sorted.get(place.ceil() as usize)?;
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bins_hold_every_value_once_and_count_those_outside() {
        let found = bins(
            &[0.0, 1.0, 2.0, 9.9, 10.0, 11.0],
            Some(5),
            Some((0.0, 10.0)),
        );
        assert_eq!(found.edges, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(found.counts, [2, 1, 0, 0, 2]);
        assert_eq!(found.outside, 1);
    }

    #[test]
    fn bins_without_a_number_have_round_edges() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let found = bins(&values, None, None);
        assert_eq!(found.edges[1] - found.edges[0], 10.0);
        assert_eq!(found.counts.iter().sum::<usize>(), 100);
    }

    #[test]
    fn a_thinned_line_keeps_its_peak() {
        let mut points: Vec<(f64, f64)> =
            (0..100_000).map(|index| (f64::from(index), 0.0)).collect();
        points[54_321].1 = 99.0;
        let (kept, thinned) = thin(points);
        assert!(thinned && kept.len() <= LINE_POINTS);
        assert!(kept.contains(&(54_321.0, 99.0)));
        assert!(kept.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }

    #[test]
    fn a_thinned_line_is_joined_in_the_order_it_came_in() {
        let back = (0..100_000_i32).rev();
        let points = back.map(|index| (f64::from(index), f64::from(index % 7)));
        let (kept, thinned) = thin(points.collect());
        assert!(thinned && kept.windows(2).all(|pair| pair[0].0 >= pair[1].0));
    }

    #[test]
    fn a_box_has_the_quartiles_of_numpy_and_whiskers_inside_the_fence() {
        let found = five_numbers("g".into(), vec![1.0, 2.0, 3.0, 4.0, 100.0, f64::NAN]).unwrap();
        assert_eq!(
            (found.lower_quartile, found.median, found.upper_quartile),
            (2.0, 3.0, 4.0)
        );
        assert_eq!((found.low, found.high, found.rows), (1.0, 4.0, 5));
        assert!(five_numbers("none".into(), vec![f64::NAN]).is_none());
    }

    proptest! {
        #[test]
        fn no_value_is_lost_in_binning(values in prop::collection::vec(-1e9..1e9f64, 0..200), count in prop::option::of(1usize..80)) {
            let found = bins(&values, count, None);
            prop_assert_eq!(found.counts.iter().sum::<usize>() + found.outside, values.len());
            // Rounding may push a value at the very end past the last edge, never more.
            prop_assert!(found.outside <= 2);
        }

        #[test]
        fn a_grid_counts_every_point(points in prop::collection::vec((-1e6..1e6f64, -1e6..1e6f64), 0..100)) {
            prop_assert_eq!(grid(&points).rows_counted(), points.len());
        }
    }
}
