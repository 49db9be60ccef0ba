//! The kernel's side of the process that runs cells: starts it, sends it cells, reads its two streams, and tells when it
//! has gone.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

use super::process_group::KillOnDrop;
use crate::engine::Output;
use crate::engine::frames::{Frames, Piece, shown};
use crate::host::Command as HostCommand;
use crate::toolchain::{SEARCH_PATH, Toolchain};

/// What the process did.
#[derive(Debug)]
pub(crate) enum Event {
    /// It printed or showed something.
    Output(Output),
    /// A cell reads standard input.
    Input,
    /// It is ready for cells, which may use these crates.
    Ready(Vec<String>),
    /// A cell ended; the report says how. All it wrote to standard output came before.
    End(Value),
    /// All that the cell wrote to standard error came before.
    EndOfStderr,
    /// The process has gone; nothing follows.
    Exited(String),
}

/// A running process; dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Host {
    commands: ChildStdin,
    events: mpsc::Receiver<Event>,
    _killer: KillOnDrop,
}

impl Host {
    /// Starts the process: this very program, with its hidden subcommand.
    pub(crate) fn start(
        toolchain: &Toolchain,
        session: &Path,
        environment: &[(String, String)],
    ) -> std::io::Result<Self> {
        let token = Uuid::new_v4().simple().to_string();
        let search = toolchain.search_path(&[session]);
        let search = search.map_err(std::io::Error::other)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("run-cells").arg(toolchain.toolkit());
        command
            // A backtrace through the kernel tells nobody anything; a cell's own frames are told by its report.
            .env("RUST_BACKTRACE", "0")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .env(SEARCH_PATH, search)
            .env("CARNET_DISPLAY_TOKEN", &token);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
        let killer = KillOnDrop::new(&child);
        let missing = || std::io::Error::other("a pipe to the process that runs cells is missing");
        let commands = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let (sender, events) = mpsc::channel(64);
        let readers = [
            tokio::spawn(read_stream(
                stdout,
                Frames::new(&token),
                sender.clone(),
                Output::Stdout,
            )),
            tokio::spawn(read_stream(
                stderr,
                Frames::new(&token),
                sender.clone(),
                Output::Stderr,
            )),
        ];
        tokio::spawn(async move {
            let ended = match child.wait().await {
                Ok(status) => describe(status),
                Err(error) => format!("was lost: {error}"),
            };
            // Processes that a cell started may hold the pipes open: what is in them now is read, no more.
            for reader in readers {
                let _ = timeout(Duration::from_millis(300), reader).await;
            }
            let _ = sender.send(Event::Exited(ended)).await;
        });
        Ok(Self {
            commands,
            events,
            _killer: killer,
        })
    }

    /// Sends a command. A process that has gone says so by its events, not here.
    pub(crate) async fn send(&mut self, command: &HostCommand) -> serde_json::Result<()> {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        if self.commands.write_all(&line).await.is_ok() {
            let _ = self.commands.flush().await;
        }
        Ok(())
    }

    /// The next event. Safe to cancel.
    pub(crate) async fn next(&mut self) -> Event {
        match self.events.recv().await {
            Some(event) => event,
            None => Event::Exited("was lost".to_owned()),
        }
    }
}

async fn read_stream(
    mut stream: impl AsyncRead + Unpin,
    mut frames: Frames,
    events: mpsc::Sender<Event>,
    to_output: fn(String) -> Output,
) {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        let pieces = match count {
            0 => frames.finish().into_iter().collect(),
            _ => frames.feed(&chunk[..count]),
        };
        for piece in pieces {
            let event = match piece {
                Piece::Text(text) => Some(Event::Output(to_output(text))),
                Piece::Frame(frame) => {
                    read_frame(frame, matches!(to_output(String::new()), Output::Stderr(_)))
                }
            };
            if let Some(event) = event
                && events.send(event).await.is_err()
            {
                return;
            }
        }
        if count == 0 {
            return;
        }
    }
}

/// A frame of a kind that is not known is ignored: a newer toolkit may have more.
fn read_frame(mut frame: Value, on_stderr: bool) -> Option<Event> {
    match frame["kind"].as_str()? {
        "end" if on_stderr => Some(Event::EndOfStderr),
        "end" => Some(Event::End(frame)),
        "ready" => Some(Event::Ready(
            serde_json::from_value(frame["crates"].take()).unwrap_or_default(),
        )),
        "input" => Some(Event::Input),
        _ => shown(&mut frame).map(Event::Output),
    }
}

fn describe(status: ExitStatus) -> String {
    let name = |signal| match signal {
        libc::SIGABRT => "SIGABRT, an abort",
        libc::SIGSEGV => "SIGSEGV, an invalid memory access",
        libc::SIGBUS => "SIGBUS, an invalid memory access",
        libc::SIGFPE => "SIGFPE",
        libc::SIGILL => "SIGILL",
        libc::SIGKILL => "SIGKILL; the system does this when memory runs out",
        libc::SIGTERM => "SIGTERM",
        _ => "",
    };
    match (status.signal(), status.code()) {
        (Some(signal), _) if name(signal).is_empty() => format!("was ended by signal {signal}"),
        (Some(signal), _) => format!("was ended by signal {signal} ({})", name(signal)),
        (None, Some(code)) => format!("ended with exit code {code}"),
        (None, None) => "ended".to_owned(),
    }
}
