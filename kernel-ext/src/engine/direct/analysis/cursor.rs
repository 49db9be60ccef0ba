//! What the cursor is in: a command, a comment, a text literal, or code; found from the text before it alone, since a cell
//! that is being written seldom parses.

use std::ops::Range;

use crate::engine::directive::take_directives;

/// What the cursor is in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cursor<'a> {
    /// The command at the beginning of a line, as far as it is written: `:va`.
    Command(Range<usize>),
    /// Where nothing is completed: a comment, the argument of a command.
    Elsewhere,
    /// A text literal.
    Text(Text<'a>),
    /// Code.
    Code(Code),
}

/// A text literal that the cursor is in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text<'a> {
    /// Where its content begins.
    pub(super) start: usize,
    /// The statement up to the literal.
    pub(super) statement: &'a str,
    /// All before the statement.
    pub(super) before: &'a str,
    /// The bracket that the literal stands in, if any.
    pub(super) bracket: Option<char>,
    /// What is called or indexed: the name before the innermost round or square brackets that have one.
    pub(super) callee: &'a str,
    /// Whether that is a macro.
    pub(super) in_macro: bool,
}

/// Code that the cursor is in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Code {
    /// The part of a name before the cursor.
    pub(super) word: Range<usize>,
    /// Whether it follows a `.` or `::`, and so belongs to what is before.
    pub(super) is_member: bool,
    /// Where the name before the innermost open round bracket begins.
    pub(super) callee: Option<usize>,
    /// Where the statement begins.
    pub(super) statement: usize,
}

/// What the byte `cursor` of the code is in.
pub(super) fn cursor_in(code: &str, cursor: usize) -> Cursor<'_> {
    let before = &code[..cursor];
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let indented = before[line..].trim_start();
    // With one letter more: a command may not have its first one yet.
    let (_, rest) = take_directives(&format!("{before}a"));
    if rest[line..].trim().is_empty() {
        return match indented.contains(char::is_whitespace) {
            false => Cursor::Command(cursor - indented.len()..cursor),
            // What follows `:type` is code.
            true => match indented.split_once(char::is_whitespace) {
                Some((":type" | ":t", _)) => Cursor::Code(code_at(before, &Scan::default())),
                _ => Cursor::Elsewhere,
            },
        };
    }
    let mut scan = Scan::default();
    // A quote in a command opens no literal.
    match scan.run(&rest[..cursor]) {
        End::Comment => Cursor::Elsewhere,
        End::Code => Cursor::Code(code_at(before, &scan)),
        End::Text(quote, start) => {
            let statement = scan.statement();
            let named =
                scan.brackets.iter().rev().find(|(bracket, at)| {
                    *bracket != '{' && !name_before(&before[..*at]).0.is_empty()
                });
            let (callee, in_macro) =
                named.map_or(("", false), |(_, at)| name_before(&before[..*at]));
            Cursor::Text(Text {
                start,
                statement: &before[statement..quote.max(statement)],
                before: &before[..statement],
                bracket: scan.brackets.last().map(|(bracket, _)| *bracket),
                callee,
                in_macro,
            })
        }
    }
}

fn code_at(before: &str, scan: &Scan) -> Code {
    let start = word_start(before);
    let lead = before[..start].trim_end();
    let is_member = lead.ends_with("::") || (lead.ends_with('.') && !lead.ends_with(".."));
    let open = scan.brackets.last().filter(|(bracket, _)| *bracket == '(');
    let callee = open.and_then(|(_, at)| {
        let (name, _) = name_before(&before[..*at]);
        // The name is a part of the text, so its place is a difference of addresses; found here by its end instead.
        let end = before[..*at].rfind(name)?;
        (!name.is_empty()).then_some(end)
    });
    Code {
        word: start..before.len(),
        is_member,
        callee,
        statement: scan.statement(),
    }
}

/// Where the name that ends a text begins.
pub(super) fn word_start(text: &str) -> usize {
    text.trim_end_matches(is_word).len()
}

/// Whether a character can be a part of a name.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The name that ends a text, a turbofish and a macro's `!` left out, and whether there was that `!`.
fn name_before(text: &str) -> (&str, bool) {
    let mut text = text.trim_end();
    let in_macro = text.ends_with('!');
    text = text.trim_end_matches('!');
    if text.ends_with('>')
        && let Some(at) = text.rfind("::<")
    {
        text = &text[..at];
    }
    (&text[word_start(text)..], in_macro)
}

/// How a text ends.
enum End {
    Code,
    Comment,
    /// In a literal: where its quote is and where its content begins.
    Text(usize, usize),
}

/// The brackets that are open, and where the statements that are open begin.
#[derive(Default)]
struct Scan {
    brackets: Vec<(char, usize)>,
    /// The innermost last; without any, the statement begins with the text.
    statements: Vec<usize>,
    /// Where the outermost statement begins.
    outermost: usize,
}

impl Scan {
    fn statement(&self) -> usize {
        self.statements.last().copied().unwrap_or(self.outermost)
    }

    fn begin_statement(&mut self, at: usize) {
        match self.statements.last_mut() {
            Some(statement) => *statement = at,
            None => self.outermost = at,
        }
    }

    /// Whether what is open last is a block, or nothing.
    fn is_in_block(&self) -> bool {
        self.brackets
            .last()
            .is_none_or(|(bracket, _)| *bracket == '{')
    }

    fn run(&mut self, text: &str) -> End {
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            let rest = &text[at..];
            if rest.starts_with("//") {
                match rest.find('\n') {
                    Some(end) => at += end + 1,
                    None => return End::Comment,
                }
                continue;
            }
            if rest.starts_with("/*") {
                match rest.find("*/") {
                    Some(end) => at += end + 2,
                    None => return End::Comment,
                }
                continue;
            }
            if let Some((lead, hashes)) = literal_start(rest, text[..at].chars().next_back()) {
                let start = at + lead;
                match literal_end(&text[start..], hashes) {
                    Some(length) => at = start + length,
                    None => return End::Text(at, start),
                }
                continue;
            }
            match c {
                '\'' => {
                    at += quoted(rest);
                    continue;
                }
                '(' | '[' => self.brackets.push((c, at)),
                '{' => {
                    self.brackets.push((c, at));
                    self.statements.push(at + 1);
                }
                ')' | ']' => {
                    self.brackets.pop();
                }
                '}' => {
                    self.brackets.pop();
                    self.statements.pop();
                    if self.is_in_block() {
                        self.begin_statement(at + 1);
                    }
                }
                ';' if self.is_in_block() => self.begin_statement(at + 1),
                _ => {}
            }
            at += c.len_utf8();
        }
        End::Code
    }
}

/// The length of a literal's opening (`"`, `b"`, `r#"`), and for a raw one the number of its `#`.
fn literal_start(text: &str, before: Option<char>) -> Option<(usize, Option<usize>)> {
    if text.starts_with('"') {
        return Some((1, None));
    }
    if before.is_some_and(is_word) {
        return None;
    }
    let prefix = text.find(|c| !matches!(c, 'b' | 'c' | 'r'))?;
    if prefix == 0 || prefix > 2 {
        return None;
    }
    let rest = &text[prefix..];
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let raw = text[..prefix].ends_with('r');
    let opens = rest[hashes..].starts_with('"') && (raw || hashes == 0);
    opens.then_some((prefix + hashes + 1, raw.then_some(hashes)))
}

/// The length of a literal's content and end.
fn literal_end(text: &str, hashes: Option<usize>) -> Option<usize> {
    if let Some(hashes) = hashes {
        let end = format!("\"{}", "#".repeat(hashes));
        return text.find(&end).map(|at| at + end.len());
    }
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of a character literal, or of the `'` of a lifetime.
fn quoted(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), _) => {
            let after = text.char_indices().skip(3).find(|(_, c)| *c == '\'');
            after.map_or(1, |(at, _)| at + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_end(code: &str) -> Cursor<'_> {
        cursor_in(code, code.len())
    }

    fn text(code: &str) -> Option<(&str, &str, &str)> {
        match at_end(code) {
            Cursor::Text(text) => Some((&code[text.start..], text.callee, text.statement.trim())),
            _ => None,
        }
    }

    #[test]
    fn commands_begin_lines_before_all_code() {
        assert_eq!(at_end(":va"), Cursor::Command(0..3));
        assert_eq!(at_end(":vars\n// then\n :"), Cursor::Command(15..16));
        assert_eq!(at_end(":dep ra"), Cursor::Elsewhere);
        assert!(matches!(at_end(":type df.he"), Cursor::Code(code) if code.word == (9..11)));
        for code in ["let x\n:u", "::f();\n:u", ":env A=\"\nx", "::"] {
            assert!(matches!(at_end(code), Cursor::Code(_)), "{code}");
        }
    }

    #[test]
    fn a_literal_is_told_with_what_it_is_an_argument_of() {
        assert_eq!(
            text("let a = 1; df.lazy().filter(col(\"ca"),
            Some(("ca", "col", "df.lazy().filter(col("))
        );
        assert_eq!(
            text("df.select([\"a\", \"b"),
            Some(("b", "select", "df.select([\"a\","))
        );
        assert_eq!(text("&df[r#\"a \"b"), Some(("a \"b", "df", "&df[")));
        assert_eq!(
            text("f.map(|x| { let y = x; y.column(\"a"),
            Some(("a", "column", "y.column("))
        );
        assert_eq!(
            text("store.load::<Flight>().filter(\"or"),
            Some(("or", "filter", "store.load::<Flight>().filter("))
        );
    }

    #[test]
    fn quotes_in_comments_characters_and_other_literals_open_none() {
        for code in [
            "// \"a",
            "/* \"a",
            "col(\"a\")",
            "'\"'",
            "'\\'' ",
            "&'a x",
            "\"\\\"\"",
        ] {
            assert_eq!(text(code), None, "{code}");
        }
    }

    #[test]
    fn code_knows_its_word_and_what_it_belongs_to() {
        let code = |text: &str| match at_end(text) {
            Cursor::Code(code) => (text[code.word].to_owned(), code.is_member),
            other => (format!("{other:?}"), false),
        };
        assert_eq!(code("df.he"), ("he".to_owned(), true));
        assert_eq!(code("Store::\n  op"), ("op".to_owned(), true));
        assert_eq!(code("0..le"), ("le".to_owned(), false));
        assert_eq!(code("let é"), ("é".to_owned(), false));
        let Cursor::Code(call) = at_end("x; df.head(Some(1), ") else {
            return assert_eq!("code", "something else");
        };
        assert_eq!((call.callee, call.statement), (Some(6), 2));
    }
}
