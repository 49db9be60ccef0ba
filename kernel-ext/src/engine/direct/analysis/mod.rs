//! Completion and inspection: by what the session itself knows, at once, and by a rust-analyzer of its own, which starts
//! with the first question, in a process beside the kernel, and reads the toolkit's sources while cells go on.

mod columns;
mod project;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use self::project::Project;
use self::server::Server;
use super::session::Session;
use crate::engine::{Bundle, Candidate, Completions};
use crate::toolchain::Toolchain;

/// How long an answer may take. A first one has polars to read.
const PATIENCE: Duration = Duration::from_secs(4);
/// Most candidates given.
const MOST: usize = 200;

/// The commands that can stand at the beginning of a line.
const COMMANDS: &[&str] = &[
    ":dep",
    ":vars",
    ":type",
    ":clear",
    ":restart",
    ":opt",
    ":timing",
    ":env",
    ":explain",
    ":version",
    ":show_deps",
    ":last_compile_dir",
    ":last_error_json",
    ":help",
];

/// The analysis of one session.
#[derive(Debug, Default)]
pub(super) struct Analysis {
    server: Option<Server>,
    /// Why there is no server; it is not tried again.
    failed: Option<String>,
}

impl Analysis {
    /// What can stand at the byte `cursor`.
    pub(super) async fn complete(
        &mut self,
        place: &Place<'_>,
        code: &str,
        cursor: usize,
    ) -> Completions {
        let before = &code[..cursor];
        let start = word_start(before);
        let word = &before[start..];
        if let Some(inside) = columns::literal(before) {
            let names = columns::of(place.session, inside.subject);
            return completions(inside.start..cursor, inside.text, names, "column");
        }
        let line = before.rsplit('\n').next().unwrap_or(before);
        if line.starts_with(':') && !line.contains(char::is_whitespace) {
            let commands = COMMANDS.iter().map(|name| (*name).to_owned());
            return completions(
                cursor - line.len()..cursor,
                line,
                commands.collect(),
                "keyword",
            );
        }
        let mut candidates = Vec::new();
        let follows_path = before[..start].ends_with(['.', ':']);
        if !follows_path {
            candidates.extend(own_names(place.session, word));
        }
        let found = self.ask_complete(place, code, cursor).await;
        for candidate in found.unwrap_or_default() {
            let known = candidates
                .iter()
                .any(|known: &Candidate| known.text == candidate.text);
            if !known && fits(&candidate.text, word) {
                candidates.push(candidate);
            }
        }
        // What begins as the word does comes first; otherwise the order is the server's.
        candidates.sort_by_key(|candidate| !candidate.text.starts_with(word));
        candidates.truncate(MOST);
        Completions {
            replaced: start..cursor,
            candidates,
        }
    }

    /// What is known of the name at the byte `cursor`.
    pub(super) async fn inspect(
        &mut self,
        place: &Place<'_>,
        code: &str,
        cursor: usize,
    ) -> Option<Bundle> {
        let start = word_start(&code[..cursor]);
        let rest = code[cursor..].find(|c| !is_word(c));
        let end = rest.map_or(code.len(), |rest| cursor + rest);
        let word = &code[start..end];
        let mut text = self
            .ask_hover(place, code, end.saturating_sub(1).max(start))
            .await;
        if let Some(variable) = place.session.variables.get(word) {
            let mutable = if variable.mutable { "mut " } else { "" };
            let own = format!(
                "```rust\nlet {mutable}{word}: {}\n```\n\nof {}",
                variable.type_.replace(' ', ""),
                variable.cell
            );
            text = Some(match text {
                Some(text) => format!("{own}\n\n{text}"),
                None => own,
            });
        }
        let names = place.session.columns_of(word);
        if let (Some(text), false) = (&mut text, names.is_empty()) {
            text.push_str(&format!(
                "\n\n{} columns: `{}`",
                names.len(),
                names.join("`, `")
            ));
        }
        let text = text?;
        let plain = text
            .replace("```rust\n", "")
            .replace("```\n", "")
            .replace("```", "");
        Some(Bundle::from_iter([
            ("text/markdown".to_owned(), Value::from(text)),
            (
                "text/plain".to_owned(),
                Value::from(plain.trim().to_owned()),
            ),
        ]))
    }

    async fn ask_complete(
        &mut self,
        place: &Place<'_>,
        code: &str,
        cursor: usize,
    ) -> Option<Vec<Candidate>> {
        let (server, position) = self.open(place, code, cursor).await?;
        let params = json!({ "textDocument": { "uri": server.uri() }, "position": position });
        let answer = server
            .ask("textDocument/completion", params, PATIENCE)
            .await?;
        let items = answer.get("items").unwrap_or(&answer).as_array()?.clone();
        let mut items: Vec<(String, Candidate)> = items.iter().filter_map(candidate).collect();
        items.sort_by(|(one, _), (other, _)| one.cmp(other));
        Some(items.into_iter().map(|(_, candidate)| candidate).collect())
    }

    async fn ask_hover(&mut self, place: &Place<'_>, code: &str, at: usize) -> Option<String> {
        let (server, position) = self.open(place, code, at).await?;
        let params = json!({ "textDocument": { "uri": server.uri() }, "position": position });
        let answer = server.ask("textDocument/hover", params, PATIENCE).await?;
        answer["contents"]["value"].as_str().map(str::to_owned)
    }

    /// The server, with the session's text as it is now and the code in it; none when there is none or it has gone.
    async fn open(
        &mut self,
        place: &Place<'_>,
        code: &str,
        at: usize,
    ) -> Option<(&mut Server, Value)> {
        if self.server.as_ref().is_some_and(Server::has_gone) {
            // It is started once more with this question.
            self.server = None;
        }
        if self.server.is_none() && self.failed.is_none() {
            match start(place).await {
                Ok(server) => self.server = Some(server),
                Err(why) => {
                    tracing::warn!("no completion by rust-analyzer: {why}");
                    self.failed = Some(why);
                }
            }
        }
        let server = self.server.as_mut()?;
        let project = Project::of(place.session, code);
        let position = project.position(at);
        server.set_text(&project.text).await;
        Some((server, position))
    }
}

/// What the analysis is of.
pub(super) struct Place<'a> {
    pub(super) toolchain: &'a Toolchain,
    /// The session's folder.
    pub(super) folder: &'a Path,
    pub(super) session: &'a Session,
}

async fn start(place: &Place<'_>) -> Result<Server, String> {
    let named = std::env::var_os("CARNET_RUST_ANALYZER").map(PathBuf::from);
    let program = named.unwrap_or_else(|| place.toolchain.program("rust-analyzer"));
    if !program.is_file() {
        return Err(format!(
            "{} is not there; `rustup component add rust-analyzer rust-src` installs it",
            program.display()
        ));
    }
    let folder = place.folder.join("analysis");
    project::write(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Server::start(&program, &folder, place.toolchain)
        .await
        .map_err(|error| format!("{}: {error}", program.display()))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn word_start(before: &str) -> usize {
    before.len()
        - before
            .chars()
            .rev()
            .take_while(|c| is_word(*c))
            .map(char::len_utf8)
            .sum::<usize>()
}

fn fits(text: &str, word: &str) -> bool {
    text.to_lowercase().contains(&word.to_lowercase())
}

fn own_names(session: &Session, word: &str) -> Vec<Candidate> {
    let variables = session.variables.iter().map(|(name, variable)| Candidate {
        text: name.clone(),
        kind: "instance".to_owned(),
        signature: Some(variable.type_.replace(' ', "")),
    });
    let items = session.item_names().map(|name| Candidate {
        text: name.to_owned(),
        kind: "class".to_owned(),
        signature: None,
    });
    variables
        .chain(items)
        .filter(|candidate| candidate.text.starts_with(word))
        .collect()
}

fn completions(
    replaced: std::ops::Range<usize>,
    typed: &str,
    names: Vec<String>,
    kind: &str,
) -> Completions {
    let candidates = names
        .into_iter()
        .filter(|name| name.starts_with(typed))
        .map(|text| Candidate {
            text,
            kind: kind.to_owned(),
            signature: None,
        })
        .collect();
    Completions {
        replaced,
        candidates,
    }
}

/// One candidate of the server's, after the text it sorts by.
fn candidate(item: &Value) -> Option<(String, Candidate)> {
    let label = item["label"].as_str()?;
    let inserted = item["textEdit"]["newText"].as_str();
    let inserted = inserted.or(item["insertText"].as_str());
    let text = inserted.unwrap_or(label).replace("$0", "");
    let text = text.trim_end_matches("()").to_owned();
    let kind = match item["kind"].as_u64() {
        Some(2) => "method",
        Some(3 | 4) => "function",
        Some(5 | 10) => "property",
        Some(6) => "instance",
        Some(7 | 22) => "class",
        Some(8) => "interface",
        Some(9) => "module",
        Some(13 | 20) => "enum",
        Some(14) => "keyword",
        Some(21) => "constant",
        _ => "text",
    };
    let detail = item["detail"].as_str();
    let signature = detail.or(item["labelDetails"]["description"].as_str());
    let sort = item["sortText"].as_str().unwrap_or(label).to_owned();
    Some((
        sort,
        Candidate {
            text,
            kind: kind.to_owned(),
            signature: signature.map(str::to_owned),
        },
    ))
}
