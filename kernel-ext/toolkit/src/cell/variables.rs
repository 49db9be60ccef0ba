//! The variables that outlive a cell, by name. A cell takes by value those it names and puts back what it did not move.
//! Those it only borrows are lent to it, so that they can be had back from a cell that is stopped and never ends.

use std::any::Any;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Mutex, MutexGuard, PoisonError};

use carnet::frame::Loaded;
use carnet::polars::prelude::DataFrame;
use carnet::serde_json::json;

/// Most columns of a frame that are told.
const MOST_COLUMNS: usize = 500;
/// Most frames whose columns are told.
const MOST_FRAMES: usize = 50;

/// A value of any type. It may have come to be on another thread: cells run on one thread at a time, and when a stopped
/// one is given up, its thread never runs again.
struct Value(Box<dyn Any>);

// SAFETY: see the type; only the thread that runs cells, or the one that gives it up while it stands still, uses values.
unsafe impl Send for Value {}

/// A variable that lies on the stack of the running cell.
struct Lent {
    name: &'static str,
    place: *const (),
    /// Moves the value out of its place.
    reclaim: unsafe fn(*const ()) -> Box<dyn Any>,
    /// Why the cell may have left it half changed, if it may.
    doubt: Option<&'static str>,
}

// SAFETY: the pointer is only followed while the thread that owns the place stands still for good.
unsafe impl Send for Lent {}

static VARIABLES: Mutex<BTreeMap<String, Value>> = Mutex::new(BTreeMap::new());
static STORED: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LENT: Mutex<Vec<Lent>> = Mutex::new(Vec::new());

/// No code of the user runs under these locks, so a poisoned one holds what it should.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What [`store`] returns. The compiler writes its type parameter, the variable's full type, where the kernel reads it.
/// The byte means nothing, but the compiler removes locals that take no space.
pub struct Kept<T>(#[allow(dead_code)] u8, PhantomData<T>);

/// Keeps `value` under `name` for later cells and drops what was kept under it before.
pub fn store<T: 'static>(name: &'static str, value: T) -> Kept<T> {
    insert_stored(name, Box::new(value));
    Kept(0, PhantomData)
}

// What follows without a type parameter is what need not be compiled with each cell.

#[inline(never)]
fn insert_stored(name: &str, value: Box<dyn Any>) {
    insert(name, value);
    locked(&STORED).push(name.to_owned());
}

/// Notes that the variable `name` lies at `place` until it is put back. `doubt` says why a cell which is stopped at any
/// moment may have left it half changed; none when it cannot.
///
/// # Safety
/// A `T` lies at `place` until it is put back or the cell ends, and may be moved from there by [`reclaim`]'s caller.
pub unsafe fn lend<T: 'static>(name: &'static str, place: *const T, doubt: Option<&'static str>) {
    unsafe fn reclaim<T: 'static>(place: *const ()) -> Box<dyn Any> {
        // SAFETY: the caller upholds that a `T` lies there which nobody uses any more.
        Box::new(unsafe { place.cast::<T>().read() })
    }
    note_lent(Lent {
        name,
        place: place.cast(),
        reclaim: reclaim::<T>,
        doubt,
    });
}

#[inline(never)]
fn note_lent(lent: Lent) {
    locked(&LENT).push(lent);
}

/// Gives a variable that a cell took, and did not move, back to later cells, unless the cell made a new one of that name.
pub fn put_back<T: 'static>(name: &'static str, value: T) {
    if is_wanted_back(name) {
        insert(name, Box::new(value));
    }
}

#[inline(never)]
fn is_wanted_back(name: &str) -> bool {
    locked(&LENT).retain(|lent| lent.name != name);
    !locked(&VARIABLES).contains_key(name)
}

/// Takes the variable `name` out of the store.
///
/// # Panics
/// When there is none or it has another type; the kernel only generates a call that holds.
pub fn take<T: 'static>(name: &'static str) -> T {
    match removed(name).downcast::<T>() {
        Ok(value) => *value,
        Err(value) => refuse(name, value, std::any::type_name::<T>()),
    }
}

#[inline(never)]
fn refuse(name: &str, value: Box<dyn Any>, type_: &str) -> ! {
    insert(name, value);
    panic!("the variable `{name}` is not of the type `{type_}`")
}

/// Takes the variable `name`, which was stored as an `Old`, as a `New`: the same type by the same definition, compiled
/// once more in a later cell.
///
/// # Safety
/// Both types have the same definition, all the way down; the compiler lays equal definitions out equally.
///
/// # Panics
/// As [`take`], and when the sizes differ.
pub unsafe fn take_as<Old: 'static, New>(name: &'static str) -> New {
    let old = std::mem::ManuallyDrop::new(take::<Old>(name));
    assert!(
        size_of::<Old>() == size_of::<New>() && align_of::<Old>() == align_of::<New>(),
        "the type of `{name}` is laid out differently now"
    );
    // SAFETY: the caller upholds that the types are the same; `old` is never used or dropped again.
    unsafe { std::mem::transmute_copy(&*old) }
}

#[inline(never)]
fn removed(name: &str) -> Box<dyn Any> {
    let found = locked(&VARIABLES).remove(name);
    match found {
        Some(value) => value.0,
        None => panic!("there is no variable `{name}`"),
    }
}

/// Drops the variable `name`, if there is one.
pub fn forget(name: &'static str) {
    let dropped = locked(&VARIABLES).remove(name);
    drop(dropped);
}

/// The names in the store.
pub(crate) fn names() -> Vec<String> {
    locked(&VARIABLES).keys().cloned().collect()
}

/// The columns of the variables that are frames, for completion: names and types.
pub(crate) fn columns() -> BTreeMap<String, carnet::serde_json::Value> {
    let variables = locked(&VARIABLES);
    let columns = |(name, value): (&String, &Value)| {
        let frame = value.0.downcast_ref::<DataFrame>();
        let loaded = || value.0.downcast_ref::<Loaded>().map(|loaded| &loaded.frame);
        let columns = frame.or_else(loaded)?.columns().iter().take(MOST_COLUMNS);
        let columns: Vec<_> = columns
            .map(|column| json!({ "name": column.name().as_str(), "type": column.dtype().to_string() }))
            .collect();
        Some((name.clone(), json!(columns)))
    };
    variables
        .iter()
        .filter_map(columns)
        .take(MOST_FRAMES)
        .collect()
}

/// The names [`store`] was called with since this was last asked.
pub(crate) fn take_stored() -> Vec<String> {
    std::mem::take(&mut locked(&STORED))
}

/// Has the lent variables back from a cell that will never go on; returns those that stay lost, with the reason.
///
/// # Safety
/// The thread that runs the cell stands still for good. `shared` says that other threads may still use what it borrowed.
pub(crate) unsafe fn reclaim(shared: bool) -> Vec<(&'static str, &'static str)> {
    let mut lost = Vec::new();
    for lent in std::mem::take(&mut *locked(&LENT)) {
        if shared {
            lost.push((lent.name, "threads of the stopped cell were using it"));
        } else if let Some(doubt) = lent.doubt {
            lost.push((lent.name, doubt));
        } else {
            // SAFETY: by the caller; the place is on that thread's stack, which stays.
            insert(lent.name, unsafe { (lent.reclaim)(lent.place) });
        }
    }
    lost
}

/// Forgets what is lent: a cell has ended.
pub(crate) fn end_lending() {
    locked(&LENT).clear();
}

/// Whether no thread that stands still holds a lock of this module: takes and gives back each.
pub(crate) fn probe() {
    drop((locked(&VARIABLES), locked(&STORED), locked(&LENT)));
}

/// The old value is dropped after the store is released: a drop may run the user's code.
#[inline(never)]
fn insert(name: &str, value: Box<dyn Any>) {
    let old = locked(&VARIABLES).insert(name.to_owned(), Value(value));
    drop(old);
}
