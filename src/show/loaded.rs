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
    let read = if report.read == report.rows {
        String::new()
    } else {
        format!(", {} read", super::chart::count(report.read))
    };
    let mut html = format!(
        "<div style=\"opacity:.8\"><small>{} rows from <b>{}</b> in {:.2} s{read}. Query: <code>{}</code>. Data: <code>{}</code></small></div>",
        super::chart::count(report.rows),
        escape(&report.place),
        report.elapsed.as_secs_f64(),
        escape(&report.query),
        escape(report.hash().get(..12).unwrap_or_default()),
    );
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
