//! Why a chart cannot be made of a frame.

/// What was asked of which frame, and what there is instead.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// The frame has no such column.
    #[error(
        "the frame has no column \"{column}\" to draw; it has {}",
        quoted(columns)
    )]
    NoColumn {
        /// What was asked for.
        column: String,
        /// What exists.
        columns: Vec<String>,
    },
    /// The column's type cannot stand where numbers are needed.
    #[error(
        "column \"{column}\" is {found}, and {place} needs {needed}; cast it or name another column"
    )]
    WrongType {
        /// What was asked for.
        column: String,
        /// Its type.
        found: String,
        /// Where in the chart it would stand.
        place: &'static str,
        /// What can stand there.
        needed: &'static str,
    },
    /// One bar or cell would have several values.
    #[error(
        "\"{value}\" occurs more than once in {columns}; aggregate first, such as group_by([{columns}]).agg(…)"
    )]
    Repeated {
        /// The columns that should tell the rows apart.
        columns: String,
        /// Their first repeated value.
        value: String,
    },
    /// More bars or cells than anyone can read.
    #[error(
        "column \"{column}\" has {found} different values and {chart} shows at most {most}; {instead}"
    )]
    TooMany {
        /// What was asked for.
        column: String,
        /// Distinct values.
        found: usize,
        /// The kind of chart.
        chart: &'static str,
        /// Its limit.
        most: usize,
        /// What to do.
        instead: &'static str,
    },
    /// The kind of chart cannot be split into series.
    #[error(
        "only line and scatter charts can be grouped by \"{column}\"; for bars, see grouped_bar"
    )]
    NoGroups {
        /// What was asked for.
        column: String,
    },
    /// Predictions that cannot be judged.
    #[error("the {chart} of \"{score}\" against \"{truth}\" is not defined: {source}")]
    Undefined {
        /// The kind of chart.
        chart: &'static str,
        /// The column of answers.
        truth: String,
        /// The column of scores.
        score: String,
        /// Why.
        source: crate::model::MetricError,
    },
    /// The column could not be read.
    #[error("column \"{column}\" could not be read: {source}")]
    Column {
        /// What was asked for.
        column: String,
        /// Polars' reason.
        source: polars::prelude::PolarsError,
    },
}

/// Names in quotes, the first twenty.
fn quoted(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(20)
        .map(|name| format!("\"{name}\""))
        .collect();
    match names.len() {
        0 => "no columns".to_owned(),
        count if count > shown.len() => {
            format!("{} and {} more", shown.join(", "), count - shown.len())
        }
        _ => shown.join(", "),
    }
}
