//! The thread that runs cells, and how a cell is stopped: first by asking, then by making its thread stand still for good
//! and going on with a new one.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::RunCell;
use super::input;
use super::library::{Toolkit, call};
use super::report_unloadable;
use super::standstill::{Ballast, Standstill, threads};

/// How long a cell that was asked to stop may take to end by itself.
const ASKING: Duration = Duration::from_millis(300);
/// How long all of it may take; the kernel waits a little longer, then ends the process.
const PATIENCE: Duration = Duration::from_millis(800);
/// Recursion in a cell gets this much; only what is used takes memory.
const STACK: usize = 256 << 20;

/// The running thread.
pub(super) struct Cells {
    toolkit: Toolkit,
    standstill: Standstill,
    thread: Thread,
    /// The threads there were when the last cell began.
    before: BTreeSet<i32>,
}

/// What is known of a thread that runs cells.
struct Thread {
    cells: Sender<RunCell>,
    /// How many cells were given to it.
    given: u64,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// Its number in the system, once it runs.
    id: AtomicI32,
    /// How many of the cells that were given to it have ended.
    ended: AtomicU64,
    ballast: Ballast,
}

impl Cells {
    /// Starts the first thread.
    pub(super) fn start(toolkit: Toolkit) -> Result<Self> {
        Ok(Self {
            toolkit,
            standstill: Standstill::prepare()?,
            thread: start_thread()?,
            before: BTreeSet::new(),
        })
    }

    /// Gives a cell to the thread; its end is told by its report.
    pub(super) fn run(&mut self, cell: RunCell) -> Result<()> {
        // A stop that came when the cell before had ended was meant for that.
        self.toolkit.forget_stop();
        self.before = threads();
        self.thread.given += 1;
        self.thread
            .cells
            .send(cell)
            .context("the thread that runs cells has ended")
    }

    /// Stops the running cell. When that cannot be done without harm, it goes on, and the kernel ends the process.
    pub(super) fn stop(&mut self) -> Result<()> {
        let start = Instant::now();
        if !self.is_busy() {
            return Ok(());
        }
        self.toolkit.stop();
        while start.elapsed() < ASKING {
            sleep(Duration::from_millis(2));
            if !self.is_busy() {
                return Ok(());
            }
        }
        let state = Arc::clone(&self.thread.state);
        while start.elapsed() < PATIENCE && self.is_busy() {
            if !self.toolkit.is_running() {
                sleep(Duration::from_millis(2));
                continue;
            }
            let thread = state.id.load(Ordering::SeqCst);
            let toolkit = self.toolkit;
            let free = move || {
                toolkit.probe();
                input::probe();
            };
            let stands = self.standstill.hold(thread, &state.ballast, free);
            if stands && self.toolkit.is_running() {
                let shared = self.standstill.others_use(thread, &self.before);
                // SAFETY: the thread stands still, and nothing lets it go on after this.
                unsafe { self.toolkit.abandon(shared) };
                self.standstill.keep();
                self.thread = start_thread()?;
                return Ok(());
            }
            self.standstill.release();
            sleep(Duration::from_micros(500));
        }
        Ok(())
    }

    fn is_busy(&self) -> bool {
        self.thread.state.ended.load(Ordering::SeqCst) != self.thread.given
    }
}

fn start_thread() -> Result<Thread> {
    let (sender, cells) = channel::<RunCell>();
    let state = Arc::new(State::default());
    let own = Arc::clone(&state);
    let builder = std::thread::Builder::new()
        .name("cells".to_owned())
        .stack_size(STACK);
    builder
        .spawn(move || {
            // SAFETY: a system call without arguments.
            own.id.store(unsafe { libc::gettid() }, Ordering::SeqCst);
            own.ballast.fill();
            for cell in cells {
                if let Err(error) = call(&cell.library, &cell.symbol) {
                    // The kernel has gone if it cannot be told.
                    let _ = report_unloadable(&format!("{error:#}"));
                }
                own.ended.fetch_add(1, Ordering::SeqCst);
            }
        })
        .context("no thread to run cells on")?;
    Ok(Thread {
        cells: sender,
        given: 0,
        state,
    })
}
