//! The conversation with the process that runs cells, while one runs: what it writes is passed on, what the user types and
//! stops is passed back.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::Direct;
use super::build::Built;
use super::ending::{Report, ended, interrupted_lost};
use super::host::Event;
use crate::engine::{CellError, Input, Output};
use crate::host::{Command, RunCell};

/// How long the process may take to stop a cell and keep the variables, before it is ended with them.
const PATIENCE: Duration = Duration::from_millis(900);

/// So much of what a cell wrote to standard error last may tell why its process ended.
const LAST_WORDS: usize = 2_000;

impl Direct {
    /// Runs a compiled cell to its end.
    pub(super) async fn run(
        &mut self,
        built: &Built,
        label: &str,
        outputs: &mpsc::Sender<Output>,
        interrupt: &mut watch::Receiver<u64>,
    ) -> Result<Report, CellError> {
        let Some(host) = self.host.as_mut() else {
            return Err(CellError::new(
                "error",
                "there is no process to run the cell in",
            ));
        };
        let command = Command::Run(RunCell {
            library: built.library.clone(),
            symbol: built.symbol.clone(),
        });
        host.send(&command)
            .await
            .map_err(|error| CellError::new("error", error.to_string()))?;
        let mut report = None;
        let mut stderr_ended = false;
        let mut deadline = None;
        let mut last_words = String::new();
        let mut pending = None;
        let mut question: Option<oneshot::Receiver<String>> = None;
        loop {
            let step = async {
                // Kept outside until it has been passed on: an interrupt must not lose it.
                if pending.is_some() {
                    let room = outputs.reserve().await.ok();
                    if let (Some(output), Some(room)) = (pending.take(), room) {
                        room.send(output);
                    }
                    return None;
                }
                Some(host.next().await)
            };
            let event = tokio::select! {
                event = step => event,
                _ = interrupt.changed() => {
                    deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
                    let sent = host.send(&Command::Stop).await;
                    sent.map_err(|error| CellError::new("error", error.to_string()))?;
                    continue;
                }
                answer = answer_to(&mut question) => {
                    let sent = host.send(&Command::Answer(answer)).await;
                    sent.map_err(|error| CellError::new("error", error.to_string()))?;
                    continue;
                }
                () = at(deadline) => {
                    self.lose_host(&format!("{label} was stopped"));
                    return Err(interrupted_lost());
                }
            };
            match event {
                Some(Event::End(end)) => report = Some(end),
                Some(Event::EndOfStderr) => stderr_ended = true,
                Some(Event::Input) => {
                    let (answer, receiver) = oneshot::channel();
                    question = Some(receiver);
                    let (prompt, password) = (String::new(), false);
                    let input = Input {
                        prompt,
                        password,
                        answer,
                    };
                    pending = Some(Output::Input(input));
                }
                Some(Event::Output(output)) => {
                    if let Output::Stderr(text) = &output {
                        last_words.push_str(text);
                        let cut = last_words.len().saturating_sub(LAST_WORDS);
                        last_words.drain(..last_words.ceil_char_boundary(cut));
                    }
                    pending = Some(output);
                }
                Some(Event::Exited(how)) => {
                    self.lose_host(&format!("{label} ended the process"));
                    return Err(ended(&how, &last_words));
                }
                Some(Event::Ready(_)) | None => {}
            }
            if stderr_ended && let Some(report) = report.take() {
                let report = serde_json::from_value(report);
                return report.map_err(|error| {
                    CellError::new("error", format!("the cell's report is unreadable: {error}"))
                });
            }
        }
    }
}

/// Ends at the deadline, if there is one.
async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// The user's answer to the open question, or none when nobody will answer; pending when nothing is asked.
async fn answer_to(question: &mut Option<oneshot::Receiver<String>>) -> Option<String> {
    let Some(receiver) = question else {
        return std::future::pending().await;
    };
    let answer = receiver.await.ok();
    *question = None;
    answer
}
