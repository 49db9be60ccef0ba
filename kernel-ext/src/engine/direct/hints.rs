//! Help that rustc cannot give, because it does not know that cells are crates and that variables outlive them.

use super::compile::Diagnostic;
use super::session::Session;

/// Sentences to add to one of rustc's errors.
pub(crate) fn hints(error: &Diagnostic, session: &Session, crates: &[String]) -> Vec<String> {
    let code = error.code.as_ref().map_or("", |code| code.code.as_str());
    let name = error.message.split('`').nth(1).unwrap_or_default();
    let mut hints = Vec::new();
    let says = |part: &str| error.message.contains(part);
    if says("linker") && says("not found") {
        hints.push(
            "cells are linked by the C compiler's linker: install one (Debian: `apt install gcc`)"
                .to_owned(),
        );
    }
    if says("No space left on device") || says("os error 28") {
        hints.push(format!(
            "the disk of the folder for compiled cells ({}) is full: free some space there, or name another folder in TMPDIR and restart the kernel",
            std::env::temp_dir().display()
        ));
    }
    match code {
        "E0425" => hints.extend(session.why_gone(name).map(str::to_owned)),
        "E0596" | "E0594" | "E0384" => {
            if let Some(variable) = session
                .variables
                .get(name)
                .filter(|variable| !variable.mutable)
            {
                let cell = &variable.cell;
                hints.push(format!("write `let mut {name}` in {cell}, or begin this cell with `let mut {name} = {name};`"));
            }
        }
        "E0116" | "E0117" | "E0118" | "E0390" => {
            hints.push("neither the type nor the trait is of a cell: wrap the type in a struct of your own, or write a trait of your own".to_owned());
        }
        "E0432" | "E0433" | "E0463" => {
            hints.push(format!(
                "cells can use these crates: std, {}",
                crates.join(", ")
            ));
        }
        "E0514" => {
            hints.push("the toolkit was built by another version of rustc: build it again, then run `carnet kernel install` in the same folder".to_owned());
        }
        "E0728" => hints.push(
            "a cell may `.await`, and so may an `async fn`, block or closure; a plain `fn` or closure may not".to_owned(),
        ),
        _ => {}
    }
    hints
}
