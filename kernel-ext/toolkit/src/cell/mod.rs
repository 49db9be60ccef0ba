//! What a cell's generated code calls: the variables that outlive a cell ([`take`], [`lend`], [`store`], [`put_back`]), the
//! runner that turns a panic or a failed `?` into a report ([`run`], [`attempt`]); and what the process that runs cells
//! calls to stop one.
//!
//! Cells run on one thread at a time, so variables need not be `Send`.

mod failure;
mod frame;
mod run;
mod stop;
mod variables;

pub use failure::Failure;
pub use frame::{carnet_toolkit_ask, carnet_toolkit_flush, carnet_toolkit_open};
pub use run::{Attempt, attempt, run};
pub use stop::{
    carnet_toolkit_abandon, carnet_toolkit_forget_stop, carnet_toolkit_phase, carnet_toolkit_probe,
    carnet_toolkit_stop,
};
pub use variables::{Kept, forget, lend, put_back, store, take, take_as};
