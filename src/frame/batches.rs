//! A load in frames that are read as they are taken.

use super::plan::Plan;
use super::watch::Cancel;
use super::{FrameError, LoadReport};
use crate::runtime;
use polars::prelude::DataFrame;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// Frames that wait to be taken, beside the one that is being built.
const WAITING: usize = 1;

/// The frames of a load, one after the other. Dropped before the end, it breaks the load off.
#[derive(Debug)]
pub struct Batches {
    frames: Receiver<DataFrame>,
    reader: Option<JoinHandle<Result<LoadReport, FrameError>>>,
    /// Breaks off the reader, which may be waiting for the server.
    cancel: Cancel,
    report: Option<LoadReport>,
}

impl Batches {
    pub(super) fn begin(mut plan: Plan, rows: usize) -> Batches {
        // Its own, which the caller's sets off: dropping these batches must not break off other loads of the caller's.
        let cancel = plan.watch.cancel.below();
        plan.watch.cancel = cancel.clone();
        let (sender, frames) = sync_channel(WAITING);
        let reader = std::thread::spawn(move || runtime::block_on(plan.send(rows, sender)));
        Batches {
            frames,
            reader: Some(reader),
            cancel,
            report: None,
        }
    }

    /// The report, after the last frame; its hash is that of all frames together.
    pub fn report(&self) -> Option<&LoadReport> {
        self.report.as_ref()
    }
}

impl Iterator for Batches {
    type Item = Result<DataFrame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Ok(frame) = self.frames.recv() {
            return Some(Ok(frame));
        }
        // The reader has ended; what it says comes once.
        match self.reader.take()?.join() {
            Ok(Ok(report)) => {
                self.report = Some(report);
                None
            }
            Ok(Err(error)) => Some(Err(error)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
