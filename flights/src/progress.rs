//! What a load shows while it runs: a bar on a terminal, else a plain line now and then, so that a log stays readable.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// How often a plain line is written.
const EVERY: Duration = Duration::from_secs(2);
const BAR: &str = "{prefix:12} {bar:30} {human_pos:>8} of {human_len} rows, {elapsed}";

/// Shows how far a load is, on standard error.
#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    quiet: bool,
}

impl Progress {
    /// For whatever standard error is.
    pub fn new() -> Progress {
        Progress {
            terminal: std::io::stderr().is_terminal(),
            quiet: false,
        }
    }

    /// One that shows nothing.
    pub fn quiet() -> Progress {
        Progress {
            terminal: false,
            quiet: true,
        }
    }

    /// Begins a stage of `rows` rows.
    pub fn stage(&self, name: &'static str, rows: usize) -> Stage {
        let bar = self.terminal.then(|| {
            let style =
                ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(rows as u64)
                .with_style(style)
                .with_prefix(name)
        });
        Stage {
            name,
            rows,
            bar,
            quiet: self.quiet,
            told: None,
        }
    }

    /// Says something that takes a while and cannot be counted.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Progress::new()
    }
}

/// One stage of a load.
#[derive(Debug)]
pub struct Stage {
    name: &'static str,
    rows: usize,
    bar: Option<ProgressBar>,
    quiet: bool,
    told: Option<Instant>,
}

impl Stage {
    /// So many rows are done.
    pub fn at(&mut self, done: usize) {
        match &self.bar {
            Some(bar) => bar.set_position(done as u64),
            None if !self.quiet
                && (done == self.rows || self.told.is_none_or(|told| told.elapsed() >= EVERY)) =>
            {
                eprintln!("{:12} {done:>8} of {} rows", self.name, self.rows);
                self.told = Some(Instant::now());
            }
            None => {}
        }
    }

    /// The stage is over; what was shown of it goes.
    pub fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
