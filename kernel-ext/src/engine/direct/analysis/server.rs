//! The rust-analyzer of a session: found, started with the first question in a process of its own, warmed while cells go
//! on, started again when it dies.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::client::Client;
use super::crates::crates;
use super::document::Document;
use crate::toolchain::Toolchain;

/// The environment variable that names another rust-analyzer than the toolchain's.
const PROGRAM: &str = "CARNET_RUST_ANALYZER";
/// How long it may take until the sources are read.
const START: Duration = Duration::from_secs(180);
/// One that has died so often is not started again.
const MOST_DEATHS: usize = 3;

/// Why there is no rust-analyzer, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unready {
    /// It is not installed.
    #[error(
        "rust-analyzer is not at {0}; `rustup component add rust-analyzer rust-src` installs it"
    )]
    NoServer(PathBuf),
    /// The sources of the standard library are not installed.
    #[error(
        "the sources of the standard library are not in {0}; `rustup component add rust-analyzer rust-src` installs them"
    )]
    NoSources(PathBuf),
    /// The sources of the toolkit are not there.
    #[error(
        "cargo does not say what the toolkit is made of ({0}); the kernel completes where the folder that it was built in is still there"
    )]
    NoCrates(String),
    /// It could not be started.
    #[error(
        "{0} did not start: {1}; `rustup component add rust-analyzer rust-src` installs it anew"
    )]
    NotStarted(PathBuf, String),
    /// It never became ready.
    #[error("rust-analyzer had not read the toolkit's sources after {} s; restart the kernel to try again", .0.as_secs())]
    NotReady(Duration),
    /// It died again and again.
    #[error(
        "rust-analyzer ended {0} times by itself, perhaps for want of memory; restart the kernel to try again"
    )]
    Dies(usize),
}

impl Unready {
    /// Whether the user can mend it while the kernel runs.
    fn is_mendable(&self) -> bool {
        matches!(self, Self::NoServer(_) | Self::NoSources(_))
    }
}

/// What a start needs to know.
pub(super) struct Setup<'a> {
    pub(super) toolchain: &'a Toolchain,
    /// The session's folder.
    pub(super) folder: &'a Path,
    /// The folders of crates outside the toolkit.
    pub(super) groups: Vec<PathBuf>,
    /// Code to be completed at its end and after its first letter, so that the server reads what most questions need.
    pub(super) first: Document,
}

/// Why there is no answer now.
#[derive(Debug)]
pub(super) enum NotNow<'a> {
    /// It still reads sources.
    Reading,
    /// It is not there.
    Unready(&'a Unready),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Server {
    state: State,
    groups: Vec<PathBuf>,
    deaths: usize,
    /// What the user has not been told yet.
    notice: Option<String>,
    /// Whether the user knows that there is none.
    is_told: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Starting(JoinHandle<Result<Ready, Unready>>),
    Ready(Box<Ready>),
    Failed(Unready),
}

impl Server {
    /// The server, if it is ready by the deadline; one that is not there is started.
    pub(super) async fn ready(
        &mut self,
        setup: Setup<'_>,
        deadline: Instant,
    ) -> Result<&mut Ready, NotNow<'_>> {
        self.look_after(&setup);
        if let State::Idle = self.state {
            self.groups.clone_from(&setup.groups);
            self.state = match start(setup) {
                Ok(task) => State::Starting(task),
                Err(why) => self.fail(why),
            };
        }
        if let State::Starting(task) = &mut self.state {
            self.state = match timeout_at(deadline, task).await {
                Err(_) => return Err(NotNow::Reading),
                Ok(Ok(Ok(ready))) => State::Ready(Box::new(ready)),
                Ok(Ok(Err(why))) => self.fail(why),
                Ok(Err(error)) => self.fail(Unready::NotStarted(program(None), error.to_string())),
            };
        }
        match &mut self.state {
            State::Ready(ready) => Ok(ready),
            State::Failed(why) => Err(NotNow::Unready(why)),
            State::Idle | State::Starting(_) => Err(NotNow::Reading),
        }
    }

    /// What happened to it since this was last asked.
    pub(super) fn take_notice(&mut self) -> Option<String> {
        self.notice_death();
        self.notice.take()
    }

    /// Notices a death, a program that was installed meanwhile, other crates.
    fn look_after(&mut self, setup: &Setup<'_>) {
        self.notice_death();
        let is_old = match &self.state {
            State::Failed(why) => why.is_mendable(),
            _ => self.groups != setup.groups,
        };
        if is_old {
            self.stop();
        }
    }

    fn notice_death(&mut self) {
        if !matches!(&self.state, State::Ready(ready) if ready.client.has_gone()) {
            return;
        }
        self.deaths += 1;
        if self.deaths >= MOST_DEATHS {
            self.state = self.fail(Unready::Dies(self.deaths));
            return;
        }
        self.stop();
        let told = "rust-analyzer, which completes methods and fields, ended by itself; it is started again when it is needed.\n";
        self.notice = Some(told.to_owned());
    }

    fn stop(&mut self) {
        if let State::Starting(task) = std::mem::take(&mut self.state) {
            task.abort();
        }
    }

    fn fail(&mut self, why: Unready) -> State {
        if !std::mem::replace(&mut self.is_told, true) {
            self.notice = Some(format!(
                "Completion and inspection know only this notebook's own names: {why}.\n"
            ));
        }
        State::Failed(why)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn program(toolchain: Option<&Toolchain>) -> PathBuf {
    let named = std::env::var_os(PROGRAM).filter(|program| !program.is_empty());
    match (named, toolchain) {
        (Some(program), _) => PathBuf::from(program),
        (None, Some(toolchain)) => toolchain.program("rust-analyzer"),
        (None, None) => PathBuf::from("rust-analyzer"),
    }
}

/// The URI of an absolute path. Bytes that may mean something else there, as a space or `%`, are escaped.
fn file_uri(path: &Path) -> String {
    let mut uri = String::from("file://");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

/// Checks what can be checked at once, and leaves the rest to a task.
fn start(setup: Setup<'_>) -> Result<JoinHandle<Result<Ready, Unready>>, Unready> {
    let program = program(Some(setup.toolchain));
    // A bare name is looked for by the system; rustup's stand-in for a component that is missing ends at once.
    if program.components().count() > 1 && !program.is_file() {
        return Err(Unready::NoServer(program));
    }
    let root = setup.toolchain.library_dir.ancestors().nth(4);
    let sysroot = root.unwrap_or(Path::new("/")).to_owned();
    let sources = sysroot.join("lib/rustlib/src/rust/library");
    if !sources.join("std").is_dir() {
        return Err(Unready::NoSources(sources));
    }
    let toolchain = setup.toolchain.clone();
    let folder = setup.folder.join("analysis");
    let (groups, first) = (setup.groups, setup.first);
    Ok(tokio::spawn(async move {
        let rustc = toolchain.program("rustc");
        let cargo = toolchain.program("cargo");
        let reading = tokio::task::spawn_blocking(move || crates(&toolchain, &groups));
        let failed =
            |error: std::io::Error| Unready::NotStarted(program.clone(), error.to_string());
        let (mut crates, names) = reading.await.map_err(|error| failed(error.into()))??;
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let file = folder.join("cells.rs");
        std::fs::write(&file, &first.text).map_err(failed)?;
        crates.push(json!({
            "display_name": "cells", "root_module": file, "edition": "2024", "deps": names, "cfg": [], "env": {},
            "is_workspace_member": true,
        }));
        let project = json!({ "sysroot": sysroot, "sysroot_src": sources, "crates": crates });
        let environment = [("RUSTC", rustc.as_path()), ("CARGO", cargo.as_path())];
        let client = Client::start(&program, &folder, &environment).map_err(failed)?;
        let mut ready = Ready {
            client,
            uri: file_uri(&file),
            version: 0,
        };
        let warm = async {
            ready.open(&folder, project, &first.text).await?;
            for at in [first.end(), 1] {
                let position = first.position(at);
                ready.ask("textDocument/completion", &position).await;
            }
            Some(())
        };
        match timeout(START, warm).await {
            Ok(Some(())) => Ok(ready),
            Ok(None) => Err(failed(std::io::Error::other("it ended at once"))),
            Err(_) => Err(Unready::NotReady(START)),
        }
    }))
}

/// A rust-analyzer that has read the sources.
#[derive(Debug)]
pub(super) struct Ready {
    client: Client,
    uri: String,
    version: u64,
}

impl Ready {
    /// Begins the conversation and waits until the project is read; none when the server has gone.
    async fn open(&mut self, folder: &Path, project: Value, text: &str) -> Option<()> {
        let options = json!({
            "linkedProjects": [project],
            "checkOnSave": false,
            "cachePriming": { "enable": false },
            "diagnostics": { "enable": false },
            "files": { "watcher": "client" },
            "lens": { "enable": false },
            "lru": { "capacity": 64 },
            "completion": {
                "autoimport": { "enable": false },
                "postfix": { "enable": false },
                "callable": { "snippets": "none" },
                "fullFunctionSignatures": { "enable": true },
            },
            "hover": {
                "actions": { "enable": false },
                "links": { "enable": false },
                "memoryLayout": { "enable": false },
                "dropGlue": { "enable": false },
            },
        });
        let capabilities = json!({
            "general": { "positionEncodings": ["utf-8"] },
            "experimental": { "serverStatusNotification": true },
            "textDocument": {
                // Documentation comes later if at all, so that it is not sent for hundreds of candidates.
                "completion": { "completionItem": {
                    "snippetSupport": false,
                    "labelDetailsSupport": true,
                    "resolveSupport": { "properties": ["documentation"] },
                } },
                "hover": { "contentFormat": ["markdown"] },
                "definition": { "linkSupport": true },
            },
        });
        let params = json!({
            "processId": std::process::id(),
            "rootUri": file_uri(folder),
            "initializationOptions": options,
            "capabilities": capabilities,
        });
        self.client.ask("initialize", params).await?;
        self.client.tell("initialized", json!({}));
        let document = json!({ "uri": self.uri, "languageId": "rust", "version": 0, "text": text });
        self.client
            .tell("textDocument/didOpen", json!({ "textDocument": document }));
        self.client.is_quiet().await.then_some(())
    }

    /// The text of the notebook as it is now.
    pub(super) fn set_text(&mut self, text: &str) {
        self.version += 1;
        let params = json!({
            "textDocument": { "uri": self.uri, "version": self.version },
            "contentChanges": [{ "text": text }],
        });
        self.client.tell("textDocument/didChange", params);
    }

    /// Asks about a place of the text; none when there is nothing to say.
    pub(super) async fn ask(&self, method: &str, position: &Value) -> Option<Value> {
        let params = json!({ "textDocument": { "uri": self.uri }, "position": position });
        self.client.ask(method, params).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_spaces_percents_and_other_letters_is_a_uri() {
        let uri = file_uri(Path::new("/tmp/my 100%/é#1?/carnet-kernel-a_b~.c"));
        let escaped = "file:///tmp/my%20100%25/%C3%A9%231%3F/carnet-kernel-a_b~.c";
        assert_eq!(uri, escaped);
        assert_eq!(file_uri(Path::new("/tmp/a")), "file:///tmp/a");
    }
}
