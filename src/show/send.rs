//! How a bundle leaves the process: as one line the kernel takes out of stdout, as evcxr's content blocks, or as text.
//!
//! - Under the Carnet kernel, which sets `CARNET_DISPLAY_TOKEN=T`: the line `\x1eT {"kind":"display","id":"…","data":{…}}`, and
//!   lines of the kinds `update`, `clear` and `result`. The token is new for every session, so no printed text can pass for
//!   a display, and JSON has no line break of its own.
//! - Under stock evcxr, which sets `EVCXR_IS_RUNTIME`: `EVCXR_BEGIN_CONTENT type`, the content, `EVCXR_END_CONTENT`.
//! - Anywhere else: the plain text.

use std::env;
use std::io::{self, Write};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{Bundle, mime};

/// Set by the Carnet kernel to the word that marks a display line.
const TOKEN_VARIABLE: &str = "CARNET_DISPLAY_TOKEN";
/// Set by evcxr in the process that runs the cells.
const EVCXR_VARIABLE: &str = "EVCXR_IS_RUNTIME";

/// What a bundle is to the cell that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Shown on the way, by [`display`](super::display).
    Display,
    /// The value of the cell's last expression.
    Result,
}

/// What is sent.
#[derive(Debug)]
pub(super) enum Message<'a> {
    /// A bundle, which can be replaced when it has an id.
    Show {
        role: Role,
        bundle: &'a Bundle,
        id: Option<&'a str>,
    },
    /// New content for everything shown under the id.
    Update { bundle: &'a Bundle, id: &'a str },
    /// What the cell has shown so far goes.
    Clear { wait: bool },
}

/// Where bundles go.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reader {
    /// The Carnet kernel, with its token.
    Carnet(String),
    /// Stock evcxr.
    Evcxr,
    /// Whoever reads standard output.
    Terminal,
}

/// Who runs this process. The environment is read once: it has a lock, which a cell that was stopped may hold.
pub(super) fn reader() -> &'static Reader {
    static READER: OnceLock<Reader> = OnceLock::new();
    READER.get_or_init(read_environment)
}

fn read_environment() -> Reader {
    match (env::var(TOKEN_VARIABLE), env::var_os(EVCXR_VARIABLE)) {
        (Ok(token), _) if !token.is_empty() => Reader::Carnet(token),
        (_, Some(_)) => Reader::Evcxr,
        _ => Reader::Terminal,
    }
}

/// Sends `bundle` to whoever runs this process. Output that cannot be written is dropped: a closed stdout must not end a
/// computation.
pub fn send(role: Role, bundle: &Bundle) {
    let id = None;
    deliver(&Message::Show { role, bundle, id });
}

/// Sends any message; an empty bundle is none.
pub(super) fn deliver(message: &Message<'_>) {
    let framed = frame(reader(), message);
    if framed.is_empty() {
        return;
    }
    let mut out = io::stdout().lock();
    let _ = out.write_all(framed.as_bytes()).and_then(|()| out.flush());
}

/// The exact bytes for `reader`.
fn frame(reader: &Reader, message: &Message<'_>) -> String {
    let bundle = match message {
        Message::Show { bundle, .. } | Message::Update { bundle, .. } => *bundle,
        Message::Clear { wait } => {
            return match reader {
                Reader::Carnet(token) => {
                    let line = json!({ "kind": "clear", "wait": wait });
                    format!("\u{1e}{token} {line}\n")
                }
                Reader::Evcxr | Reader::Terminal => String::new(),
            };
        }
    };
    if bundle.is_empty() {
        return String::new();
    }
    match reader {
        Reader::Carnet(token) => {
            let line = match message {
                Message::Show {
                    role: Role::Result, ..
                } => json!({ "kind": "result", "data": bundle }),
                Message::Show { id: Some(id), .. } => {
                    json!({ "kind": "display", "id": id, "data": bundle })
                }
                Message::Update { id, .. } => json!({ "kind": "update", "id": id, "data": bundle }),
                _ => json!({ "kind": "display", "data": bundle }),
            };
            format!("\u{1e}{token} {line}\n")
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

    fn shown<'a>(role: Role, bundle: &'a Bundle) -> Message<'a> {
        let id = None;
        Message::Show { role, bundle, id }
    }

    #[test]
    fn the_carnet_kernel_gets_one_line_of_json_after_the_token() {
        let bundle = Bundle::text("two\nlines").with(mime::HTML, "<b>x</b>");
        let carnet = Reader::Carnet("T0K3N".into());
        let read = |message: &Message<'_>| -> Value {
            let line = frame(&carnet, message);
            assert_eq!(line.matches('\n').count(), 1);
            let json = line.strip_prefix("\u{1e}T0K3N ").unwrap();
            serde_json::from_str(json).unwrap()
        };
        let message = read(&shown(Role::Result, &bundle));
        assert_eq!(message["kind"], "result");
        assert_eq!(message["data"]["text/plain"], "two\nlines");
        let (role, id) = (Role::Display, Some("a"));
        let message = read(&Message::Show {
            role,
            bundle: &bundle,
            id,
        });
        assert_eq!(
            (&message["kind"], &message["id"]),
            (&json!("display"), &json!("a"))
        );
        let message = read(&Message::Update {
            bundle: &bundle,
            id: "a",
        });
        assert_eq!(
            (&message["kind"], &message["id"]),
            (&json!("update"), &json!("a"))
        );
        assert_eq!(read(&Message::Clear { wait: true })["wait"], true);
    }

    #[test]
    fn evcxr_gets_one_block_a_media_type() {
        let bundle = Bundle::text("t").with(mime::PLOTLY, json!({ "data": [] }));
        assert_eq!(
            frame(&Reader::Evcxr, &shown(Role::Display, &bundle)),
            "EVCXR_BEGIN_CONTENT application/vnd.plotly.v1+json\n{\"data\":[]}\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/plain\nt\nEVCXR_END_CONTENT\n"
        );
    }

    #[test]
    fn a_terminal_gets_the_plain_text_and_nothing_to_clear() {
        let (text, picture) = (Bundle::text("t"), Bundle::new().with(mime::PNG, "a"));
        let terminal = |bundle| frame(&Reader::Terminal, &shown(Role::Display, bundle));
        assert_eq!(terminal(&text), "t\n");
        assert_eq!(terminal(&picture), "(shown as image/png)\n");
        assert_eq!(terminal(&Bundle::new()), "");
        for reader in [Reader::Terminal, Reader::Evcxr] {
            assert_eq!(frame(&reader, &Message::Clear { wait: false }), "");
        }
    }
}
