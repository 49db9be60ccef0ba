//! Records what the compiler of this build calls itself. The toolkit is built along with this crate, and rustc reads no
//! crate that another rustc wrote: the kernel can tell another compiler before a cell meets it.

use std::error::Error;
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo names the compiler that it will call, and runs this again when that changes.
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc).arg("--version").output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{} --version` failed: {said}", rustc.display()).into());
    }
    let version = String::from_utf8(output.stdout)?;
    println!("cargo::rustc-env=CARNET_BUILT_WITH={}", version.trim());
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
