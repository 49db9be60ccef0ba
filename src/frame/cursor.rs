//! SQLite's own cursor over the handle that sqlx holds: the one place in the library with unsafe code.
//!
//! sqlx hands every row through a channel and boxes every value; a frame needs neither. The statement lives no longer than
//! the lock on the handle, so nothing else can use the connection meanwhile.

use super::watch::Watch;
use super::{FrameError, Param};
use crate::store::relational::stored_instant;
use libsqlite3_sys as sys;
use sqlx::sqlite::LockedSqliteHandle;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{NonNull, null_mut};

/// A value of the current row, borrowed from SQLite until the next step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    /// Text as bytes: SQLite does not promise UTF-8.
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// A prepared statement with its parameters bound.
pub(super) struct Cursor<'h, 'c, 'w> {
    statement: NonNull<sys::sqlite3_stmt>,
    handle: &'h mut LockedSqliteHandle<'c>,
    sql: String,
    row: usize,
    /// What the progress handler asks; it is taken off before this ends.
    watch: &'w Watch,
}

/// Virtual machine instructions between two looks at whether the load is cancelled.
const INSTRUCTIONS: c_int = 10_000;

/// One column of a statement's result.
pub(super) struct Described {
    pub(super) name: String,
    /// The type declared for the table's column that it is; empty for an expression.
    pub(super) declared: String,
    /// The table and the column that it is.
    pub(super) origin: Option<(String, String)>,
}

impl<'h, 'c, 'w> Cursor<'h, 'c, 'w> {
    /// Prepares one statement and binds `$1`, `$2`, … (or each `?` in order) to the values.
    pub(super) fn open(
        handle: &'h mut LockedSqliteHandle<'c>,
        sql: &str,
        values: &[Param],
        watch: &'w Watch,
    ) -> Result<Cursor<'h, 'c, 'w>, FrameError> {
        let length = c_int::try_from(sql.len()).map_err(|_| FrameError::Sqlite {
            sql: sql.chars().take(80).collect(),
            message: "the statement is too long".into(),
        })?;
        let mut statement = null_mut();
        let mut tail = std::ptr::null();
        // SAFETY: the handle is valid while it is locked; the text is passed with its length; SQLite writes a statement or
        // null, and a tail pointer into the same text.
        let (code, rest) = unsafe {
            let start = sql.as_ptr().cast();
            let code = sys::sqlite3_prepare_v2(
                handle.as_raw_handle().as_ptr(),
                start,
                length,
                &raw mut statement,
                &raw mut tail,
            );
            let used = if tail.is_null() {
                0
            } else {
                usize::try_from(tail.offset_from(start)).unwrap_or(0)
            };
            (code, sql.get(used..).unwrap_or_default())
        };
        let Some(statement) = NonNull::new(statement).filter(|_| code == sys::SQLITE_OK) else {
            return Err(FrameError::Sqlite {
                sql: sql.to_owned(),
                message: message(handle),
            });
        };
        // From here on the cursor finalises the statement, whatever happens.
        let cursor = Cursor {
            statement,
            handle,
            sql: sql.to_owned(),
            row: 0,
            watch,
        };
        // SAFETY: the handle is valid while it is locked; the watch outlives the cursor, and `drop` takes the handler off.
        unsafe {
            sys::sqlite3_progress_handler(
                cursor.handle.as_raw_handle().as_ptr(),
                INSTRUCTIONS,
                Some(is_cancelled),
                std::ptr::from_ref(watch).cast_mut().cast(),
            );
        }
        if !rest.trim().is_empty() {
            return Err(FrameError::Trailing {
                rest: rest.trim().to_owned(),
            });
        }
        cursor.bind(values)
    }

    fn bind(self, values: &[Param]) -> Result<Self, FrameError> {
        let statement = self.statement.as_ptr();
        // SAFETY: the statement is valid until it is dropped. Names are static for its life. Text is copied by SQLite
        // (SQLITE_TRANSIENT) before the call returns.
        unsafe {
            let placeholders =
                usize::try_from(sys::sqlite3_bind_parameter_count(statement)).unwrap_or(0);
            if placeholders != values.len() {
                return Err(FrameError::Parameters {
                    placeholders,
                    values: values.len(),
                });
            }
            let mut taken = vec![false; values.len()];
            for index in 1..=placeholders {
                // `$2` may come first in the text: its number, not its place, says which value it is.
                let place = c_int::try_from(index).unwrap_or(0);
                let name = sys::sqlite3_bind_parameter_name(statement, place);
                let number = if name.is_null() {
                    index
                } else {
                    let name = CStr::from_ptr(name).to_string_lossy();
                    name.trim_start_matches(['$', '?', ':', '@'])
                        .parse()
                        .unwrap_or(0)
                };
                let Some(at) = number.checked_sub(1).filter(|at| *at < values.len()) else {
                    return Err(FrameError::Parameters {
                        placeholders: number,
                        values: values.len(),
                    });
                };
                // `? … $1` are two placeholders to SQLite, and would both take the first value.
                if std::mem::replace(&mut taken[at], true) {
                    return Err(FrameError::MixedPlaceholders { number });
                }
                let code = match &values[at] {
                    Param::Null => sys::sqlite3_bind_null(statement, place),
                    Param::Integer(number) => sys::sqlite3_bind_int64(statement, place, *number),
                    Param::Real(number) => sys::sqlite3_bind_double(statement, place, *number),
                    Param::Text(text) => bind_text(statement, place, text),
                    Param::Instant(instant) => {
                        let text = stored_instant(*instant)
                            .ok_or(FrameError::Instant { instant: *instant })?;
                        bind_text(statement, place, &text)
                    }
                };
                if code != sys::SQLITE_OK {
                    return Err(FrameError::Sqlite {
                        message: message(self.handle),
                        sql: self.sql.clone(),
                    });
                }
            }
        }
        Ok(self)
    }

    /// Moves to the next row; false after the last.
    pub(super) fn step(&mut self) -> Result<bool, FrameError> {
        // SAFETY: the statement is valid until it is dropped.
        match unsafe { sys::sqlite3_step(self.statement.as_ptr()) } {
            sys::SQLITE_ROW => {
                self.row += 1;
                Ok(true)
            }
            sys::SQLITE_DONE => Ok(false),
            sys::SQLITE_INTERRUPT if self.watch.cancel.is_cancelled() => Err(FrameError::Cancelled),
            _ => Err(FrameError::Sqlite {
                message: message(self.handle),
                sql: self.sql.clone(),
            }),
        }
    }

    /// The number of the current row, from 1.
    pub(super) fn row(&self) -> usize {
        self.row
    }

    /// Whether the statement gives rows and changes nothing.
    pub(super) fn only_reads(&self) -> bool {
        let statement = self.statement.as_ptr();
        // SAFETY: the statement is valid until it is dropped.
        unsafe {
            sys::sqlite3_stmt_readonly(statement) != 0 && sys::sqlite3_column_count(statement) > 0
        }
    }

    /// The columns of the result.
    pub(super) fn columns(&self) -> Vec<Described> {
        let statement = self.statement.as_ptr();
        // SAFETY: the statement is valid until it is dropped; texts are null or end with a zero and are copied at once.
        unsafe {
            (0..sys::sqlite3_column_count(statement))
                .map(|column| Described {
                    name: text(sys::sqlite3_column_name(statement, column)).unwrap_or_default(),
                    declared: text(sys::sqlite3_column_decltype(statement, column))
                        .unwrap_or_default(),
                    origin: text(sys::sqlite3_column_table_name(statement, column))
                        .zip(text(sys::sqlite3_column_origin_name(statement, column))),
                })
                .collect()
        }
    }

    /// A column of the current row; borrowing the cursor keeps it from stepping on.
    pub(super) fn cell(&self, column: usize) -> Cell<'_> {
        let Ok(column) = c_int::try_from(column) else {
            return Cell::Null;
        };
        let statement = self.statement.as_ptr();
        // SAFETY: the statement is on a row; a column out of range reads as null. Pointers stay valid until the next step or
        // conversion; the borrow of `self` prevents a step, and the type is asked before the one conversion that is made.
        unsafe {
            match sys::sqlite3_column_type(statement, column) {
                sys::SQLITE_INTEGER => Cell::Integer(sys::sqlite3_column_int64(statement, column)),
                sys::SQLITE_FLOAT => Cell::Real(sys::sqlite3_column_double(statement, column)),
                sys::SQLITE_TEXT => {
                    let start = sys::sqlite3_column_text(statement, column);
                    Cell::Text(bytes(start, sys::sqlite3_column_bytes(statement, column)))
                }
                sys::SQLITE_BLOB => {
                    let start = sys::sqlite3_column_blob(statement, column).cast();
                    Cell::Blob(bytes(start, sys::sqlite3_column_bytes(statement, column)))
                }
                _ => Cell::Null,
            }
        }
    }
}

impl Drop for Cursor<'_, '_, '_> {
    fn drop(&mut self) {
        // SAFETY: the statement is valid and not used again; the handle is valid while it is locked.
        unsafe {
            sys::sqlite3_finalize(self.statement.as_ptr());
            let handle = self.handle.as_raw_handle().as_ptr();
            sys::sqlite3_progress_handler(handle, 0, None, null_mut());
        }
    }
}

/// The progress handler: anything but 0 ends the statement.
unsafe extern "C" fn is_cancelled(watch: *mut c_void) -> c_int {
    // SAFETY: `Cursor::open` passes its watch, which outlives the handler.
    let watch = unsafe { &*watch.cast::<Watch>() };
    c_int::from(watch.cancel.is_cancelled())
}

/// A copy of the text; none for a null pointer.
///
/// # Safety
/// `start` must be null or point to text that ends with a zero.
unsafe fn text(start: *const c_char) -> Option<String> {
    // SAFETY: as the caller promises.
    (!start.is_null()).then(|| {
        unsafe { CStr::from_ptr(start) }
            .to_string_lossy()
            .into_owned()
    })
}

/// The bytes at `start`; none for a null pointer, which SQLite gives for an empty blob.
///
/// # Safety
/// `start` must be null or point to `length` bytes that live as long as the result.
unsafe fn bytes<'a>(start: *const u8, length: c_int) -> &'a [u8] {
    match usize::try_from(length) {
        // SAFETY: as the caller promises.
        Ok(length) if !start.is_null() => unsafe { std::slice::from_raw_parts(start, length) },
        _ => &[],
    }
}

/// Binds a copy of the text.
///
/// # Safety
/// The statement must be valid.
unsafe fn bind_text(statement: *mut sys::sqlite3_stmt, place: c_int, text: &str) -> c_int {
    // SAFETY: the statement is valid, as the caller promises; the text is passed with its length and copied by SQLite.
    unsafe {
        sys::sqlite3_bind_text64(
            statement,
            place,
            text.as_ptr().cast(),
            text.len() as u64,
            sys::SQLITE_TRANSIENT(),
            sys::SQLITE_UTF8 as u8,
        )
    }
}

fn message(handle: &mut LockedSqliteHandle<'_>) -> String {
    // SAFETY: the handle is valid while locked; the message is copied before the next call.
    unsafe { CStr::from_ptr(sys::sqlite3_errmsg(handle.as_raw_handle().as_ptr())) }
        .to_string_lossy()
        .into_owned()
}
