//! Reading a folder of declared queries. `NAME.sql` is a statement that SQLite and PostgreSQL both take, `NAME.sqlite.sql` and
//! `NAME.postgres.sql` are one for each, `NAME.json` is a pipeline. The head comment of a statement has the lines
//!
//! ```text
//! -- Question: which hours of the day are late most often?
//! -- Answer: those of the evening: ...
//! --   (a line that is set in goes on with the one before)
//! -- Index: flight(scheduled_departure): why.
//! -- Units: late %, mean_delay min
//! ```
//!
//! and a pipeline has the same as fields. `Index` names tables with the first column of an index on them, for each kind of
//! database where they differ (`sqlite none; postgres flight(tail): why.`); `Units` may be left out.

use super::{IndexUse, NamedQuery, QueryError, Statement, Text};
use crate::store::document::Pipeline;
use bson::Document;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Names so near to the one asked for are shown (Jaro and Winkler's measure, at most 1).
const NEAR: f64 = 0.75;

/// The queries of a folder, by name.
#[derive(Debug, Clone)]
pub struct Queries {
    folder: PathBuf,
    queries: Vec<NamedQuery>,
}

impl Queries {
    /// Reads and checks all files of the folder that end in `.sql` or `.json`.
    ///
    /// # Errors
    /// When the folder or a file cannot be read, or a file does not declare a query.
    pub fn read(folder: impl AsRef<Path>) -> Result<Queries, QueryError> {
        let folder = folder.as_ref();
        let unreadable = |path: &Path, source| QueryError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mut queries: BTreeMap<String, NamedQuery> = BTreeMap::new();
        let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry.map_err(|error| unreadable(folder, error))?.path());
        }
        paths.sort();
        for path in paths {
            let Some((name, kind)) = kind_of(&path) else {
                continue;
            };
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            let malformed = |reason| QueryError::Malformed {
                path: path.clone(),
                reason,
            };
            let read = match kind {
                Kind::Pipeline => of_pipeline(name, &text),
                _ => of_statement(name, &text, kind),
            };
            let read = read.map_err(malformed)?;
            match queries.remove(name) {
                None => queries.insert(name.to_owned(), read),
                Some(before) => {
                    let both = together(before, read).map_err(malformed)?;
                    queries.insert(name.to_owned(), both)
                }
            };
        }
        Ok(Queries {
            folder: folder.to_owned(),
            queries: queries.into_values().collect(),
        })
    }

    /// All of them, by name.
    pub fn iter(&self) -> std::slice::Iter<'_, NamedQuery> {
        self.queries.iter()
    }

    /// The query of this name.
    ///
    /// # Errors
    /// When there is none; the error says which names are near.
    pub fn get(&self, name: &str) -> Result<&NamedQuery, QueryError> {
        if let Some(query) = self.queries.iter().find(|query| query.name == name) {
            return Ok(query);
        }
        let mut near: Vec<(f64, &str)> = self
            .queries
            .iter()
            .map(|query| (strsim::jaro_winkler(name, &query.name), query.name.as_str()))
            .filter(|(nearness, _)| *nearness >= NEAR)
            .collect();
        near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let names: Vec<&str> = near.into_iter().take(3).map(|(_, name)| name).collect();
        Err(QueryError::Unknown {
            name: name.to_owned(),
            folder: self.folder.clone(),
            near: match names.as_slice() {
                [] => "ask without a name for the list".to_owned(),
                names => format!("did you mean {}?", names.join(" or ")),
            },
        })
    }
}

impl<'a> IntoIterator for &'a Queries {
    type Item = &'a NamedQuery;
    type IntoIter = std::slice::Iter<'a, NamedQuery>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
    Both,
    Pipeline,
}

/// The query's name and what the file is; nothing for a file of another kind.
fn kind_of(path: &Path) -> Option<(&str, Kind)> {
    let file = path.file_name()?.to_str()?;
    [
        (".sqlite.sql", Kind::Sqlite),
        (".postgres.sql", Kind::Postgres),
        (".sql", Kind::Both),
        (".json", Kind::Pipeline),
    ]
    .into_iter()
    .find_map(|(ending, kind)| Some((file.strip_suffix(ending)?, kind)))
}

/// The halves of a query that has a file for each database.
fn together(before: NamedQuery, read: NamedQuery) -> Result<NamedQuery, String> {
    let text = match (before.text, read.text) {
        (
            Text::Tables {
                sqlite: None,
                postgres,
            },
            Text::Tables {
                sqlite,
                postgres: None,
            },
        )
        | (
            Text::Tables {
                sqlite,
                postgres: None,
            },
            Text::Tables {
                sqlite: None,
                postgres,
            },
        ) => Text::Tables { sqlite, postgres },
        _ => return Err(format!("another file declares {} as well", read.name)),
    };
    if (
        &before.question,
        &before.answer,
        &before.index,
        &before.units,
    ) != (&read.question, &read.answer, &read.index, &read.units)
    {
        return Err("its head differs from that of the other database's file".into());
    }
    Ok(NamedQuery { text, ..read })
}

fn of_statement(name: &str, text: &str, kind: Kind) -> Result<NamedQuery, String> {
    let mut fields = head(text)?;
    let mut field = |name: &str| {
        fields
            .remove(name)
            .ok_or_else(|| format!("its head comment has no line \"-- {name}: …\""))
    };
    let (question, answer, index) = (field("Question")?, field("Answer")?, field("Index")?);
    let units = field("Units").ok();
    if let Some(unknown) = fields.keys().next() {
        return Err(format!(
            "its head comment has {unknown}: known are Question, Answer, Index and Units"
        ));
    }
    let statement = Statement::new(text)?;
    let on = |kinds: &[Kind]| kinds.contains(&kind).then(|| statement.clone());
    Ok(NamedQuery {
        name: name.to_owned(),
        question,
        answer,
        index: index_use(&index)?,
        units: units
            .as_deref()
            .map(units_of)
            .transpose()?
            .unwrap_or_default(),
        text: Text::Tables {
            sqlite: on(&[Kind::Sqlite, Kind::Both]),
            postgres: on(&[Kind::Postgres, Kind::Both]),
        },
    })
}

/// The fields of the comment that a text begins with.
fn head(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    let mut last: Option<String> = None;
    for line in text.lines().map_while(|line| line.strip_prefix("--")) {
        let line = line.strip_prefix(' ').unwrap_or(line);
        let is_set_in = line.starts_with(' ');
        match (line.split_once(": "), &last) {
            (_, Some(last)) if is_set_in => {
                let field = fields.entry(last.clone()).or_default();
                field.push(' ');
                field.push_str(line.trim());
            }
            (Some((name, value)), _) if !is_set_in => {
                if fields
                    .insert(name.to_owned(), value.trim().to_owned())
                    .is_some()
                {
                    return Err(format!("its head comment has {name} twice"));
                }
                last = Some(name.to_owned());
            }
            _ => {
                return Err(format!(
                    "its head comment has {line:?}, which is neither \"Name: …\" nor set in to go on with one"
                ));
            }
        }
    }
    Ok(fields)
}

/// A pipeline's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    question: String,
    answer: String,
    index: String,
    #[serde(default)]
    units: serde_json::Map<String, serde_json::Value>,
    collection: String,
    pipeline: Vec<Document>,
}

fn of_pipeline(name: &str, text: &str) -> Result<NamedQuery, String> {
    let declared: Declared = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let units = declared.units.into_iter().map(|(column, unit)| match unit {
        serde_json::Value::String(unit) => Ok((column, unit)),
        other => Err(format!("the unit of {column} is {other}: write it as text")),
    });
    let pipeline = Pipeline::new(&declared.pipeline).map_err(|error| error.to_string())?;
    pipeline.columns().map_err(|error| error.to_string())?;
    Ok(NamedQuery {
        name: name.to_owned(),
        question: declared.question,
        answer: declared.answer,
        index: index_use(&declared.index)?,
        units: units.collect::<Result<_, _>>()?,
        text: Text::Documents {
            collection: declared.collection,
            pipeline,
        },
    })
}

/// `late %, mean_delay min`
fn units_of(text: &str) -> Result<Vec<(String, String)>, String> {
    let unit = |unit: &str| {
        let (column, unit) = unit
            .trim()
            .split_once(' ')
            .ok_or_else(|| format!("Units has {unit:?}: write the column and its unit"))?;
        Ok((column.to_owned(), unit.trim().to_owned()))
    };
    text.split(',').map(unit).collect()
}

/// `flight(tail), plane(tail): why`, `none: why`, or `sqlite flight(tail); postgres none: why`.
fn index_use(text: &str) -> Result<IndexUse, String> {
    let form = || {
        format!(
            "Index is {text:?}: write TABLE(COLUMN) or none, a colon and why; for each database where they differ, \
             as in \"sqlite TABLE(COLUMN); postgres none: why\""
        )
    };
    let (named, reason) = text.split_once(": ").ok_or_else(form)?;
    let (mut sqlite, mut server) = (None, None);
    for part in named.split(';').map(str::trim) {
        let (places, list) = match part.split_once(' ') {
            Some(("sqlite" | "embedded", list)) => ([Some(&mut sqlite), None], list),
            Some(("postgres" | "mongodb", list)) => ([Some(&mut server), None], list),
            _ => ([Some(&mut sqlite), Some(&mut server)], part),
        };
        let indexes = indexes(list).ok_or_else(form)?;
        for place in places.into_iter().flatten() {
            if place.replace(indexes.clone()).is_some() {
                return Err(form());
            }
        }
    }
    Ok(IndexUse {
        sqlite: sqlite.ok_or_else(form)?,
        server: server.ok_or_else(form)?,
        reason: reason.to_owned(),
    })
}

fn indexes(list: &str) -> Option<Vec<(String, String)>> {
    if list == "none" {
        return Some(Vec::new());
    }
    let index = |index: &str| {
        let (table, column) = index.trim().strip_suffix(')')?.split_once('(')?;
        (!table.is_empty() && !column.is_empty()).then(|| (table.to_owned(), column.to_owned()))
    };
    list.split(',').map(index).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HEAD: &str = "-- Question: which?\n-- Answer: this,\n--   and that.\n-- Index: a(b), c(d): fast.\n-- Units: x %, y mi/h\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn read(files: &[(&str, &str)]) -> Result<Queries, QueryError> {
        Queries::read(folder(files).path())
    }

    #[test]
    fn a_statement_brings_its_head_and_a_pipeline_the_same_as_fields() {
        let sql = format!("{HEAD}SELECT 1;\n");
        let json = r#"{ "question": "q?", "answer": "a.", "index": "embedded a(b); mongodb none: why.",
            "units": { "n": "h" }, "collection": "c", "pipeline": [{ "$project": { "n": 1 } }] }"#;
        let queries = read(&[
            ("one.sql", &sql),
            ("two.json", json),
            ("README.md", "not a query"),
        ])
        .unwrap();
        let names: Vec<_> = queries.iter().map(|query| query.name.as_str()).collect();
        assert_eq!(names, ["one", "two"]);
        let one = queries.get("one").unwrap();
        assert_eq!(
            (one.question.as_str(), one.answer.as_str()),
            ("which?", "this, and that.")
        );
        assert_eq!((one.unit("y"), one.unit("z")), (Some("mi/h"), None));
        let index = |table: &str, column: &str| (table.to_owned(), column.to_owned());
        assert_eq!(one.index.sqlite, [index("a", "b"), index("c", "d")]);
        assert_eq!(one.index.server, one.index.sqlite);
        assert_eq!(one.index.reason, "fast.");
        let two = queries.get("two").unwrap();
        assert_eq!((two.index.sqlite.len(), two.index.server.len()), (1, 0));
        assert_eq!(two.unit("n"), Some("h"));
    }

    #[test]
    fn a_query_may_have_a_file_for_each_database_with_one_head() {
        let (sqlite, postgres) = (format!("{HEAD}SELECT 1"), format!("{HEAD}SELECT 2"));
        let queries = read(&[("a.sqlite.sql", &sqlite), ("a.postgres.sql", &postgres)]).unwrap();
        let Text::Tables { sqlite, postgres } = &queries.get("a").unwrap().text else {
            panic!("it is a statement");
        };
        let sql = |statement: &Option<Statement>| statement.as_ref().unwrap().sql().to_owned();
        assert_eq!(
            (sql(sqlite), sql(postgres)),
            ("SELECT 1".into(), "SELECT 2".into())
        );
    }

    #[test]
    fn a_file_that_declares_no_query_says_why() {
        let whole = format!("{HEAD}SELECT 1");
        let other = whole.replace("which?", "what?");
        let with = |old: &str, new: &str| whole.replace(old, new);
        for (files, said) in [
            (vec![("a.sql", with("-- Answer", "-- Anser"))], "no line \"-- Answer: …\""),
            (vec![("a.sql", with("-- Units", "-- Unit"))], "has Unit: known are"),
            (vec![("a.sql", with("a(b), c(d)", "a.b"))], "write TABLE(COLUMN) or none"),
            (vec![("a.sql", with("a(b), c(d)", "sqlite a(b)"))], "write TABLE(COLUMN) or none"),
            (vec![("a.sql", with("SELECT 1", "DROP TABLE x"))], "only reads"),
            (vec![("a.sql", with("--   and", "-- and"))], "neither \"Name: …\""),
            (vec![("a.sqlite.sql", whole.clone()), ("a.postgres.sql", other)], "its head differs"),
            (vec![("a.sqlite.sql", whole.clone()), ("a.sql", whole.clone())], "another file declares a"),
            (vec![("a.json", "{ \"question\": 1 }".to_owned())], "declares no query"),
            (
                vec![("a.json", r#"{ "question": "", "answer": "", "index": "none: x", "collection": "c", "pipeline": [{ "$out": "x" }] }"#.to_owned())],
                "$out",
            ),
            (
                vec![("a.json", r#"{ "question": "", "answer": "", "index": "none: x", "collection": "c", "pipeline": [] }"#.to_owned())],
                "end it in $group or $project",
            ),
        ] {
            let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
            let error = read(&files).unwrap_err().to_string();
            assert!(error.contains(said), "{said}: {error}");
        }
    }

    #[test]
    fn an_unknown_name_says_which_are_near() {
        let whole = format!("{HEAD}SELECT 1");
        let queries = read(&[
            ("late_by_hour.sql", &whole),
            ("late_by_day.sql", &whole),
            ("wind.sql", &whole),
        ])
        .unwrap();
        let error = |name: &str| queries.get(name).unwrap_err().to_string();
        assert!(
            error("late_by_hours").contains("did you mean late_by_hour or late_by_day?"),
            "{}",
            error("late_by_hours")
        );
        assert!(
            error("zzz").contains("ask without a name for the list"),
            "{}",
            error("zzz")
        );
    }
}
