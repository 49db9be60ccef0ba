//! How a bundle leaves the process: as a frame that the kernel takes out of stdout, as evcxr's content blocks, or as text.
//!
//! - Under the Carnet kernel, which sets `CARNET_DISPLAY_TOKEN`: the [`frame`] `{"kind":"display","id":"…","data":{…}}`, and
//!   frames of the kinds `update`, `clear` and `result`.
//! - Under stock evcxr, which sets `EVCXR_IS_RUNTIME`: `EVCXR_BEGIN_CONTENT type`, the content, `EVCXR_END_CONTENT`.
//! - Anywhere else: the plain text.

use std::env;
use std::io::{self, Write};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::{Bundle, frame, mime};

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
    let text = match reader() {
        Reader::Carnet(_) => {
            if let Some(content) = content(message) {
                frame::write(frame::Stream::Out, &content);
            }
            return;
        }
        Reader::Evcxr => bundle(message).map(blocks),
        Reader::Terminal => bundle(message).map(readable),
    };
    if let Some(text) = text {
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// The bundle of a message, if it has one that is not empty.
fn bundle<'a>(message: &Message<'a>) -> Option<&'a Bundle> {
    match message {
        Message::Show { bundle, .. } | Message::Update { bundle, .. } => {
            Some(*bundle).filter(|bundle| !bundle.is_empty())
        }
        Message::Clear { .. } => None,
    }
}

/// What the Carnet kernel is told.
fn content(message: &Message<'_>) -> Option<Value> {
    let data = bundle(message);
    Some(match message {
        Message::Clear { wait } => json!({ "kind": "clear", "wait": wait }),
        Message::Show {
            role: Role::Result, ..
        } => json!({ "kind": "result", "data": data? }),
        Message::Show { id: Some(id), .. } => {
            json!({ "kind": "display", "id": id, "data": data? })
        }
        Message::Update { id, .. } => json!({ "kind": "update", "id": id, "data": data? }),
        Message::Show { .. } => json!({ "kind": "display", "data": data? }),
    })
}

/// The blocks that evcxr takes for content, one a media type.
fn blocks(bundle: &Bundle) -> String {
    let block = |(media_type, content): (&String, &Value)| {
        format!(
            "EVCXR_BEGIN_CONTENT {media_type}\n{}\nEVCXR_END_CONTENT\n",
            plain(content)
        )
    };
    bundle.0.iter().map(block).collect()
}

/// What a terminal shows.
fn readable(bundle: &Bundle) -> String {
    match bundle.get(mime::TEXT) {
        Some(text) => format!("{}\n", plain(text)),
        None => format!(
            "(shown as {})\n",
            bundle.0.keys().cloned().collect::<Vec<_>>().join(", ")
        ),
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
    fn the_carnet_kernel_is_told_what_a_bundle_is_to_the_cell() {
        let bundle = Bundle::text("two\nlines").with(mime::HTML, "<b>x</b>");
        let message = content(&shown(Role::Result, &bundle)).unwrap();
        assert_eq!(message["kind"], "result");
        assert_eq!(message["data"]["text/plain"], "two\nlines");
        let (role, id) = (Role::Display, Some("a"));
        let message = content(&Message::Show {
            role,
            bundle: &bundle,
            id,
        });
        let message = message.unwrap();
        assert_eq!(
            (&message["kind"], &message["id"]),
            (&json!("display"), &json!("a"))
        );
        let message = content(&Message::Update {
            bundle: &bundle,
            id: "a",
        });
        let message = message.unwrap();
        assert_eq!(
            (&message["kind"], &message["id"]),
            (&json!("update"), &json!("a"))
        );
        let message = content(&Message::Clear { wait: true }).unwrap();
        assert_eq!(message["wait"], true);
        assert_eq!(content(&shown(Role::Display, &Bundle::new())), None);
    }

    #[test]
    fn evcxr_gets_one_block_a_media_type() {
        let bundle = Bundle::text("t").with(mime::PLOTLY, json!({ "data": [] }));
        assert_eq!(
            blocks(&bundle),
            "EVCXR_BEGIN_CONTENT application/vnd.plotly.v1+json\n{\"data\":[]}\nEVCXR_END_CONTENT\n\
             EVCXR_BEGIN_CONTENT text/plain\nt\nEVCXR_END_CONTENT\n"
        );
    }

    #[test]
    fn a_terminal_gets_the_plain_text_and_nothing_to_clear() {
        let (text, picture) = (Bundle::text("t"), Bundle::new().with(mime::PNG, "a"));
        assert_eq!(readable(&text), "t\n");
        assert_eq!(readable(&picture), "(shown as image/png)\n");
        assert_eq!(bundle(&shown(Role::Display, &Bundle::new())), None);
        assert_eq!(bundle(&Message::Clear { wait: false }), None);
    }
}
