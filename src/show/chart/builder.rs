//! The options of a chart. None of them fails: a chart can be shown after any of them.

use super::Chart;
use super::description::{Axis, Marks, Reference};

impl Chart {
    /// The answer the chart gives, as a sentence.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.description.title = Some(title.into());
        self
    }

    /// What exactly is shown, under the title.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.description.subtitle = Some(subtitle.into());
        self
    }

    /// Where the data come from, at the bottom right after "Source:".
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.description.source = Some(source.into());
        self
    }

    /// One more sentence at the bottom left.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.description.notes.push(note.into());
        self
    }

    /// The name of the x axis, in place of the column's. Of lying bars too, x is the axis of the names.
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.description.x.label = label.into();
        self
    }

    /// The name of the y axis, in place of the column's. Of lying bars too, y is the axis of the values.
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.description.y.label = label.into();
        self
    }

    /// What the colour of a heat map means, in place of the column's name.
    pub fn value_label(mut self, label: impl Into<String>) -> Self {
        self.description.colour.label = label.into();
        self
    }

    /// A dashed line on which both axes have the same value, with a word at its end: for two axes of one kind.
    pub fn diagonal(mut self, label: impl Into<String>) -> Self {
        self.description.diagonal = Some(label.into());
        self
    }

    /// The unit of the x axis, in brackets after its name.
    pub fn x_unit(mut self, unit: impl Into<String>) -> Self {
        self.description.x.unit = Some(unit.into());
        self
    }

    /// The unit of the y axis, in brackets after its name. Values are not changed: for shares between 0 and 1 that should
    /// read as percent, see [`Chart::percent`].
    pub fn y_unit(mut self, unit: impl Into<String>) -> Self {
        self.description.y.unit = Some(unit.into());
        self
    }

    /// The unit of a heat map's colours.
    pub fn value_unit(mut self, unit: impl Into<String>) -> Self {
        self.description.colour.unit = Some(unit.into());
        self
    }

    /// The values (y, or the colour of a heat map) are shares: 0.25 reads "25%".
    pub fn percent(mut self) -> Self {
        self.values().percent = true;
        self
    }

    /// The x values are shares: 0.25 reads "25%".
    pub fn x_percent(mut self) -> Self {
        self.description.x.percent = true;
        self
    }

    /// Draws x from `low` to `high` only; a histogram says how many values lie outside.
    pub fn x_range(mut self, low: f64, high: f64) -> Self {
        self.description.x.range = range(low, high);
        self
    }

    /// Draws y from `low` to `high` only.
    pub fn y_range(mut self, low: f64, high: f64) -> Self {
        self.description.y.range = range(low, high);
        self
    }

    /// A dashed line at the y `value`, with a few words.
    pub fn y_reference(mut self, value: f64, label: impl Into<String>) -> Self {
        if value.is_finite() {
            self.description.y_references.push(Reference {
                value,
                label: label.into(),
            });
        }
        self
    }

    /// A dashed line at the x `value` of a numeric or time axis (seconds since 1970), with a few words.
    pub fn x_reference(mut self, value: f64, label: impl Into<String>) -> Self {
        if value.is_finite() {
            self.description.x_references.push(Reference {
                value,
                label: label.into(),
            });
        }
        self
    }

    /// A dot on every point of a line.
    pub fn markers(mut self) -> Self {
        self.description.markers = true;
        self
    }

    /// The value at the end of every bar.
    pub fn value_labels(mut self) -> Self {
        self.description.value_labels = true;
        self
    }

    /// Bars that lie, whatever the length of the names.
    pub fn horizontal(mut self) -> Self {
        self.description.lying = Some(true);
        self
    }

    /// Bars that stand, whatever the length of the names, which are turned if they must.
    pub fn vertical(mut self) -> Self {
        self.description.lying = Some(false);
        self
    }

    /// The number of bins of a histogram, from 1 to 500. Without it, bins are round and about as many as the square root
    /// of the number of values, at most 60.
    pub fn bins(mut self, bins: usize) -> Self {
        self.description.bins = Some(bins);
        self
    }

    /// The axis whose numbers are the values.
    fn values(&mut self) -> &mut Axis {
        match self.description.marks {
            Marks::Heat { .. } => &mut self.description.colour,
            _ => &mut self.description.y,
        }
    }
}

fn range(low: f64, high: f64) -> Option<(f64, f64)> {
    (low.is_finite() && high.is_finite() && low != high).then(|| (low.min(high), low.max(high)))
}
