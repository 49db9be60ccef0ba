//! What is shown while a notebook runs: a moving line on a terminal, one plain line a cell elsewhere; all on stderr.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::document::CodeCell;

/// Characters of a cell's first line that are shown.
const EXCERPT: usize = 60;

/// The progress of one run.
pub(crate) struct Progress {
    total: usize,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Progress over `total` code cells.
    pub(crate) fn new(total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total as u64);
            if let Ok(style) =
                ProgressStyle::with_template("{spinner} [{prefix}] {elapsed}  {wide_msg}")
            {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { total, bar }
    }

    /// Something other than a cell is under way.
    pub(crate) fn doing(&self, what: String) {
        if let Some(bar) = &self.bar {
            bar.reset_elapsed();
            bar.set_prefix("kernel");
            bar.set_message(what);
        }
    }

    /// The code cell at `place` (from 0) has begun.
    pub(crate) fn began(&self, place: usize, cell: &CodeCell) {
        if let Some(bar) = &self.bar {
            bar.reset_elapsed();
            bar.set_prefix(format!("{}/{}", place + 1, self.total));
            bar.set_message(cell.excerpt(EXCERPT));
        }
    }

    /// The code cell at `place` (from 0) has ended after `seconds`.
    pub(crate) fn ended(&self, place: usize, cell: &CodeCell, seconds: f64) {
        self.line(&format!(
            "[{}/{}] {seconds:.2} s  {}",
            place + 1,
            self.total,
            cell.excerpt(EXCERPT)
        ));
    }

    /// A line that stays.
    pub(crate) fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
