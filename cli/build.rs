//! Records the compiler of this build as the kernel's build script does: this program holds what is installed against it.

use std::error::Error;

#[path = "../kernel-ext/build.rs"]
mod kernel;

fn main() -> Result<(), Box<dyn Error>> {
    kernel::main()
}
