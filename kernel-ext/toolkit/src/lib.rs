//! The one dylib that notebook cells compile against: the whole of `carnet`, the crates behind it, and [`cell`], what
//! the kernel's generated code calls. It is built once with the workspace, so that no cell ever compiles polars; cells
//! see it under two names, `carnet` (so that `use carnet::prelude::*` and derive macros work) and `carnet_toolkit`.

pub use carnet::*;

pub mod cell;

/// Makes crates importable from cells (`use polars::prelude::*`) and lists their names for `:dep` lines, in one place
/// so that the two cannot differ.
macro_rules! crates {
    ($($name:ident),* $(,)?) => {
        /// The crates a cell may name (`use polars::prelude::*`); every cell imports them, at the lowest priority.
        pub mod crates {
            $(pub use carnet::$name;)*

            /// Their names, in the spelling of paths (`serde_json`).
            pub const NAMES: &[&str] = &["carnet", $(stringify!($name)),*];
        }
    };
}

crates! { bson, chrono, plotly, polars, reqwest, scraper, serde_json, smartcore, tokio }
