//! What cells write, by two named pipes that the kernel reads itself: evcxr passes on whole lines of UTF-8, without order
//! between them and what is shown.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use carnet_kernel::engine::Output;
use carnet_kernel::engine::frames::{Frames, Piece, line, shown};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::locked;

/// How long [`Streams::end`] waits for what a cell wrote.
const PATIENCE: Duration = Duration::from_secs(5);

/// Both streams, and what is known of the cell that runs.
pub(crate) struct Streams {
    token: String,
    pipes: [File; 2],
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// Takes what is written between cells.
    idle: mpsc::UnboundedSender<Output>,
}

#[derive(Default)]
struct State {
    /// The cell that runs.
    cell: Option<mpsc::Sender<Output>>,
    /// What is known of it.
    told: Told,
    /// The toolkit's crates.
    crates: Vec<String>,
    /// How many ends each stream has met.
    ends: [u64; 2],
}

/// What a cell told of its end.
#[derive(Default)]
pub(crate) struct Told {
    /// The message of the last panic on the thread that runs cells.
    pub(crate) message: Option<String>,
    /// Whether it ended by a panic.
    pub(crate) panicked: bool,
    /// Whether it ended by a `?`.
    pub(crate) failed: bool,
    /// What it wrote to standard error.
    pub(crate) errors: String,
}

impl Streams {
    /// Makes the pipes `out` and `err` in the folder, and the threads that read them.
    pub(crate) fn make(
        folder: &Path,
        token: &str,
        idle: mpsc::UnboundedSender<Output>,
    ) -> Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            idle,
        });
        let pipes = [pipe(&folder.join("out"))?, pipe(&folder.join("err"))?];
        let kinds: [fn(String) -> Output; 2] = [Output::Stdout, Output::Stderr];
        for (number, kind) in kinds.into_iter().enumerate() {
            let pipe = pipes[number].try_clone()?;
            let (frames, shared) = (Frames::new(token), Arc::clone(&shared));
            std::thread::spawn(move || shared.pass_on(pipe, frames, number, kind));
        }
        Ok(Self {
            token: token.to_owned(),
            pipes,
            shared,
        })
    }

    /// From now on what is written is the cell's.
    pub(crate) fn begin(&self, cell: mpsc::Sender<Output>) {
        let mut state = self.shared.state();
        state.cell = Some(cell);
        state.told = Told::default();
    }

    /// Waits until what the cell wrote has been passed on, and returns what it told. `broken` says that its process ended,
    /// perhaps within a frame.
    pub(crate) fn end(&self, broken: bool) -> Told {
        let before = self.shared.state().ends;
        let end = line(&self.token, json!({ "kind": "end" }));
        for mut pipe in &self.pipes {
            if broken {
                // Ends what was begun; alone it is no frame, and passed over. An error is met below, by the wait.
                let _ = pipe.write_all(line(&self.token, "").as_bytes());
            }
            let _ = pipe.write_all(end.as_bytes());
        }
        let state = self.shared.state();
        let waits = |state: &mut State| (0..2).any(|number| state.ends[number] == before[number]);
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, PATIENCE, waits);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.cell = None;
        std::mem::take(&mut state.told)
    }

    /// The toolkit's crates, once the process that runs cells has begun.
    pub(crate) fn crates(&self) -> Vec<String> {
        self.shared.state().crates.clone()
    }

    /// What was written to standard error since the last cell began.
    pub(crate) fn errors(&self) -> String {
        self.shared.state().told.errors.clone()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    fn pass_on(
        &self,
        mut pipe: File,
        mut frames: Frames,
        number: usize,
        to_output: fn(String) -> Output,
    ) {
        let mut buffer = vec![0; 1 << 16];
        // The pipe does not end: the kernel itself has it open for writing.
        while let Ok(count) = pipe.read(&mut buffer) {
            for piece in frames.feed(&buffer[..count]) {
                let output = match piece {
                    Piece::Text(text) => {
                        let output = to_output(text);
                        if let Output::Stderr(text) = &output {
                            self.state().told.errors.push_str(text);
                        }
                        Some(output)
                    }
                    Piece::Frame(mut frame) => self.take_frame(&mut frame, number),
                };
                let Some(output) = output else { continue };
                // Not under the lock: this waits until the frontend takes it.
                let cell = self.state().cell.clone();
                // Nobody reads any more when this fails.
                match cell {
                    Some(cell) => drop(cell.blocking_send(output)),
                    None => drop(self.idle.send(output)),
                }
            }
        }
    }

    fn take_frame(&self, frame: &mut Value, number: usize) -> Option<Output> {
        let mut state = self.state();
        match frame["kind"].as_str()? {
            "ready" => {
                state.crates = serde_json::from_value(frame["crates"].take()).unwrap_or_default()
            }
            "panicking" => state.told.message = frame["message"].as_str().map(str::to_owned),
            "panicked" => state.told.panicked = true,
            "failed" => state.told.failed = true,
            "end" => {
                state.ends[number] += 1;
                self.changed.notify_all();
            }
            _ => return shown(frame),
        }
        None
    }
}

/// A named pipe, open at both ends, so that it neither waits for the other end nor ends with it.
fn pipe(path: &Path) -> Result<File> {
    let name = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: a system call on a path that ends in a zero.
    if unsafe { libc::mkfifo(name.as_ptr(), 0o600) } != 0 {
        let error = std::io::Error::last_os_error();
        return Err(error).with_context(|| format!("no pipe could be made at {}", path.display()));
    }
    let pipe = OpenOptions::new().read(true).write(true).open(path);
    pipe.with_context(|| format!("the pipe {} could not be opened", path.display()))
}
