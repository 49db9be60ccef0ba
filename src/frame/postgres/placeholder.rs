//! Placeholders in SQL text: where `$1`, `$2`, … stand, outside quoted text, quoted names and comments (PostgreSQL's
//! documentation, "Lexical Structure").

/// The text with each placeholder `$n` replaced by what `with` gives for `n`; the highest number is returned beside it.
pub(super) fn replace(sql: &str, mut with: impl FnMut(usize) -> String) -> (String, usize) {
    let bytes = sql.as_bytes();
    let (mut out, mut highest) = (String::with_capacity(sql.len()), 0);
    let (mut at, mut kept) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\'' => at = quoted(bytes, at, b'\'', escapes(bytes, at)),
            b'"' => at = quoted(bytes, at, b'"', false),
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = find(bytes, at, b"\n").unwrap_or(bytes.len());
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => at = comment(bytes, at),
            b'$' => {
                let digits = bytes[at + 1..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                if digits > 0 {
                    let end = at + 1 + digits;
                    // More digits than a number has are no placeholder that any server takes; it will say so.
                    if let Ok(number) = sql[at + 1..end].parse() {
                        out.push_str(&sql[kept..at]);
                        out.push_str(&with(number));
                        highest = highest.max(number);
                        kept = end;
                    }
                    at = end;
                } else {
                    at = dollar_quoted(bytes, at);
                }
            }
            // A name may hold dollars: `a$1` is one name.
            byte if is_name(byte) => {
                while at < bytes.len() && (is_name(bytes[at]) || bytes[at] == b'$') {
                    at += 1;
                }
            }
            _ => at += 1,
        }
    }
    out.push_str(&sql[kept..]);
    (out, highest)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether the text that begins at this quote has backslash escapes: `E'…'`, the E on its own.
fn escapes(bytes: &[u8], quote: usize) -> bool {
    let Some(before) = quote.checked_sub(1) else {
        return false;
    };
    matches!(bytes[before], b'e' | b'E')
        && (before == 0 || !(is_name(bytes[before - 1]) || bytes[before - 1] == b'$'))
}

/// The place after the closing quote; a doubled quote is part of the text.
fn quoted(bytes: &[u8], start: usize, quote: u8, escapes: bool) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        if escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] == quote {
            if bytes.get(at + 1) == Some(&quote) {
                at += 2;
            } else {
                return at + 1;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// The place after a comment, which may hold others.
fn comment(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The place after `$tag$…$tag$`, or after the dollar when none begins here.
fn dollar_quoted(bytes: &[u8], start: usize) -> usize {
    let tag = bytes[start + 1..]
        .iter()
        .take_while(|byte| is_name(**byte))
        .count();
    let end = start + 1 + tag;
    if bytes.get(end) != Some(&b'$') {
        return start + 1;
    }
    let delimiter = &bytes[start..=end];
    find(bytes, end + 1, delimiter).map_or(bytes.len(), |at| at + delimiter.len())
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    bytes
        .get(from..)?
        .windows(what.len())
        .position(|window| window == what)
        .map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(sql: &str) -> String {
        replace(sql, |number| format!("<{number}>")).0
    }

    #[test]
    fn placeholders_are_found_and_what_only_looks_like_one_is_left() {
        for (sql, wanted) in [
            ("a = $1 AND b > $12", "a = <1> AND b > <12>"),
            ("a = '$1' OR a = $1", "a = '$1' OR a = <1>"),
            ("a = 'it''s $1' OR $2", "a = 'it''s $1' OR <2>"),
            (r"a = E'\'$1' OR $2", r"a = E'\'$1' OR <2>"),
            (r"a = 'x\' OR $2", r"a = 'x\' OR <2>"),
            (r"value'\' OR $2", r"value'\' OR <2>"),
            (r#""odd $1" = $1"#, r#""odd $1" = <1>"#),
            ("a -- $1\n = $2", "a -- $1\n = <2>"),
            (
                "a /* $1 /* $2 */ $3 */ = $4",
                "a /* $1 /* $2 */ $3 */ = <4>",
            ),
            ("$$ $1 $$ || $2", "$$ $1 $$ || <2>"),
            ("$t$ $1 $$ $t$ || $2", "$t$ $1 $$ $t$ || <2>"),
            ("col$1 = $1", "col$1 = <1>"),
            ("größe = $1", "größe = <1>"),
            ("'unclosed $1", "'unclosed $1"),
            ("$1", "<1>"),
            ("$", "$"),
        ] {
            assert_eq!(replaced(sql), wanted);
        }
    }
}
