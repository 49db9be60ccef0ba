//! The variables that outlive a cell, by name. A cell takes by value those it names and puts back what it did not move.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::marker::PhantomData;

thread_local! {
    static VARIABLES: RefCell<BTreeMap<String, Box<dyn Any>>> = const { RefCell::new(BTreeMap::new()) };
    static STORED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What [`store`] returns. The compiler writes its type parameter, the variable's full type, where the kernel reads it.
/// The byte means nothing, but the compiler removes locals that take no space.
pub struct Kept<T>(#[allow(dead_code)] u8, PhantomData<T>);

/// Keeps `value` under `name` for later cells and drops what was kept under it before.
pub fn store<T: 'static>(name: &'static str, value: T) -> Kept<T> {
    insert(name, value);
    STORED.with_borrow_mut(|stored| stored.push(name.to_owned()));
    Kept(0, PhantomData)
}

/// Gives a variable that a cell took, and did not move, back to later cells, unless the cell made a new one of that name.
pub fn put_back<T: 'static>(name: &'static str, value: T) {
    if !VARIABLES.with_borrow(|variables| variables.contains_key(name)) {
        insert(name, value);
    }
}

/// Takes the variable `name` out of the store.
///
/// # Panics
/// When there is none or it has another type; the kernel only generates a call that holds.
pub fn take<T: 'static>(name: &'static str) -> T {
    let found = VARIABLES.with_borrow_mut(|variables| variables.remove(name));
    match found.map(|value| value.downcast::<T>()) {
        Some(Ok(value)) => *value,
        Some(Err(value)) => {
            VARIABLES.with_borrow_mut(|variables| variables.insert(name.to_owned(), value));
            panic!(
                "the variable `{name}` is not of the type `{}`",
                std::any::type_name::<T>()
            )
        }
        None => panic!("there is no variable `{name}`"),
    }
}

/// Drops the variable `name`, if there is one.
pub fn forget(name: &'static str) {
    let dropped = VARIABLES.with_borrow_mut(|variables| variables.remove(name));
    drop(dropped);
}

/// The names in the store.
pub(crate) fn names() -> Vec<String> {
    VARIABLES.with_borrow(|variables| variables.keys().cloned().collect())
}

/// The names [`store`] was called with since this was last asked.
pub(crate) fn take_stored() -> Vec<String> {
    STORED.take()
}

/// The old value is dropped after the store is released: a drop may run the user's code.
fn insert<T: 'static>(name: &'static str, value: T) {
    let old =
        VARIABLES.with_borrow_mut(|variables| variables.insert(name.to_owned(), Box::new(value)));
    drop(old);
}
