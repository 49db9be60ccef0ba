//! [`Features`]: the numbers a model sees.

/// A matrix of features, one row a record, without nulls. Values are stored row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    names: Vec<String>,
    sources: Vec<String>,
    rows: usize,
    values: Vec<f64>,
}

impl Features {
    /// Puts a matrix together: for each feature its name and the column it comes from, and the values row by row. The number of
    /// rows follows; `None` if the values do not fill whole rows.
    pub fn new(names: Vec<String>, sources: Vec<String>, values: Vec<f64>) -> Option<Features> {
        let width = names.len();
        if sources.len() != width || width == 0 || !values.len().is_multiple_of(width) {
            return None;
        }
        let rows = values.len() / width;
        Some(Features {
            names,
            sources,
            rows,
            values,
        })
    }

    /// The features' names, such as `distance`, `depot=north` or `sent weekday Mon`.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// For each feature, the column it was made from.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of features.
    pub fn width(&self) -> usize {
        self.names.len()
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values of all rows, for changing them in place.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// The features of one row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.width()..(index + 1) * self.width()]
    }

    /// Only the rows with these indexes, in this order.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Features {
        let values = rows
            .iter()
            .flat_map(|&row| self.row(row))
            .copied()
            .collect();
        Features {
            names: self.names.clone(),
            sources: self.sources.clone(),
            rows: rows.len(),
            values,
        }
    }
}
