//! A load as a notebook shows it: the frame, and under it what was read, from where, how fast and what did not fit.

use crate::frame::{LoadReport, Loaded};

use super::table::escape;
use super::{Bundle, Role, Show, mime, send, table};

/// Lines of a report after which it is cut.
const MISMATCHES: usize = 20;

impl Show for Loaded {
    fn bundle(&self) -> Bundle {
        let html = format!("{}{}", table(&self.frame).html(), report_html(&self.report));
        Bundle::text(self.to_string()).with(mime::HTML, html)
    }
}

impl Loaded {
    /// Shows the frame and the report under stock evcxr.
    pub fn evcxr_display(&self) {
        send(Role::Result, &self.bundle());
    }
}

impl Show for LoadReport {
    fn bundle(&self) -> Bundle {
        Bundle::text(self.to_string()).with(mime::HTML, report_html(self))
    }
}

impl LoadReport {
    /// Shows the report under stock evcxr.
    pub fn evcxr_display(&self) {
        send(Role::Result, &self.bundle());
    }
}

fn report_html(report: &LoadReport) -> String {
    let count = super::chart::count;
    let mut how = format!(
        "{:.2} s ({} rows/s, {:.1} MB)",
        report.elapsed.as_secs_f64(),
        count(report.rows_per_second() as usize),
        report.bytes as f64 / 1e6,
    );
    if report.read != report.rows {
        how.push_str(&format!(", {} read", count(report.read)));
    }
    if report.partitions > 1 {
        how.push_str(&format!(", {} partitions", report.partitions));
    }
    if report.tries > 1 {
        how.push_str(", after a lost connection");
    }
    if let Some(snapshot) = &report.snapshot {
        how.push_str(&format!(", as of {}", escape(snapshot)));
    }
    let mut html = format!(
        "<div style=\"opacity:.8\"><small>{} rows from <b>{}</b> in {how}. Query: <code>{}</code>. Data: <code>{}</code></small></div>",
        count(report.rows),
        escape(&report.place),
        escape(&report.query),
        escape(report.hash().get(..12).unwrap_or_default()),
    );
    if !report.unnamed.is_empty() {
        html.push_str(&format!(
            "<div style=\"opacity:.8\"><small>Not in the record: {}</small></div>",
            escape(&report.unnamed_text())
        ));
    }
    if !report.mismatches.is_empty() {
        html.push_str("<div><small><b>Did not fit and became null:</b></small><ul>");
        for mismatch in report.mismatches.iter().take(MISMATCHES) {
            html.push_str(&format!(
                "<li><small>{}</small></li>",
                escape(&mismatch.to_string())
            ));
        }
        if report.mismatches.len() > MISMATCHES {
            let more = report.mismatches.len() - MISMATCHES;
            html.push_str(&format!("<li><small>and {more} kinds more</small></li>"));
        }
        html.push_str("</ul></div>");
    }
    html
}
