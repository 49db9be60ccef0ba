//! Watching a load from outside: how far it is, and breaking it off.

use super::FrameError;
use crate::work::Work;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Time between two signs of progress.
const PAUSE: Duration = Duration::from_millis(200);

/// Breaks off every load that it was given to, from any thread: the load ends with [`FrameError::Cancelled`], and so does the
/// server's query.
///
/// ```
/// let cancel = carnet::frame::Cancel::default();
/// let other = cancel.clone();
/// std::thread::spawn(move || other.cancel());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    set: AtomicBool,
    waiting: Notify,
    /// The one that sets this off as well.
    above: Option<Cancel>,
}

impl Cancel {
    /// Breaks off the loads that were given this, those that have not begun yet as well.
    pub fn cancel(&self) {
        self.0.set.store(true, Ordering::SeqCst);
        self.0.waiting.notify_waiters();
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        let above = self.0.above.as_ref();
        self.0.set.load(Ordering::SeqCst) || above.is_some_and(Cancel::is_cancelled)
    }

    /// One that this one sets off, and that leaves this one alone.
    pub(super) fn below(&self) -> Cancel {
        Cancel(Arc::new(Flag {
            above: Some(self.clone()),
            ..Flag::default()
        }))
    }

    /// Waits until it is cancelled.
    pub(super) async fn cancelled(&self) {
        match &self.0.above {
            Some(above) => tokio::select! {
                () = self.set() => {}
                () = above.set() => {}
            },
            None => self.set().await,
        }
    }

    async fn set(&self) {
        loop {
            let waiting = self.0.waiting.notified();
            if self.is_cancelled() {
                return;
            }
            waiting.await;
        }
    }
}

/// How far a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows that are in columns.
    pub rows: usize,
    /// Bytes of their values.
    pub bytes: u64,
    /// Time since the load began.
    pub elapsed: Duration,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        write!(
            f,
            "{} rows, {:.1} MB in {seconds:.1} s",
            self.rows,
            self.bytes as f64 / 1e6
        )
    }
}

type Listener = Arc<dyn Fn(Progress) + Send + Sync>;

/// What the readers of one load share: how far they are together, and whether to go on.
#[derive(Clone, Default)]
pub(super) struct Watch {
    pub(super) cancel: Cancel,
    listener: Option<Listener>,
    shared: Option<Arc<Shared>>,
}

struct Shared {
    work: Mutex<Work>,
    rows: AtomicUsize,
    bytes: AtomicU64,
    start: Instant,
    told: Mutex<Instant>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.cancel).finish()
    }
}

impl Watch {
    pub(super) fn listen(&mut self, listener: impl Fn(Progress) + Send + Sync + 'static) {
        self.listener = Some(Arc::new(listener));
    }

    /// Begins to count the rows of `place` from nothing.
    pub(super) fn begin(&mut self, place: &str) {
        let start = Instant::now();
        self.shared = Some(Arc::new(Shared {
            work: Mutex::new(Work::begin(format!("rows of {place}"), None)),
            rows: AtomicUsize::new(0),
            bytes: AtomicU64::new(0),
            start,
            told: Mutex::new(start),
        }));
    }

    /// Counts rows, tells of them now and then, and says whether to go on.
    pub(super) fn passed(&self, rows: usize, bytes: u64) -> Result<(), FrameError> {
        if self.cancel.is_cancelled() {
            return Err(FrameError::Cancelled);
        }
        let Some(shared) = &self.shared else {
            return Ok(());
        };
        let progress = Progress {
            rows: shared.rows.fetch_add(rows, Ordering::Relaxed) + rows,
            bytes: shared.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes,
            elapsed: shared.start.elapsed(),
        };
        let mut told = shared.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= PAUSE {
            *told = Instant::now();
            drop(told);
            let mut work = shared.work.lock().unwrap_or_else(PoisonError::into_inner);
            work.progressed(progress.rows as u64);
            drop(work);
            if let Some(listener) = &self.listener {
                listener(progress);
            }
        }
        Ok(())
    }
}
