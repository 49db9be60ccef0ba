//! Paths that only exist on the machine that ran the notebook. Found by the folders they begin with, at a place where a
//! path can begin, so that `https://example.org/home/x` and `</tmp>` are not taken for one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::outputs;
use crate::notebook::layout::{is_json_mime, joined};

/// Folders of people and of temporary files; a name has to follow.
const FOLDERS: [&str; 6] = [
    "/home/",
    "/root/",
    "/tmp/",
    "/var/tmp/",
    "/var/folders/",
    "/Users/",
];

/// Finds paths of a machine in text.
#[derive(Debug)]
pub(super) struct PathFinder {
    /// Folders of this machine beside the usual ones: the home folder, the checkout.
    own: Vec<String>,
}

impl PathFinder {
    /// A finder that also knows these folders.
    pub(super) fn new(own: impl IntoIterator<Item = PathBuf>) -> Self {
        let own = own.into_iter().filter(|folder| folder.is_absolute());
        Self {
            own: own
                .map(|folder| folder.to_string_lossy().into_owned())
                .filter(|folder| folder != "/")
                .collect(),
        }
    }

    /// A finder that knows the home folder and the checkout in which `file` is.
    pub(super) fn for_file(file: &Path) -> Self {
        let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let folder = file.parent().map(Path::to_owned);
        let checkout = folder
            .iter()
            .flat_map(|folder| folder.ancestors())
            .find(|folder| folder.join(".git").exists());
        let checkout = checkout.map(Path::to_owned).or(folder);
        Self::new(
            checkout
                .into_iter()
                .chain(std::env::home_dir())
                .chain(std::env::current_dir().ok()),
        )
    }

    /// A sentence for each path in the cell's source and outputs.
    pub(super) fn in_cell(&self, cell: &Value) -> Vec<String> {
        let mut found = BTreeSet::new();
        let source = cell.get("source").and_then(joined).unwrap_or_default();
        self.collect(&source, &mut found);
        let mut problems: Vec<_> = found
            .iter()
            .map(|path| format!("its source names a path of this machine: {path}"))
            .collect();

        let mut found = BTreeSet::new();
        for output in outputs(cell) {
            let mut shown: Vec<&Value> = ["text", "ename", "evalue", "traceback"]
                .iter()
                .filter_map(|key| output.get(key))
                .collect();
            if let Some(Value::Object(bundle)) = output.get("data") {
                shown.extend(
                    bundle
                        .iter()
                        .filter(|(mime, _)| is_readable(mime))
                        .map(|(_, value)| value),
                );
            }
            shown
                .into_iter()
                .for_each(|value| self.walk(value, &mut found));
        }
        problems.extend(
            found
                .iter()
                .map(|path| format!("its output names a path of this machine: {path}")),
        );
        problems
    }

    fn walk(&self, value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => self.collect(text, found),
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, found)),
            Value::Object(map) => map.iter().for_each(|(key, value)| {
                self.collect(key, found);
                self.walk(value, found);
            }),
            _ => {}
        }
    }

    fn collect(&self, text: &str, found: &mut BTreeSet<String>) {
        let spans = self.spans(text);
        // `/home/me/checkout` is found as the checkout and as a home folder; it is one path.
        let mut end = 0;
        for (from, to) in spans {
            if from >= end {
                found.insert(text[from..to].to_owned());
                end = to;
            }
        }
    }

    fn spans(&self, text: &str) -> BTreeSet<(usize, usize)> {
        let mut spans = BTreeSet::new();
        for folder in FOLDERS {
            for (at, _) in text.match_indices(folder) {
                let after = &text[at + folder.len()..];
                if begins_a_path(&text[..at]) && after.starts_with(is_name) {
                    spans.insert((at, at + folder.len() + end_of_path(after)));
                }
            }
        }
        for folder in &self.own {
            let short = folder.matches('/').count() == 1; // `/srv` alone is also a word; `/srv/x` is not
            for (at, _) in text.match_indices(folder.as_str()) {
                let after = &text[at + folder.len()..];
                let whole = if short {
                    after.starts_with('/')
                } else {
                    !after.starts_with(is_name)
                };
                if begins_a_path(&text[..at]) && whole {
                    spans.insert((at, at + folder.len() + end_of_path(after)));
                }
            }
        }
        for (at, _) in text
            .match_indices("Users")
            .chain(text.match_indices("users"))
        {
            let after = &text[at + 5..];
            if let Some(start) = drive_before(&text[..at])
                && after.starts_with(['\\', '/'])
            {
                spans.insert((start, at + 5 + end_of_path(after)));
            }
        }
        spans
    }
}

/// Whether the content of this MIME type is text; base64 has `/` among its letters.
fn is_readable(mime: &str) -> bool {
    mime.starts_with("text/")
        || is_json_mime(mime)
        || mime == "image/svg+xml"
        || mime == "application/javascript"
}

/// Whether an absolute path can begin after this text: not inside a longer path, an address or a closing tag.
fn begins_a_path(before: &str) -> bool {
    let inside = |character: char| is_name(character) || "./<%)}]~*$:".contains(character);
    // `file:///home/x` is a path; so are `-L native=/home/x`, `path:/home/x` and `a:/home/x` in lists of folders.
    before.ends_with("file://")
        || (before.ends_with(':') && !before.ends_with("::"))
        || !before.ends_with(inside)
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || "_-.".contains(character)
}

fn end_of_path(text: &str) -> usize {
    let ends =
        |character: char| character.is_whitespace() || "\"'`<>|:;,()[]{}&*?".contains(character);
    text.find(ends).unwrap_or(text.len())
}

/// Where `C:\` (or `C:/`, or with the backslash escaped) begins, if the text ends in it.
fn drive_before(text: &str) -> Option<usize> {
    let colon = text.trim_end_matches(['\\', '/']);
    let drive = colon
        .strip_suffix(':')
        .filter(|_| colon.len() < text.len())?;
    let letter = drive
        .chars()
        .next_back()
        .filter(char::is_ascii_alphabetic)?;
    let start = drive.len() - letter.len_utf8();
    (!drive[..start].ends_with(is_name)).then_some(start)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    fn found(text: &str) -> Vec<String> {
        let mut found = BTreeSet::new();
        PathFinder::new(["/srv/build/carnet", "/app"].map(PathBuf::from)).collect(text, &mut found);
        found.into_iter().collect()
    }

    #[test]
    fn paths_of_a_machine_are_found_whole() {
        let cases = [
            (r#"open("/home/ada/x.csv")"#, "/home/ada/x.csv"),
            (
                "at /root/.cargo/registry/src/lib.rs:12:5",
                "/root/.cargo/registry/src/lib.rs",
            ),
            ("<td>/tmp/a</td>", "/tmp/a"),
            ("saved in /var/tmp/x.", "/var/tmp/x."),
            ("file:///Users/ada/n.ipynb", "/Users/ada/n.ipynb"),
            (r"C:\Users\ada\x", r"C:\Users\ada\x"),
            (r#""D:\\Users\\ada""#, r"D:\\Users\\ada"),
            ("C:/Users/ada", "C:/Users/ada"),
            ("PATH=/usr/bin:/home/ada/bin", "/home/ada/bin"),
            ("ran in /srv/build/carnet", "/srv/build/carnet"),
            ("ran in /app/src", "/app/src"),
        ];
        for (text, path) in cases {
            assert_eq!(found(text), [path], "in {text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_left_alone() {
        let cases = [
            "https://example.org/home/index.html",
            "https://example.org/~ada/tmp/x",
            "s3://bucket/tmp/x and s3://tmp/x",
            "./tmp/x ../home/x data/tmp/x",
            "</root> <br/> /home/ /tmp/ a/root/b",
            "/srv/build/carnetship is another folder, /app is a word",
            "Users\\guide, the Users/ folder, ABC:\\Users",
            "12/home/3",
        ];
        for text in cases {
            assert!(found(text).is_empty(), "in {text}: {:?}", found(text));
        }
    }

    #[test]
    fn the_checkout_of_a_notebook_is_a_folder_of_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let checkout = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(checkout.join(".git")).unwrap();
        std::fs::create_dir(checkout.join("notebooks")).unwrap();
        std::fs::write(checkout.join("notebooks/a.ipynb"), "").unwrap();
        let finder = PathFinder::for_file(&checkout.join("notebooks/a.ipynb"));
        assert!(
            finder
                .own
                .contains(&checkout.to_string_lossy().into_owned()),
            "{finder:?}"
        );
    }

    #[test]
    fn outputs_are_searched_and_pictures_are_not() {
        let output =
            |mime: &str, value: Value| json!({"source": "", "outputs": [{"data": {mime: value}}]});
        let finder = PathFinder::new([]);
        assert!(
            finder
                .in_cell(&output("image/png", json!("abc+/tmp/def==")))
                .is_empty()
        );
        let nested = output(
            "application/vnd.plotly.v1+json",
            json!({"layout": {"title": ["from /tmp/x.csv"]}}),
        );
        assert_eq!(
            finder.in_cell(&nested),
            ["its output names a path of this machine: /tmp/x.csv"]
        );
        let stream = json!({"source": ["a\n", "/home/b/c"], "outputs": [{"output_type": "stream", "text": ["/tmp/d\n"]}]});
        assert_eq!(finder.in_cell(&stream).len(), 2);
    }
}
