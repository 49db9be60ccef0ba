//! The toolkit that was built along with this program: where it lies, and the one compiler that can read its crates. What
//! is installed on this machine is held against it.

use std::path::{Path, PathBuf};

use carnet_kernel::toolchain::BUILT_WITH;

/// The toolkit's folder: `deps` beside this program, where cargo puts it.
pub(crate) fn folder() -> PathBuf {
    let own = std::env::current_exe().and_then(|path| path.canonicalize());
    own.unwrap_or_default().with_file_name("deps")
}

/// Whether the toolkit in this folder is the one built along with this program: below it or, as a copy may lie, beside it.
pub(crate) fn is_own(toolkit: &Path) -> bool {
    let own = folder();
    toolkit
        .canonicalize()
        .is_ok_and(|toolkit| toolkit == own || own.parent() == Some(toolkit.as_path()))
}

/// Why a compiler that calls itself `version` cannot compile cells; none when it is the one that built the toolkit.
pub(crate) fn refusal(rustc: &Path, version: &str) -> Option<String> {
    (version != BUILT_WITH).then(|| {
        format!(
            "the compiler {} is {version}, but the toolkit was built with {BUILT_WITH}",
            rustc.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_is_refused_unless_it_is_the_very_one() {
        let rustc = Path::new("/bin/rustc");
        assert_eq!(refusal(rustc, BUILT_WITH), None);
        // The number alone does not do: nightly compilers share theirs.
        let number = BUILT_WITH.split(' ').nth(1).unwrap_or_default();
        let other = format!("rustc {number} (another build)");
        let text = refusal(rustc, &other).unwrap_or_default();
        for part in ["/bin/rustc", &other, BUILT_WITH] {
            assert!(text.contains(part), "{text}");
        }
    }
}
