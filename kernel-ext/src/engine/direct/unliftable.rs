//! Why a cell that would have items of earlier cells compiled again is refused.

/// Why items cannot be compiled again.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unliftable {
    /// A name in one of them has another meaning now.
    #[error(
        "this `impl` compiles `{item}` of {cell} once more, and there `{name}` would not mean what it meant: it has been \
         defined or imported anew since. Run {cell} again, or name the new `{name}` otherwise"
    )]
    Changed {
        /// The item: `P`, or `impl Area for P`.
        item: String,
        /// Its cell: `cell [1]`.
        cell: String,
        /// The name.
        name: String,
    },
    /// One of them is a `static`, which would begin anew.
    #[error(
        "this `impl` compiles `{item}` of {cell} once more, and a `static` would lose what it holds. Put the `impl` into the \
         cell of its type, or keep the value in a variable"
    )]
    Static {
        /// Its name.
        item: String,
        /// Its cell.
        cell: String,
    },
    /// A glob import came since, which may bring a name that it mentions.
    #[error(
        "this `impl` compiles `{item}` of {cell} once more, and `{line}` came since, which may hide what `{name}` means there. \
         Run {cell} again"
    )]
    Hidden {
        /// The item.
        item: String,
        /// Its cell.
        cell: String,
        /// The name.
        name: String,
        /// The import.
        line: String,
    },
    /// A type that there are values of may be built on what the `impl` gives another meaning.
    #[error(
        "this `impl` takes the place of an earlier one and gives `{name}` another meaning, on which `{item}` of {cell} may be \
         built. Run {cell} again, with the new `impl` before it or in it"
    )]
    Built {
        /// The type.
        item: String,
        /// Its cell.
        cell: String,
        /// What the `impl` defines anew.
        name: String,
    },
    /// A variable that may be built on what the `impl` gives another meaning.
    #[error(
        "this `impl` takes the place of an earlier one and gives `{name}` another meaning, on which `{item}` of {cell} may be \
         built. Run `drop({item});` before it, and then what makes `{item}`"
    )]
    Held {
        /// The variable.
        item: String,
        /// Its cell.
        cell: String,
        /// What the `impl` defines anew.
        name: String,
    },
}
