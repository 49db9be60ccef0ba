//! What rust-analyzer reads: a crate that depends on the toolkit, with the items of all cells, each cell a module, and the
//! code in question in a function after the variables it can name.

use std::path::Path;

use serde_json::{Value, json};

use super::super::session::Session;

/// The workspace that this kernel and the toolkit were built from.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The text of the crate, and where the code stands in it.
pub(super) struct Project {
    pub(super) text: String,
    code_start: usize,
}

impl Project {
    /// The session as it is, with `code` as the next cell.
    pub(super) fn of(session: &Session, code: &str) -> Self {
        let mut text = String::from(
            "#![allow(warnings)]\nextern crate carnet_toolkit as carnet;\nuse carnet_toolkit::crates::*;\n",
        );
        for (crate_name, items) in session.item_texts() {
            text.push_str(&format!("pub mod {crate_name} {{\nuse crate::*;\n"));
            for item in items {
                text.push_str(&item);
                text.push('\n');
            }
            text.push_str("}\n");
        }
        for line in session.import_lines() {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str("fn carnet_cell() -> Result<(), Box<dyn std::error::Error>> {\n");
        for (name, variable) in &session.variables {
            let mutable = if variable.mutable { "mut " } else { "" };
            text.push_str(&format!(
                "let {mutable}{name}: {} = todo!();\n",
                variable.type_
            ));
        }
        let code_start = text.len();
        text.push_str(code);
        text.push_str("\n;Ok(())\n}\n");
        Self { text, code_start }
    }

    /// The byte `at` of the code as a line and a column in bytes.
    pub(super) fn position(&self, at: usize) -> Value {
        let before = &self.text[..self.code_start + at];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        json!({ "line": before.matches('\n').count(), "character": before.len() - line_start })
    }
}

/// Writes the crate's manifest, with the versions of the workspace.
pub(super) fn write(folder: &Path) -> std::io::Result<()> {
    let workspace = Path::new(WORKSPACE).canonicalize()?;
    std::fs::create_dir_all(folder.join("src"))?;
    let toolkit = workspace.join("kernel-ext").join("toolkit");
    let manifest = format!(
        "[package]\nname = \"cells\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\ncarnet-toolkit = {{ path = {:?} }}\n",
        toolkit.display().to_string()
    );
    std::fs::write(folder.join("Cargo.toml"), manifest)?;
    std::fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    std::fs::write(folder.join("src").join("lib.rs"), "")
}
