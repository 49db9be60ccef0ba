//! Replies that do not depend on any cell.

use jupyter_protocol::{CodeMirrorMode, HelpLink, KernelInfoReply, LanguageInfo, ReplyStatus};

use crate::toolchain::BUILT_WITH;

/// What the kernel is.
pub(crate) fn kernel_info() -> KernelInfoReply {
    let link = |text: &str, url: &str| HelpLink {
        text: text.to_owned(),
        url: url.to_owned(),
    };
    // Cells are compiled by the compiler that built this, as their toolkit was: `rustc 1.95.0 (59807616e 2026-04-14)`.
    let version = BUILT_WITH.split(' ').nth(1).unwrap_or(BUILT_WITH);
    KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: "5.4".to_owned(),
        implementation: "carnet".to_owned(),
        implementation_version: env!("CARGO_PKG_VERSION").to_owned(),
        language_info: LanguageInfo {
            name: "rust".to_owned(),
            version: version.to_owned(),
            mimetype: Some("text/rust".to_owned()),
            file_extension: Some(".rs".to_owned()),
            pygments_lexer: Some("rust".to_owned()),
            codemirror_mode: Some(CodeMirrorMode::Simple("rust".to_owned())),
            nbconvert_exporter: Some("script".to_owned()),
        },
        banner: format!(
            "Carnet {}: Rust cells at the compiler's speed",
            env!("CARGO_PKG_VERSION")
        ),
        help_links: vec![
            link("The Rust book", "https://doc.rust-lang.org/book/"),
            link("The standard library", "https://doc.rust-lang.org/std/"),
            link("Polars", "https://docs.rs/polars/latest/polars/"),
        ],
        debugger: false,
        error: None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_language_has_the_compilers_version_and_not_the_least_that_will_do() {
        let asked = std::process::Command::new("rustc")
            .arg("--version")
            .output();
        let said = String::from_utf8(asked.unwrap().stdout).unwrap();
        let version = kernel_info().language_info.version;
        assert!(
            said.starts_with(&format!("rustc {version} ")),
            "{version}: {said}"
        );
    }
}
