//! Where a reader puts rows: column builders that become a frame when they are full or the rows end.

use super::builder::Builder;
use super::report::{Mismatches, Unnamed};
use super::watch::Watch;
use super::{FrameError, Policy};
use crate::record::Field;
use polars::prelude::DataFrame;

/// Rows after which progress is told and an interruption is listened to.
const STEP: usize = 1_024;

/// Rows that the first builders have room for.
const ROWS: usize = 1_024;

/// What takes each frame.
pub(super) type Sink<'a> = &'a mut (dyn FnMut(DataFrame) -> Result<(), FrameError> + Send);

/// What came of all rows, beside the frames.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) rows: usize,
    pub(super) bytes: u64,
    pub(super) mismatches: Mismatches,
    pub(super) missing: Vec<u64>,
    pub(super) unnamed: Unnamed,
}

/// Rows being collected.
pub(super) struct Output<'a> {
    fields: Vec<Field>,
    /// One for each field.
    pub(super) builders: Vec<Builder>,
    pub(super) mismatches: Mismatches,
    /// For each field, rows that had nothing at its path, not even a null.
    pub(super) missing: Vec<u64>,
    /// Fields of documents that no field of the record names.
    pub(super) unnamed: Unnamed,
    /// Rows so far, and bytes of their values.
    pub(super) rows: usize,
    pub(super) bytes: u64,
    place: String,
    policy: Policy,
    /// Rows that a frame has at most.
    size: usize,
    /// Rows since the last frame.
    since: usize,
    frames: usize,
    told: (usize, u64),
    sink: Sink<'a>,
    watch: &'a Watch,
}

impl<'a> Output<'a> {
    pub(super) fn new(
        place: String,
        policy: Policy,
        size: usize,
        sink: Sink<'a>,
        watch: &'a Watch,
    ) -> Output<'a> {
        Output {
            fields: Vec::new(),
            builders: Vec::new(),
            mismatches: Mismatches::default(),
            missing: Vec::new(),
            unnamed: Unnamed::default(),
            rows: 0,
            bytes: 0,
            place,
            policy,
            size: size.max(1),
            since: 0,
            frames: 0,
            told: (0, 0),
            sink,
            watch,
        }
    }

    /// Makes a column for each field, before the first row.
    pub(super) fn begin(&mut self, fields: &[Field]) {
        self.fields = fields.to_vec();
        self.builders = self.empty(ROWS);
        self.missing = vec![0; fields.len()];
    }

    fn empty(&self, rows: usize) -> Vec<Builder> {
        let fields = self.fields.iter();
        fields.map(|field| Builder::new(field, rows)).collect()
    }

    /// The builders to push a row's values to, and where to tell of those that do not fit.
    #[inline]
    pub(super) fn columns(&mut self) -> (&mut [Builder], &mut Mismatches) {
        (&mut self.builders, &mut self.mismatches)
    }

    /// Ends a row, after each builder has got a value; `bytes` is the size of its values.
    #[inline]
    pub(super) fn row(&mut self, bytes: u64) -> Result<(), FrameError> {
        self.rows += 1;
        self.since += 1;
        self.bytes += bytes;
        if self.rows.is_multiple_of(STEP) {
            self.tell()?;
        }
        if self.since == self.size {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the rows; gives what is left as a frame, and one without rows if there were none.
    pub(super) fn counted(mut self) -> Result<Counted, FrameError> {
        self.tell()?;
        if self.since > 0 || self.frames == 0 {
            self.flush()?;
        }
        Ok(Counted {
            rows: self.rows,
            bytes: self.bytes,
            mismatches: self.mismatches,
            missing: self.missing,
            unnamed: self.unnamed,
        })
    }

    fn tell(&mut self) -> Result<(), FrameError> {
        let (rows, bytes) = self.told;
        self.told = (self.rows, self.bytes);
        self.watch.passed(self.rows - rows, self.bytes - bytes)
    }

    fn flush(&mut self) -> Result<(), FrameError> {
        if self.policy == Policy::Fail && !self.mismatches.is_empty() {
            return Err(FrameError::Mismatch {
                place: self.place.clone(),
                mismatches: self.mismatches.list().to_vec(),
            });
        }
        // After a full frame the next one is likely to be full as well, and then has no room to spare.
        let fresh = self.empty(if self.since == self.size {
            self.size
        } else {
            ROWS
        });
        let full = std::mem::replace(&mut self.builders, fresh);
        let mut columns = Vec::with_capacity(full.len());
        for builder in full {
            columns.push(builder.finish()?);
        }
        let frame = DataFrame::new(self.since, columns)?;
        self.since = 0;
        self.frames += 1;
        (self.sink)(frame)
    }
}
