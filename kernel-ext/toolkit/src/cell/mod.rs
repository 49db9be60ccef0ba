//! What a cell's generated code calls: the variables that outlive a cell ([`take`], [`store`], [`put_back`]), the
//! runner that turns a panic or a failed `?` into a report ([`run`], [`attempt`]).
//!
//! All cells run on one thread, so variables need not be `Send`.

mod failure;
mod frame;
mod run;
mod variables;

pub use failure::Failure;
pub use frame::carnet_toolkit_open;
pub use run::{Attempt, attempt, run};
pub use variables::{Kept, forget, put_back, store, take};
