//! How a bundle leaves the process: as one line the kernel takes out of stdout, as evcxr's content blocks, or as text.
//!
//! - Under the Carnet kernel, which sets `CARNET_DISPLAY_TOKEN=T`: the line `\x1eT {"kind":"display","data":{…}}`. The
//!   token is new for every session, so no printed text can pass for a display, and JSON has no line break of its own.
//! - Under stock evcxr, which sets `EVCXR_IS_RUNTIME`: `EVCXR_BEGIN_CONTENT type`, the content, `EVCXR_END_CONTENT`.
//! - Anywhere else: the plain text.

use std::env;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Bundle, Show, mime};

/// Set by the Carnet kernel to the word that marks a display line.
const TOKEN_VARIABLE: &str = "CARNET_DISPLAY_TOKEN";
/// Set by evcxr in the process that runs the cells.
const EVCXR_VARIABLE: &str = "EVCXR_IS_RUNTIME";

/// What a bundle is to the cell that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Shown on the way, by [`display`].
    Display,
    /// The value of the cell's last expression.
    Result,
}

/// Where bundles go.
#[derive(Clone, Debug, PartialEq)]
enum Reader {
    Carnet(String),
    Evcxr,
    Terminal,
}

/// Shows `value` now. An empty bundle shows nothing.
///
/// ```
/// carnet::show::display(&carnet::show::Bundle::text("half way"));
/// ```
pub fn display<T: Show + ?Sized>(value: &T) {
    send(Role::Display, &value.bundle());
}

/// Sends `bundle` to whoever runs this process. Output that cannot be written is dropped: a closed stdout must not end a
/// computation.
pub fn send(role: Role, bundle: &Bundle) {
    if bundle.is_empty() {
        return;
    }
    let reader = match (env::var(TOKEN_VARIABLE), env::var_os(EVCXR_VARIABLE)) {
        (Ok(token), _) if !token.is_empty() => Reader::Carnet(token),
        (_, Some(_)) => Reader::Evcxr,
        _ => Reader::Terminal,
    };
    let framed = frame(&reader, role, bundle);
    let mut out = io::stdout().lock();
    let _ = out.write_all(framed.as_bytes()).and_then(|()| out.flush());
}

/// The exact bytes for `reader`.
fn frame(reader: &Reader, role: Role, bundle: &Bundle) -> String {
    match reader {
        Reader::Carnet(token) => {
            let kind = match role {
                Role::Display => "display",
                Role::Result => "result",
            };
            format!(
                "\u{1e}{token} {}\n",
                json!({ "kind": kind, "data": bundle })
            )
        }
        Reader::Evcxr => bundle
            .0
            .iter()
            .fold(String::new(), |mut text, (media_type, content)| {
                text.push_str(&format!(
                    "EVCXR_BEGIN_CONTENT {media_type}\n{}\nEVCXR_END_CONTENT\n",
                    plain(content)
                ));
                text
            }),
        Reader::Terminal => match bundle.get(mime::TEXT) {
            Some(text) => format!("{}\n", plain(text)),
            None => format!(
                "(shown as {})\n",
                bundle.0.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        },
    }
}

fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_carnet_kernel_gets_one_line_of_json_after_the_token() {
        let bundle = Bundle::text("two\nlines").with(mime::HTML, "<b>x</b>");
        let line = frame(&Reader::Carnet("T0K3N".into()), Role::Result, &bundle);
        assert_eq!(line.matches('\n').count(), 1);
        let json = line.strip_prefix("\u{1e}T0K3N ").unwrap();
        let message: Value = serde_json::from_str(json).unwrap();
        assert_eq!(message["kind"], "result");
        assert_eq!(message["data"]["text/plain"], "two\nlines");
    }

    #[test]
    fn evcxr_gets_one_block_a_media_type() {
        let bundle = Bundle::text("t").with(mime::PLOTLY, json!({ "data": [] }));
        assert_eq!(
            frame(&Reader::Evcxr, Role::Display, &bundle),
            "EVCXR_BEGIN_CONTENT application/vnd.plotly.v1+json\n{\"data\":[]}\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/plain\nt\nEVCXR_END_CONTENT\n"
        );
    }

    #[test]
    fn a_terminal_gets_the_plain_text() {
        assert_eq!(
            frame(&Reader::Terminal, Role::Display, &Bundle::text("t")),
            "t\n"
        );
        assert_eq!(
            frame(
                &Reader::Terminal,
                Role::Display,
                &Bundle::new().with(mime::PNG, "a")
            ),
            "(shown as image/png)\n"
        );
    }
}
