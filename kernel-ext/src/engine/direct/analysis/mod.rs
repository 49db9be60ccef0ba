//! Completion and inspection: by what the session itself knows, at once, and by a rust-analyzer of its own, which starts
//! with the first question, in a process beside the kernel, and reads the toolkit's sources while cells go on.

mod built;
mod candidates;
mod client;
mod columns;
mod crates;
mod cursor;
mod describe;
mod document;
mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use self::candidates::Found;
use self::cursor::{Code, Cursor, Text, cursor_in, is_word};
use self::document::Document;
use self::server::{NotNow, Ready, Server, Setup};
use super::cell::take_apart;
use super::commands;
use super::dependency::Group;
use super::render::Sources;
use super::session::Session;
use crate::engine::directive::take_directives;
use crate::engine::{Bundle, Candidate, Completions};
use crate::toolchain::Toolchain;

/// How long an answer may take, after which the session's own names must do. The server goes on and is quicker next time.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Code with the questions that make the server read what most later ones need: the names in scope, after its first letter,
/// and at its end the methods of a frame, for which it reads all traits.
const FIRST: &str =
    "d;\nlet carnet_frame: ::carnet::polars::prelude::DataFrame = carnet_any();\ncarnet_frame.";

/// The analysis of one session.
#[derive(Debug, Default)]
pub(super) struct Analysis {
    server: Server,
}

/// What the analysis is of.
pub(super) struct Place<'a> {
    pub(super) toolchain: &'a Toolchain,
    /// The session's folder.
    pub(super) folder: &'a Path,
    pub(super) session: &'a Session,
    /// The cells as they were compiled.
    pub(super) sources: &'a Sources,
    /// The crates of the toolkit.
    pub(super) crates: &'a [String],
    /// Crates outside it.
    pub(super) dependencies: &'a [Group],
}

impl Analysis {
    /// What can stand at the byte `cursor`.
    pub(super) async fn complete(
        &mut self,
        place: &Place<'_>,
        code: &str,
        cursor: usize,
    ) -> Completions {
        match cursor_in(code, cursor) {
            Cursor::Elsewhere => Completions {
                replaced: cursor..cursor,
                candidates: Vec::new(),
            },
            Cursor::Command(replaced) => Completions {
                candidates: candidates::commands(&code[replaced.clone()]),
                replaced,
            },
            Cursor::Text(text) => complete_column(place, &text, &code[text.start..cursor], cursor),
            Cursor::Code(at) => {
                let mut found = Found::new(&code[at.word.clone()]);
                let document = place.document(code);
                if let Ok((server, deadline)) = self.open(place, &document).await {
                    let position = document.position(cursor);
                    let answer = server.ask("textDocument/completion", &position);
                    if let Ok(Some(answer)) = timeout_at(deadline, answer).await {
                        let own = Some(place.session).filter(|_| !at.is_member);
                        found.add_answer(&answer, own);
                    }
                }
                if !at.is_member {
                    found.add_own(place.session, place.crates);
                }
                Completions {
                    replaced: at.word,
                    candidates: found.into_candidates(),
                }
            }
        }
    }

    /// What is known of the name at the byte `cursor`, or else of what is called there.
    pub(super) async fn inspect(
        &mut self,
        place: &Place<'_>,
        code: &str,
        cursor: usize,
        detail: u8,
    ) -> Option<Bundle> {
        let rest = code[cursor..].find(|c| !is_word(c));
        let end = rest.map_or(code.len(), |rest| cursor + rest);
        match cursor_in(code, end) {
            Cursor::Elsewhere => None,
            Cursor::Command(word) => {
                let mut known = commands::known();
                let (_, what) = known.find(|(name, _)| *name == &code[word.clone()])?;
                Some(describe::bundle(&format!("`{}`: {what}", &code[word])))
            }
            Cursor::Text(text) => {
                let columns = columns::of(&text, place.session, place.sources);
                let rest = code[cursor..]
                    .find('"')
                    .map_or(code.len(), |at| cursor + at);
                let whole = &code[text.start..rest.max(text.start)];
                let word = columns::typed(&code[text.start..end], &columns);
                let about = |name| describe::column(place.session, name, &columns);
                about(whole)
                    .or_else(|| about(word))
                    .map(|text| describe::bundle(&text))
            }
            Cursor::Code(at) => {
                let start = match at.word.is_empty() {
                    true => at.callee?,
                    false => at.word.start,
                };
                self.inspect_name(place, code, start, &at, detail).await
            }
        }
    }

    async fn inspect_name(
        &mut self,
        place: &Place<'_>,
        code: &str,
        start: usize,
        at: &Code,
        detail: u8,
    ) -> Option<Bundle> {
        let length = code[start..].find(|c| !is_word(c));
        let name = &code[start..length.map_or(code.len(), |length| start + length)];
        let (_, before) = take_directives(&code[..at.statement]);
        let declared_here = take_apart(&before)
            .is_ok_and(|cell| cell.variables.iter().any(|variable| variable.name == name));
        let is_member =
            !at.word.is_empty() && at.is_member || code[..start].trim_end().ends_with(['.', ':']);
        let is_own = !is_member && !declared_here;
        let document = place.document(code);
        let position = document.position(start);
        let mut parts = Vec::new();
        let mut excuse = None;
        match self.open(place, &document).await {
            Ok((server, deadline)) => {
                let hover = server.ask("textDocument/hover", &position);
                let hover = timeout_at(deadline, hover).await.ok().flatten();
                if let Some(text) = hover
                    .as_ref()
                    .and_then(|hover| hover["contents"]["value"].as_str())
                {
                    parts.push(describe::without_generated(text));
                }
                if detail > 0 {
                    let definition = server.ask("textDocument/definition", &position);
                    let definition = timeout_at(deadline, definition).await.ok().flatten();
                    parts.extend(
                        definition.and_then(|answer| describe::source(&answer, &document.text)),
                    );
                }
            }
            Err(NotNow::Reading) => {
                excuse = Some("rust-analyzer still reads the toolkit's sources, which takes some ten seconds once: ask again in a moment.".to_owned());
            }
            Err(NotNow::Unready(why)) => {
                excuse = Some(format!("Nothing more is known of this name: {why}."));
            }
        }
        if is_own {
            parts.extend(describe::variable(place.session, name, parts.is_empty()));
        }
        if parts.is_empty() {
            parts.extend(excuse);
        }
        (!parts.is_empty()).then(|| describe::bundle(&parts.join("\n\n")))
    }

    /// What happened to rust-analyzer and is to be told.
    pub(super) fn take_notice(&mut self) -> Option<String> {
        self.server.take_notice()
    }

    /// The server with this text, and until when it may answer.
    async fn open(
        &mut self,
        place: &Place<'_>,
        document: &Document,
    ) -> Result<(&Ready, Instant), NotNow<'_>> {
        let deadline = Instant::now() + PATIENCE;
        let setup = Setup {
            toolchain: place.toolchain,
            folder: place.folder,
            groups: place.groups(),
            first: place.document(FIRST),
        };
        let server = self.server.ready(setup, deadline).await?;
        server.set_text(&document.text);
        Ok((server, deadline))
    }
}

impl Place<'_> {
    fn document(&self, code: &str) -> Document {
        Document::of(self.session, self.sources, &without_commands(code))
    }

    /// The folders of crates outside the toolkit, each with a manifest.
    fn groups(&self) -> Vec<PathBuf> {
        let folder = |group: &Group| {
            let mut folders = group.library.ancestors();
            folders
                .find(|folder| folder.join("Cargo.toml").is_file())
                .map(Path::to_owned)
        };
        self.dependencies.iter().filter_map(folder).collect()
    }
}

/// The code with blanks in the place of commands, and every other byte in its own: of them only `:type` has code.
fn without_commands(code: &str) -> String {
    let (_, rest) = take_directives(code);
    let lines = code.split('\n').zip(rest.split('\n'));
    let kept = lines.map(|(line, rest)| {
        let text = line.trim_start();
        let command = text.split(char::is_whitespace).next().unwrap_or_default();
        match command {
            ":type" | ":t" if rest.trim().is_empty() => {
                let until = line.len() - text.len() + command.len();
                format!("{}{}", " ".repeat(until), &line[until..])
            }
            _ => rest.to_owned(),
        }
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// The columns that can stand in a literal of which `written` is there.
fn complete_column(
    place: &Place<'_>,
    text: &Text<'_>,
    written: &str,
    cursor: usize,
) -> Completions {
    let columns = columns::of(text, place.session, place.sources);
    let typed = columns::typed(written, &columns);
    let fitting = columns
        .iter()
        .filter(|column| column.name.starts_with(typed));
    Completions {
        replaced: cursor - typed.len()..cursor,
        candidates: fitting
            .map(|column| Candidate {
                text: column.name.clone(),
                kind: "field".to_owned(),
                signature: Some(column.type_.clone()),
            })
            .collect(),
    }
}

impl super::Direct {
    /// The analysis, and what it is of; none without a toolchain, which the first cell tells.
    pub(super) async fn analysis(&mut self) -> Option<(&mut Analysis, Place<'_>)> {
        self.find_tools().await.ok()?;
        let tools = self.tools.as_ref()?;
        let place = Place {
            toolchain: &tools.toolchain,
            folder: tools.folder.path(),
            session: &self.session,
            sources: &self.sources,
            crates: self.crates.as_deref().unwrap_or_default(),
            dependencies: &self.dependencies,
        };
        Some((&mut self.analysis, place))
    }

    /// What happened to rust-analyzer is told in the next cell.
    pub(super) fn tell_of_analysis(&mut self) {
        if let Some(text) = self.analysis.take_notice() {
            self.notice.get_or_insert_default().push_str(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_blank_and_code_that_looks_like_one_stays() {
        let blank = |count| " ".repeat(count);
        assert_eq!(
            without_commands(":dep a\n :type df.head()\nx"),
            format!("{}\n{} df.head()\nx", blank(6), blank(6))
        );
        for code in ["let x\n:u8 = 1;", "::std::process::id()", "x\n:type y"] {
            assert_eq!(without_commands(code), code);
        }
    }
}
