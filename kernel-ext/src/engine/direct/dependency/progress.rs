//! What is shown while cargo works: what it does just now, and for how long it has.

use std::time::Duration;

use tokio::io::AsyncBufReadExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::engine::{Bundle, Output};

/// Time between two signs of progress.
const PAUSE: Duration = Duration::from_secs(1);

/// What is shown while cargo works.
pub(super) struct Progress<'a> {
    names: &'a str,
    outputs: &'a mpsc::Sender<Output>,
    /// Each build has a display of its own.
    id: String,
    begun: Instant,
    /// Crates that cargo began to compile.
    compiled: usize,
}

impl<'a> Progress<'a> {
    pub(super) async fn begin(names: &'a str, outputs: &'a mpsc::Sender<Output>) -> Self {
        let progress = Self {
            names,
            outputs,
            id: uuid::Uuid::new_v4().to_string(),
            begun: Instant::now(),
            compiled: 0,
        };
        let data = text(format!("{names}: asking cargo"));
        let id = Some(progress.id.clone());
        let _ = outputs.send(Output::Display { data, id }).await;
        progress
    }

    /// Shows once a second what cargo does, and returns all it said.
    pub(super) async fn follow(&mut self, stderr: impl tokio::io::AsyncBufRead + Unpin) -> String {
        let (mut said, mut step) = (String::new(), String::new());
        let mut lines = stderr.lines();
        let mut ticks = tokio::time::interval_at(Instant::now() + PAUSE, PAUSE);
        loop {
            tokio::select! {
                line = lines.next_line() => {
                    let Ok(Some(line)) = line else {
                        return said;
                    };
                    self.compiled += usize::from(line.trim().starts_with("Compiling "));
                    if !line.trim().is_empty() {
                        line.trim().clone_into(&mut step);
                    }
                    said.push_str(&line);
                    said.push('\n');
                }
                _ = ticks.tick() => self.update(&format!("built once, then kept; {step}")).await,
            }
        }
    }

    pub(super) async fn update(&self, what: &str) {
        let seconds = self.begun.elapsed().as_secs_f64();
        let crates = match self.compiled {
            0 => String::new(),
            1 => ", 1 crate".to_owned(),
            many => format!(", {many} crates"),
        };
        let data = text(format!("{}: {what} ({seconds:.0} s{crates})", self.names));
        let id = self.id.clone();
        let _ = self.outputs.send(Output::Update { data, id }).await;
    }
}

fn text(text: String) -> Bundle {
    Bundle::from_iter([("text/plain".to_owned(), text.into())])
}
