//! Names of columns where one is written as text: `col("…")`, `df.column("…")`, `df["…"]`.

use super::super::session::Session;

/// A text literal that the cursor is in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Literal<'a> {
    /// Where its content begins.
    pub(super) start: usize,
    /// What is written of it.
    pub(super) text: &'a str,
    /// The variable before it, where that says whose column is meant.
    pub(super) subject: Option<&'a str>,
}

/// The literal at the end of `before`, if it stands where a column is named.
pub(super) fn literal(before: &str) -> Option<Literal<'_>> {
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = &before[line_start..];
    let mut open = None;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if open.is_some() => escaped = true,
            '"' if open.is_some() => open = None,
            '"' => open = Some(at + 1),
            '/' if open.is_none() && line[at..].starts_with("//") => return None,
            _ => {}
        }
    }
    let start = line_start + open?;
    let lead = before[..start - 1].trim_end();
    let call =
        lead.trim_end_matches(|c: char| c.is_whitespace() || c == '[' || c == '(' || c == '&');
    let opener = &lead[call.len()..];
    if opener.is_empty() && !lead.ends_with(',') {
        return None;
    }
    let name_start = call
        .rfind(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(0, |at| at + c_len(call, at));
    let name = &call[name_start..];
    // `df["…"]` names the frame itself; `df.column("…")` and `chart::bar(&df, "…")` have it before or beside.
    let subject = if opener.starts_with('[') && !name.is_empty() {
        Some(name)
    } else {
        let object = call[..name_start].trim_end().strip_suffix('.');
        object.and_then(|object| {
            let start = object
                .rfind(|c: char| !c.is_alphanumeric() && c != '_')
                .map_or(0, |at| at + c_len(object, at));
            Some(&object[start..]).filter(|object| !object.is_empty())
        })
    };
    Some(Literal {
        start,
        text: &before[start..],
        subject,
    })
}

fn c_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

/// The columns of this variable, or of all frames when it is none.
pub(super) fn of(session: &Session, subject: Option<&str>) -> Vec<String> {
    let own = subject.map(|subject| session.columns_of(subject).to_vec());
    match own.filter(|own| !own.is_empty()) {
        Some(own) => own,
        None => session.all_columns(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(before: &str) -> Option<(&str, Option<&str>)> {
        literal(before).map(|literal| (literal.text, literal.subject))
    }

    #[test]
    fn a_column_is_named_in_calls_and_in_brackets() {
        assert_eq!(at("df.lazy().filter(col(\"ca"), Some(("ca", None)));
        assert_eq!(at("df.column(\""), Some(("", Some("df"))));
        assert_eq!(at("let x = &df[\"arr"), Some(("arr", Some("df"))));
        assert_eq!(at("chart::bar(&df, \"hour\", \"sha"), Some(("sha", None)));
        assert_eq!(at("df.select([\"a\", \"b"), Some(("b", None)));
    }

    #[test]
    fn other_texts_and_code_are_not() {
        for before in ["let s = \"abc", "df.column", "col(\"a\")", "// col(\"a"] {
            assert_eq!(at(before), None, "{before}");
        }
    }
}
