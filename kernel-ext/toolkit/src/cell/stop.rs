//! What the process that runs cells calls to stop one: the request, which what can end by itself obeys, and the giving up
//! of a cell whose thread stands still for good.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use carnet::serde_json::json;
use carnet::show::frame;

use super::{run, variables};

/// No cell runs, or its library is being loaded.
const IDLE: u8 = 0;
/// The user's statements run.
const RUNNING: u8 = 1;
/// They have ended; the report is being made.
const ENDING: u8 = 2;

static PHASE: AtomicU8 = AtomicU8::new(IDLE);
/// Whether a thread that an earlier cell left running kept standard output to itself when the running cell began.
static KEPT_FROM_IT: AtomicBool = AtomicBool::new(false);

pub(crate) fn begin() {
    carnet::stop::listen();
    KEPT_FROM_IT.store(frame::is_stuck(), Ordering::SeqCst);
    PHASE.store(RUNNING, Ordering::SeqCst);
}

pub(crate) fn end() {
    PHASE.store(ENDING, Ordering::SeqCst);
    carnet::stop::clear();
}

pub(crate) fn over() {
    PHASE.store(IDLE, Ordering::SeqCst);
}

/// Asks the running cell to stop; what never asks whether it should goes on.
#[unsafe(no_mangle)]
pub extern "C" fn carnet_toolkit_stop() {
    carnet::stop::request();
}

/// Takes a request to stop back.
#[unsafe(no_mangle)]
pub extern "C" fn carnet_toolkit_forget_stop() {
    carnet::stop::clear();
}

/// 0 between cells, 1 while the user's statements run, 2 while their end is reported.
#[unsafe(no_mangle)]
pub extern "C" fn carnet_toolkit_phase() -> u8 {
    PHASE.load(Ordering::SeqCst)
}

/// Takes and gives back every lock that a later cell needs. It returns only if no thread that stands still holds one.
#[unsafe(no_mangle)]
pub extern "C" fn carnet_toolkit_probe() {
    // What somebody else held before the cell began the cell does not hold.
    if !KEPT_FROM_IT.load(Ordering::SeqCst) {
        frame::flush_now();
    }
    variables::probe();
    carnet::show::probe();
    // The environment has a lock too.
    let _ = std::env::var_os("PATH");
    let _ = carnet::stop::is_requested();
}

/// Gives up the running cell, whose thread stands still for good: has back the variables it only borrowed and reports its
/// end. `shared` is not 0 when other threads may still use them; then they stay lost.
///
/// # Safety
/// The thread that runs the cell stands still and never goes on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn carnet_toolkit_abandon(shared: u8) {
    carnet::stop::clear();
    // SAFETY: by the caller.
    let lost: BTreeMap<_, _> = unsafe { variables::reclaim(shared != 0) }
        .into_iter()
        .collect();
    run::report_end(json!({ "outcome": "stopped", "lost": lost }));
    over();
}
