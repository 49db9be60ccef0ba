//! The one statement of a query's file. It must be one, and begin as one that reads: a database opened read-only refuses the
//! others, but SQLite would still let one attach or write another file.

/// Words that a statement that reads begins with.
const READS: [&str; 3] = ["SELECT", "WITH", "VALUES"];

/// A single statement that reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement(String);

impl Statement {
    /// Takes a text that is one statement, with comments around it and a semicolon after it.
    ///
    /// # Errors
    /// In words, when it is empty, more than one, or begins with another word than SELECT, WITH or VALUES.
    pub fn new(text: &str) -> Result<Statement, String> {
        let (start, end, rest) = bounds(text);
        let sql = &text[start..end];
        if sql.is_empty() {
            return Err(
                "it has no statement: write one that begins with SELECT, WITH or VALUES".into(),
            );
        }
        if !text[rest..].is_empty() {
            return Err(format!(
                "it has more than one statement, the second begins with {:?}: leave one",
                text[rest..].split_whitespace().next().unwrap_or_default()
            ));
        }
        let first: String = sql.chars().take_while(char::is_ascii_alphabetic).collect();
        if !READS.contains(&first.to_ascii_uppercase().as_str()) {
            return Err(format!(
                "its statement begins with {:?}: a query only reads, so begin with SELECT, WITH or VALUES",
                sql.split_whitespace().next().unwrap_or_default()
            ));
        }
        Ok(Statement(sql.to_owned()))
    }

    /// The statement without what stands around it.
    pub fn sql(&self) -> &str {
        &self.0
    }
}

/// Where the first statement begins and ends, without blanks, comments and the semicolon, and where the next one begins.
fn bounds(text: &str) -> (usize, usize, usize) {
    let start = skip_blank(text, 0);
    let bytes = text.as_bytes();
    let (mut at, mut end) = (start, start);
    while at < bytes.len() {
        let next = skip_blank(text, at);
        if next > at {
            at = next;
            continue;
        }
        match bytes[at] {
            b';' => return (start, end, skip_semicolons(text, at)),
            b'\'' | b'"' | b'`' => at = closed(bytes, at, bytes[at]),
            b'[' => at = closed(bytes, at, b']'),
            _ => at += 1,
        }
        end = at.min(bytes.len());
    }
    (start, end, bytes.len())
}

fn skip_semicolons(text: &str, mut at: usize) -> usize {
    while text.as_bytes().get(at) == Some(&b';') {
        at = skip_blank(text, at + 1);
    }
    at
}

/// The place after blanks and comments.
fn skip_blank(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at..) {
            Some([byte, ..]) if byte.is_ascii_whitespace() => at += 1,
            Some([b'-', b'-', ..]) => {
                at = text[at..].find('\n').map_or(bytes.len(), |end| at + end)
            }
            Some([b'/', b'*', ..]) => {
                at = text[at + 2..]
                    .find("*/")
                    .map_or(bytes.len(), |end| at + 2 + end + 2);
            }
            _ => return at,
        }
    }
}

/// The place after the closing quote. A doubled one closes and opens again, which comes to the same.
fn closed(bytes: &[u8], start: usize, quote: u8) -> usize {
    let rest = &bytes[start + 1..];
    let end = rest.iter().position(|byte| *byte == quote);
    end.map_or(bytes.len(), |end| start + 1 + end + 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_statement_is_what_is_left_without_comments_around_it_and_the_semicolon() {
        for (text, sql) in [
            ("SELECT 1", "SELECT 1"),
            ("-- head; of it\n\n select 1 ; -- end\n", "select 1"),
            (
                "/* a; */ WITH a AS (SELECT ';') SELECT * FROM a;;\n",
                "WITH a AS (SELECT ';') SELECT * FROM a",
            ),
            (
                "SELECT 'it''s; é', \"a;b\", `c;d`, [e;f] -- ;\n FROM t",
                "SELECT 'it''s; é', \"a;b\", `c;d`, [e;f] -- ;\n FROM t",
            ),
            ("VALUES (1) /* open ;", "VALUES (1)"),
        ] {
            assert_eq!(Statement::new(text).unwrap().sql(), sql);
        }
    }

    #[test]
    fn what_writes_or_is_not_one_statement_is_refused() {
        for (text, said) in [
            ("", "no statement"),
            ("-- only a comment", "no statement"),
            (";", "no statement"),
            ("DELETE FROM a", "begins with \"DELETE\""),
            ("PRAGMA query_only = off", "begins with \"PRAGMA\""),
            ("SELECTED", "begins with \"SELECTED\""),
            (
                "SELECT 1; VACUUM INTO 'x'",
                "the second begins with \"VACUUM\"",
            ),
            (
                "SELECT 1; /* ; */ ATTACH 'x' AS y;",
                "the second begins with \"ATTACH\"",
            ),
            (
                "SELECT '\\'; DROP TABLE a; --'",
                "the second begins with \"DROP\"",
            ),
        ] {
            let error = Statement::new(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
