//! Bars for what the library does by itself: a load or a model fit that takes longer than two seconds shows how far it is.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::progress::Bar;
use super::send::{Reader, reader};
use crate::work::{self, Step};

/// Work that is over sooner shows nothing.
const LONG: Duration = Duration::from_secs(2);
/// How often bars move, so that the time is seen to pass also where nothing else is told.
const TICK: Duration = Duration::from_millis(250);

struct Seen {
    step: Step,
    start: Instant,
    bar: Option<Bar>,
}

/// Whether a thread moves the bars.
static FOLLOWED: AtomicBool = AtomicBool::new(false);
static WORKS: Mutex<BTreeMap<u64, Seen>> = Mutex::new(BTreeMap::new());

/// Takes and gives back this module's lock.
pub(super) fn probe() {
    drop(works());
}

fn works() -> MutexGuard<'static, BTreeMap<u64, Seen>> {
    WORKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on long work of the library shows its progress, if a notebook under the Carnet kernel reads. The kernel calls
/// it once.
pub fn watch_long_work() {
    if matches!(reader(), Reader::Carnet(_)) {
        work::listen(hear);
    }
}

fn hear(step: Step) {
    let mut works = works();
    if step.over {
        // Dropped after the lock: the bar's last state is written then.
        let seen = works.remove(&step.work);
        drop(works);
        if let Some(bar) = seen.and_then(|seen| seen.bar) {
            bar.follow(step.done, &step.what);
        }
        return;
    }
    match works.get_mut(&step.work) {
        Some(seen) => seen.step = step,
        None => {
            let start = Instant::now();
            let bar = None;
            works.insert(step.work, Seen { step, start, bar });
        }
    }
    if !FOLLOWED.swap(true, Ordering::SeqCst) {
        // Without a thread there are no bars, and the work goes on.
        let _ = thread::Builder::new()
            .name("carnet-progress".to_owned())
            .spawn(follow);
    }
}

/// Moves the bars until there is no more work.
fn follow() {
    loop {
        thread::sleep(TICK);
        let mut works = works();
        if works.is_empty() {
            // Under the lock: who begins work after this starts a thread.
            FOLLOWED.store(false, Ordering::SeqCst);
            return;
        }
        for seen in works.values_mut() {
            let step = &seen.step;
            match &seen.bar {
                Some(bar) => bar.follow(step.done, &step.what),
                None if seen.start.elapsed() >= LONG => {
                    let bar = Bar::since(step.what.clone(), step.total, seen.start);
                    bar.follow(step.done, &step.what);
                    seen.bar = Some(bar);
                }
                None => {}
            }
        }
    }
}
