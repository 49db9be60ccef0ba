//! Replies that do not depend on any cell.

use jupyter_protocol::{CodeMirrorMode, HelpLink, KernelInfoReply, LanguageInfo, ReplyStatus};

/// What the kernel is.
pub(crate) fn kernel_info() -> KernelInfoReply {
    let link = |text: &str, url: &str| HelpLink {
        text: text.to_owned(),
        url: url.to_owned(),
    };
    KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: "5.4".to_owned(),
        implementation: "carnet".to_owned(),
        implementation_version: env!("CARGO_PKG_VERSION").to_owned(),
        language_info: LanguageInfo {
            name: "rust".to_owned(),
            version: env!("CARGO_PKG_RUST_VERSION").to_owned(),
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
