//! The interactive figure: the same description as plotly traces and a layout, made with the plotly crate.
//!
//! The page stays transparent and every colour is one that reads on white and on black, so the figure suits a light and a
//! dark notebook without knowing which it is in. No template is written, missing values are null, and numbers keep seven
//! significant digits: a figure is tens of kilobytes, not hundreds.

mod layout;
mod traces;

use ::plotly::{Configuration, Plot};
use serde_json::{Value, json};

use super::description::Description;
use super::number::rounded;

/// Significant digits of a number in the figure.
const DIGITS: i32 = 7;

/// The figure as plotly.js reads it.
pub(crate) fn figure(description: &Description) -> Value {
    let lying = super::svg::lying(description);
    let mut plot = Plot::new();
    plot.add_traces(traces::traces(description, lying));
    plot.set_layout(layout::layout(description, lying));
    plot.set_configuration(Configuration::new().responsive(true).display_logo(false));
    let mut figure = serde_json::to_value(&plot).unwrap_or_else(|error| {
        // The plotly crate writes maps with text keys and finite numbers only; were that to change, say so in the chart.
        json!({ "data": [], "layout": { "title": { "text": format!("This figure could not be written: {error}") } } })
    });
    if let Value::Object(parts) = &mut figure {
        parts.retain(|_, part| !part.is_null());
    }
    if let (true, Some(traces)) = (description.filled, figure["data"].as_array_mut()) {
        for trace in traces {
            trace["fill"] = json!("tozeroy");
        }
    }
    if let Some(aspect) = description.aspect() {
        figure["layout"]["yaxis"]["scaleanchor"] = json!("x");
        figure["layout"]["yaxis"]["scaleratio"] = json!(aspect);
    }
    trim(&mut figure);
    figure
}

/// Numbers to [`DIGITS`] significant digits, whole ones without a fraction.
fn trim(value: &mut Value) {
    match value {
        Value::Array(parts) => parts.iter_mut().for_each(trim),
        Value::Object(parts) => parts.values_mut().for_each(trim),
        Value::Number(found) => {
            let Some(float) = found.as_f64().filter(|_| found.is_f64()) else {
                return;
            };
            let float = rounded(float, DIGITS);
            *value = if float.fract() == 0.0 && float.abs() < 1e15 {
                json!(float as i64)
            } else {
                json!(float)
            };
        }
        _ => {}
    }
}

/// `text` for plotly, which reads a few HTML tags in its texts.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A finite number, or null.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
