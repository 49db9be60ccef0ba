//! The cells that were run, kept across restarts: one JSON line each, in a file that all kernels of a user share.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jupyter_protocol::{HistoryEntry, HistoryRequest};
use serde::{Deserialize, Serialize};

/// A file that has grown over this is halved when a kernel starts.
const MOST_BYTES: u64 = 8 << 20;

/// One cell that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    session: usize,
    line: usize,
    input: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

/// The history, and this kernel's session in it.
#[derive(Debug)]
pub(crate) struct History {
    file: Option<PathBuf>,
    session: usize,
    /// What this session ran, in case the file cannot be written.
    own: Vec<Entry>,
}

impl History {
    /// Opens the user's history, in the state folder of the desktop standard. Without one, only this session's cells are known.
    pub(crate) fn open() -> Self {
        let folder = |name: &str| std::env::var_os(name).filter(|folder| !folder.is_empty());
        let state = folder("XDG_STATE_HOME").map(PathBuf::from);
        let state = state.or_else(|| {
            folder("HOME").map(|home| PathBuf::from(home).join(".local").join("state"))
        });
        Self::at(state.map(|state| state.join("carnet").join("history.jsonl")))
    }

    fn at(file: Option<PathBuf>) -> Self {
        if let Some(file) = &file
            && let Err(error) = halve(file)
        {
            tracing::warn!("the history {} was not shortened: {error}", file.display());
        }
        let mut history = Self {
            file,
            session: 0,
            own: Vec::new(),
        };
        let last = history.read().iter().map(|entry| entry.session).max();
        history.session = last.unwrap_or(0) + 1;
        history
    }

    /// Adds a cell. Kernels write one after the other, so that they do not cut into each other's lines.
    pub(crate) fn add(&mut self, line: usize, input: &str, output: Option<String>) {
        let entry = Entry {
            session: self.session,
            line,
            input: input.to_owned(),
            output,
        };
        if let Some(file) = &self.file {
            // Another kernel may have begun since: the number is this session's once its first cell is written.
            match append(file, entry.clone(), self.own.is_empty()) {
                Ok(session) => self.session = session,
                Err(error) => {
                    tracing::warn!("the history {} was not written: {error}", file.display());
                }
            }
        }
        let session = self.session;
        self.own.push(Entry { session, ..entry });
    }

    /// What a frontend asks for, oldest first.
    pub(crate) fn find(&self, asked: &HistoryRequest) -> Vec<HistoryEntry> {
        let mut entries = self.all();
        let with_output = match asked {
            HistoryRequest::Tail { n, output, .. } => {
                keep_last(&mut entries, *n);
                output
            }
            HistoryRequest::Range {
                session,
                start,
                stop,
                output,
                ..
            } => {
                // 0 is this session, -1 the one before it.
                let wanted = i64::from(session.unwrap_or(0));
                let wanted = if wanted > 0 {
                    wanted
                } else {
                    self.session as i64 + wanted
                };
                let after = |line: usize| line as i64 >= i64::from(*start);
                let before = |line: usize| *stop <= 0 || (line as i64) < i64::from(*stop);
                entries.retain(|entry| {
                    entry.session as i64 == wanted && after(entry.line) && before(entry.line)
                });
                output
            }
            HistoryRequest::Search {
                pattern,
                unique,
                output,
                n,
                ..
            } => {
                entries.retain(|entry| matches(pattern, &entry.input));
                if *unique {
                    // The newest of equal ones stays.
                    let mut seen = std::collections::HashSet::new();
                    entries.reverse();
                    entries.retain(|entry| seen.insert(entry.input.clone()));
                    entries.reverse();
                }
                keep_last(&mut entries, *n);
                output
            }
        };
        let entry = |entry: Entry| match with_output {
            true => HistoryEntry::InputOutput(
                entry.session,
                entry.line,
                (entry.input, entry.output.unwrap_or_default()),
            ),
            false => HistoryEntry::Input(entry.session, entry.line, entry.input),
        };
        entries.into_iter().map(entry).collect()
    }

    /// Earlier sessions as the file has them, then this one.
    fn all(&self) -> Vec<Entry> {
        let mut entries = self.read();
        entries.retain(|entry| entry.session != self.session || self.own.is_empty());
        entries.extend(self.own.iter().cloned());
        entries
    }

    fn read(&self) -> Vec<Entry> {
        let text = self.file.as_ref().and_then(|file| text_of(file).ok());
        text.iter().flat_map(|text| parse(text)).collect()
    }
}

fn keep_last(entries: &mut Vec<Entry>, count: i32) {
    let count = usize::try_from(count).unwrap_or(0);
    entries.drain(..entries.len().saturating_sub(count));
}

/// Keeps other kernels from changing the file until it is dropped. The lock is of a file beside it: a file that is halved is
/// another one afterwards, and who waits for its lock would write to the old one.
fn lock(file: &Path) -> std::io::Result<File> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let lock = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file.with_extension("lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Adds a line; the first of a session takes the number behind the last there is. Returns the session's number.
fn append(file: &Path, mut entry: Entry, first: bool) -> std::io::Result<usize> {
    let _lock = lock(file)?;
    let mut opened = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .open(file)?;
    if first {
        let last = parse(&text_of(file)?).map(|entry| entry.session).max();
        entry.session = last.unwrap_or(0) + 1;
    }
    let mut line = Vec::new();
    // Else an entry behind one that was cut short would be lost with it.
    if !ends_a_line(&mut opened)? {
        line.push(b'\n');
    }
    serde_json::to_writer(&mut line, &entry)?;
    line.push(b'\n');
    opened.write_all(&line)?;
    Ok(entry.session)
}

/// Whether what is written next begins a line.
fn ends_a_line(file: &mut File) -> std::io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == [b'\n'])
}

/// The text of a file, in which a letter may be cut in two.
fn text_of(file: &Path) -> std::io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(file)?).into_owned())
}

/// The entries of a file. A line that is cut short, by a full disk or a killed kernel, is left out.
fn parse(text: &str) -> impl Iterator<Item = Entry> {
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
}

/// Keeps the newer half of a file that has grown too large. The new file is written beside and renamed.
fn halve(file: &Path) -> std::io::Result<()> {
    let is_large = || fs::metadata(file).is_ok_and(|about| about.len() > MOST_BYTES);
    if !is_large() {
        return Ok(());
    }
    let _lock = lock(file)?;
    // Another kernel may have done it meanwhile.
    if !is_large() {
        return Ok(());
    }
    let text = fs::read(file)?;
    let half = text.len() / 2;
    let line_end = text[half..].iter().position(|byte| *byte == b'\n');
    let middle = line_end.map_or(text.len(), |at| half + at + 1);
    let shorter = file.with_extension(format!("{}.new", std::process::id()));
    File::create(&shorter)?.write_all(&text[middle..])?;
    fs::rename(shorter, file)
}

/// Whether all of `text` fits a pattern with `*` for any text and `?` for any letter.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match &mut star {
                Some((at, from)) => {
                    *from += 1;
                    (p, t) = (*at + 1, *from);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn inputs(history: &History, asked: HistoryRequest) -> Vec<String> {
        let input = |entry| match entry {
            HistoryEntry::Input(_, _, input) => input,
            HistoryEntry::InputOutput(_, _, (input, output)) => format!("{input} -> {output}"),
        };
        history.find(&asked).into_iter().map(input).collect()
    }

    fn tail(n: i32, output: bool) -> HistoryRequest {
        HistoryRequest::Tail {
            n,
            output,
            raw: true,
        }
    }

    #[test]
    fn two_kernels_that_are_open_at_once_have_sessions_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history.jsonl");
        let (mut one, mut other) = (
            History::at(Some(file.clone())),
            History::at(Some(file.clone())),
        );
        one.add(1, "a", None);
        other.add(1, "b", None);
        one.add(2, "c", None);
        let sessions: Vec<usize> = History::at(Some(file))
            .read()
            .iter()
            .map(|entry| entry.session)
            .collect();
        assert_eq!(sessions, [1, 2, 1]);
    }

    #[test]
    fn a_restart_keeps_the_history_and_counts_sessions() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep").join("history.jsonl");
        let mut first = History::at(Some(file.clone()));
        first.add(1, "a", Some("1".to_owned()));
        first.add(2, "b", None);
        let mut second = History::at(Some(file));
        second.add(1, "c", None);
        assert_eq!(inputs(&second, tail(2, false)), ["b", "c"]);
        assert_eq!(inputs(&second, tail(9, true)), ["a -> 1", "b -> ", "c -> "]);
        let range = |session, start, stop| HistoryRequest::Range {
            session: Some(session),
            start,
            stop,
            output: false,
            raw: true,
        };
        assert_eq!(inputs(&second, range(-1, 2, 3)), ["b"]);
        assert_eq!(inputs(&second, range(0, 0, 0)), ["c"]);
        assert_eq!(inputs(&second, range(1, 1, 2)), ["a"]);
    }

    /// Writes to the end of the file past this module, as a kernel in the midst of an entry does.
    fn write(file: &Path, bytes: &[u8]) {
        let mut file = OpenOptions::new().append(true).open(file).unwrap();
        file.write_all(bytes).unwrap();
    }

    fn lines(file: &Path) -> Vec<usize> {
        let history = History::at(Some(file.to_owned()));
        history.read().iter().map(|entry| entry.line).collect()
    }

    #[test]
    fn an_entry_behind_one_that_was_cut_short_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history.jsonl");
        let mut history = History::at(Some(file.clone()));
        history.add(1, "a", None);
        // In the midst of a letter, as a disk that is full leaves it.
        write(&file, b"{\"session\":1,\"line\":2,\"input\":\"\xc3");
        history.add(3, "c", None);
        assert_eq!(lines(&file), [1, 3]);
        History::at(Some(file.clone())).add(1, "first", None);
        assert_eq!(lines(&file), [1, 3, 1]);
    }

    #[test]
    fn a_file_is_neither_halved_nor_written_while_another_kernel_writes_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history.jsonl");
        let entry = |line, input: &str| Entry {
            session: 1,
            line,
            input: input.to_owned(),
            output: None,
        };
        for line in 1..=9 {
            append(&file, entry(line, &"x".repeat(1 << 20)), false).unwrap();
        }
        let other_kernel = lock(&file).unwrap();
        let begun = [true, false].map(|halves| {
            let (file, last) = (file.clone(), entry(11, "last"));
            std::thread::spawn(move || match halves {
                true => halve(&file).unwrap(),
                false => {
                    append(&file, last, false).unwrap();
                }
            })
        });
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(begun.iter().all(|thread| !thread.is_finished()));
        write(&file, b"{\"session\":1,\"line\":10,\"input\":\"x\"}\n");
        drop(other_kernel);
        for thread in begun {
            thread.join().unwrap();
        }
        assert_eq!(lines(&file), [6, 7, 8, 9, 10, 11]);
    }

    #[test]
    fn a_search_takes_patterns_and_can_leave_doubles_out() {
        let mut history = History::at(None);
        for (line, input) in ["let x = 1;", "x", "let y = 2;", "x"].iter().enumerate() {
            history.add(line + 1, input, None);
        }
        let search = |pattern: &str, unique, n| HistoryRequest::Search {
            pattern: pattern.to_owned(),
            unique,
            output: false,
            raw: true,
            n,
        };
        assert_eq!(
            inputs(&history, search("let*", false, 9)),
            ["let x = 1;", "let y = 2;"]
        );
        assert_eq!(
            inputs(&history, search("*", true, 9)),
            ["let x = 1;", "let y = 2;", "x"]
        );
        assert_eq!(inputs(&history, search("?", false, 1)), ["x"]);
        assert_eq!(
            inputs(&history, search("*y ?*2*", false, 9)),
            ["let y = 2;"]
        );
        assert_eq!(
            inputs(&history, search("let", false, 9)),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_file_that_grew_too_large_keeps_its_newer_half() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("history.jsonl");
        let entry = |line| Entry {
            session: 1,
            line,
            input: "x".repeat(1 << 20),
            output: None,
        };
        for line in 1..=9 {
            append(&file, entry(line), false).unwrap();
        }
        let history = History::at(Some(file));
        let lines: Vec<usize> = history.read().iter().map(|entry| entry.line).collect();
        assert_eq!(lines, [6, 7, 8, 9]);
    }
}
