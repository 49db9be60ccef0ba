//! One chart as data: its marks with their values already bounded in number, and its words. Both renderings read this and
//! nothing else, so the picture and the interactive form cannot disagree. Nothing here knows a frame.

use super::bin;
use super::number;

/// Most points of one series that a line keeps.
pub(crate) const LINE_POINTS: usize = 2_000;
/// Most points of a scatter chart; beyond, rows are counted in cells instead.
pub(crate) const SCATTER_POINTS: usize = 3_000;
/// Most series of one chart.
pub(crate) const SERIES: usize = 12;
/// Bins of a histogram where none are asked for, at most.
pub(crate) const BINS: usize = 60;

/// Everything a chart shows.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    pub(crate) marks: Marks,
    pub(crate) title: Option<String>,
    pub(crate) subtitle: Option<String>,
    pub(crate) source: Option<String>,
    /// The horizontal axis (for bars: the categories, also when the bars lie).
    pub(crate) x: Axis,
    /// The vertical axis (for bars: the values, also when the bars lie).
    pub(crate) y: Axis,
    /// What the colour of a heat map means.
    pub(crate) colour: Axis,
    /// What the series are, above the legend.
    pub(crate) group: Option<String>,
    pub(crate) y_references: Vec<Reference>,
    pub(crate) x_references: Vec<Reference>,
    pub(crate) markers: bool,
    /// Lines have their area down to zero filled.
    pub(crate) filled: bool,
    /// The bars of one category stand on each other.
    pub(crate) stacked: bool,
    /// Both axes are degrees, to be drawn alike on the ground.
    pub(crate) is_map: bool,
    /// The words at a line on which both axes have the same value.
    pub(crate) diagonal: Option<String>,
    pub(crate) value_labels: bool,
    pub(crate) lying: Option<bool>,
    pub(crate) bins: Option<usize>,
    /// What a reader has to know about the data: rows left out, binned, not drawn.
    pub(crate) notes: Vec<String>,
}

/// The words and the number format of one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) unit: Option<String>,
    /// Values are shares; 0.25 reads "25%".
    pub(crate) percent: bool,
    /// Drawn range; values outside are left out or cut.
    pub(crate) range: Option<(f64, f64)>,
    /// Values are seconds since 1970, UTC.
    pub(crate) time: bool,
}

impl Axis {
    /// An axis named after a column: "share_late" reads "share late".
    pub(crate) fn of_column(column: &str) -> Self {
        Self {
            label: column.replace('_', " "),
            ..Self::default()
        }
    }

    /// Label and unit as written beside the axis.
    pub(crate) fn text(&self) -> String {
        match &self.unit {
            Some(unit) if self.label.is_empty() => unit.clone(),
            Some(unit) => format!("{} ({unit})", self.label),
            None => self.label.clone(),
        }
    }
}

/// A line across the chart with a few words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reference {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// Values of one series, one a category; NaN is a missing value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
}

/// Points of one series; a NaN ordinate is a gap.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Points {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Five numbers of one group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FiveNumbers {
    pub(crate) name: String,
    pub(crate) rows: usize,
    /// Whisker ends: the furthest values within 1.5 interquartile ranges of the box.
    pub(crate) low: f64,
    pub(crate) lower_quartile: f64,
    pub(crate) median: f64,
    pub(crate) upper_quartile: f64,
    pub(crate) high: f64,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub(crate) enum Marks {
    /// `ordered`: the categories are numbers or dates, so their order says something and labels may be thinned.
    Bars {
        categories: Vec<String>,
        ordered: bool,
        series: Vec<Series>,
    },
    /// Lines through points in the order they are joined: of x, but for figures made by hand.
    Lines(Vec<Points>),
    /// One dot a point.
    Scatter(Vec<Points>),
    /// Values to be counted in bins, none of them NaN.
    Histogram(Vec<f64>),
    /// Rows of cells, first row at the bottom; NaN is a missing cell.
    Heat {
        columns: Vec<String>,
        rows: Vec<String>,
        cells: Vec<Vec<f64>>,
    },
    /// Counts in a grid over two numeric axes: a scatter chart of too many points.
    Density(bin::Grid),
    /// One box a group, in order.
    Boxes(Vec<FiveNumbers>),
}

impl Description {
    pub(crate) fn new(marks: Marks, x: Axis, y: Axis) -> Self {
        Self {
            marks,
            title: None,
            subtitle: None,
            source: None,
            x,
            y,
            colour: Axis::default(),
            group: None,
            y_references: Vec::new(),
            x_references: Vec::new(),
            markers: false,
            filled: false,
            stacked: false,
            is_map: false,
            diagonal: None,
            value_labels: false,
            lying: None,
            bins: None,
            notes: Vec::new(),
        }
    }

    /// The bins of a histogram's values, in the range asked for.
    pub(crate) fn histogram(&self, values: &[f64]) -> bin::Bins {
        bin::bins(values, self.bins, self.x.range)
    }

    /// The notes, with those that depend on options chosen late.
    pub(crate) fn all_notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        if let Marks::Histogram(values) = &self.marks {
            let bins = self.histogram(values);
            if bins.outside > 0 {
                let share = number::value_text(bins.outside as f64 / values.len() as f64, true);
                notes.push(format!(
                    "{} values ({share}) lie outside the axis",
                    number::count(bins.outside)
                ));
            }
        }
        notes
    }

    /// How much longer a degree of latitude is than one of longitude, in the middle of the map.
    pub(crate) fn aspect(&self) -> Option<f64> {
        let middle = match &self.marks {
            _ if !self.is_map => return None,
            Marks::Scatter(series) => {
                let up = series
                    .iter()
                    .flat_map(|one| one.points.iter().map(|point| point.1));
                super::scale::extent(up)
            }
            Marks::Density(grid) => Some(grid.y),
            _ => None,
        };
        let (low, high) = middle?;
        let latitude = ((low + high) / 2.0).clamp(-85.0, 85.0);
        Some(1.0 / latitude.to_radians().cos())
    }

    /// The heights of the bars of one category, from where each begins to where it ends.
    pub(crate) fn stacked(series: &[Series], category: usize) -> Vec<(f64, f64)> {
        let (mut up, mut down) = (0.0, 0.0);
        let place = |one: &Series| {
            let value = one.values[category];
            let base = if value < 0.0 { &mut down } else { &mut up };
            let from = *base;
            if value.is_finite() {
                *base += value;
            }
            (from, *base)
        };
        series.iter().map(place).collect()
    }

    /// One line for a reader without pictures: the title and what is drawn.
    pub(crate) fn summary(&self) -> String {
        let (x, y) = (self.x.text(), self.y.text());
        let words = match &self.marks {
            Marks::Bars {
                categories, series, ..
            } if series.len() == 1 => {
                format!("bar chart of {y} by {x}, {} bars", categories.len())
            }
            Marks::Bars {
                categories, series, ..
            } => {
                let stacked = if self.stacked { "stacked " } else { "" };
                format!(
                    "{stacked}bar chart of {y} by {x}, {} groups of {} bars",
                    categories.len(),
                    series.len()
                )
            }
            Marks::Lines(series) if self.filled => {
                format!("area chart of {y} over {x}, {}", series_words(series))
            }
            Marks::Lines(series) => format!("line chart of {y} over {x}, {}", series_words(series)),
            Marks::Scatter(series) if self.is_map => format!("map, {}", series_words(series)),
            Marks::Scatter(series) => {
                format!("scatter chart of {y} against {x}, {}", series_words(series))
            }
            Marks::Histogram(values) => {
                let bins = self.histogram(values);
                format!(
                    "histogram of {x}, {} values in {} bins",
                    number::count(values.len()),
                    bins.counts.len()
                )
            }
            Marks::Heat { columns, rows, .. } => {
                let colour = self.colour.text();
                format!(
                    "heat map of {colour} by {x} and {y}, {} × {} cells",
                    columns.len(),
                    rows.len()
                )
            }
            Marks::Density(grid) => {
                format!(
                    "density of {y} against {x}, {} rows counted in cells",
                    number::count(grid.rows_counted())
                )
            }
            Marks::Boxes(boxes) => format!("box plot of {y} by {x}, {} boxes", boxes.len()),
        };
        let words = match self.values() {
            Some((low, high)) => {
                let percent = if matches!(self.marks, Marks::Heat { .. }) {
                    self.colour.percent
                } else {
                    self.y.percent
                };
                format!(
                    "{words}, from {} to {}",
                    number::value_text(low, percent),
                    number::value_text(high, percent)
                )
            }
            None => words,
        };
        match &self.title {
            // One line, whatever the title holds.
            Some(title) => format!(
                "{} [{words}]",
                title.split_whitespace().collect::<Vec<_>>().join(" ")
            ),
            None => format!("[{words}]"),
        }
    }

    /// The smallest and largest value drawn, where one pair says something.
    fn values(&self) -> Option<(f64, f64)> {
        use super::scale::extent;
        match &self.marks {
            Marks::Bars { series, .. } => {
                extent(series.iter().flat_map(|one| one.values.iter().copied()))
            }
            Marks::Lines(series) | Marks::Scatter(series) => extent(
                series
                    .iter()
                    .flat_map(|one| one.points.iter().map(|point| point.1)),
            ),
            Marks::Heat { cells, .. } => extent(cells.iter().flatten().copied()),
            Marks::Boxes(boxes) => extent(boxes.iter().flat_map(|one| [one.low, one.high])),
            Marks::Histogram(_) | Marks::Density(_) => None,
        }
    }
}

fn series_words(series: &[Points]) -> String {
    let points: usize = series.iter().map(|one| one.points.len()).sum();
    match series.len() {
        1 => format!("{} points", number::count(points)),
        many => format!("{many} series, {} points", number::count(points)),
    }
}
