//! One value in several forms, each under its media type, as Jupyter's `display_data` message carries them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The media types that Carnet writes.
pub mod mime {
    /// Plain text: every bundle that shows anything has it.
    pub const TEXT: &str = "text/plain";
    /// HTML without script.
    pub const HTML: &str = "text/html";
    /// A static picture, base64.
    pub const PNG: &str = "image/png";
    /// An interactive figure for plotly.js.
    pub const PLOTLY: &str = "application/vnd.plotly.v1+json";
}

/// Media type → content: text as a JSON string, a picture as base64, a figure as JSON. An empty bundle shows nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bundle(pub BTreeMap<String, Value>);

impl Bundle {
    /// A bundle without content, which shows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A bundle of plain text alone.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().with(mime::TEXT, text.into())
    }

    /// The bundle with `content` under `media_type`, in place of what was there.
    #[must_use]
    pub fn with(mut self, media_type: &str, content: impl Into<Value>) -> Self {
        self.0.insert(media_type.to_owned(), content.into());
        self
    }

    /// The content under `media_type`.
    pub fn get(&self, media_type: &str) -> Option<&Value> {
        self.0.get(media_type)
    }

    /// The plain text, if there is any.
    pub fn plain_text(&self) -> Option<&str> {
        self.get(mime::TEXT).and_then(Value::as_str)
    }

    /// Shows the bundle under stock evcxr.
    pub fn evcxr_display(&self) {
        super::send(super::Role::Result, self);
    }

    /// True where there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
