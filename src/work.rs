//! Long work in the library tells here how far it is, and whoever runs the process may listen. The library itself shows
//! nothing: a notebook's progress bars are made by `show`, which listens.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far a piece of work is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which piece of work: the same number from its beginning to its end.
    pub work: u64,
    /// What is done, in words: `Forest (3 of 5)`.
    pub what: String,
    /// How much is done.
    pub done: u64,
    /// How much there is to do, if known.
    pub total: Option<u64>,
    /// Whether this is the last of it.
    pub over: bool,
}

/// What is called with every step, on the thread that works: it must be quick.
pub type Listener = fn(Step);

static LISTENER: OnceLock<Listener> = OnceLock::new();
static NEXT: AtomicU64 = AtomicU64::new(1);

/// Listens to all work of this process from now on; false when somebody does already.
pub fn listen(listener: Listener) -> bool {
    LISTENER.set(listener).is_ok()
}

/// A piece of work; dropped, it is over.
#[derive(Debug)]
pub(crate) struct Work {
    id: u64,
    what: String,
    done: u64,
    total: Option<u64>,
}

impl Work {
    /// Begins a piece of work.
    pub(crate) fn begin(what: impl Into<String>, total: Option<u64>) -> Self {
        let work = Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            what: what.into(),
            done: 0,
            total,
        };
        work.tell(false);
        work
    }

    /// So much is done, and this comes next.
    pub(crate) fn at(&mut self, done: u64, what: impl Into<String>) {
        self.done = done;
        self.what = what.into();
        self.tell(false);
    }

    /// So much is done.
    pub(crate) fn progressed(&mut self, done: u64) {
        self.done = done;
        self.tell(false);
    }

    fn tell(&self, over: bool) {
        if let Some(listener) = LISTENER.get() {
            listener(Step {
                work: self.id,
                what: self.what.clone(),
                done: self.done,
                total: self.total,
                over,
            });
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.tell(true);
    }
}
