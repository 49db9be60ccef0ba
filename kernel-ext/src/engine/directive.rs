//! Lines that begin with a colon, as notebooks written for evcxr have them: `:dep polars = "0.55"`, `:vars`. They may stand
//! before the code of a cell.

/// A line that begins with a colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// The command with its colon: `:dep`.
    pub command: String,
    /// The rest of the line.
    pub argument: String,
}

/// The directives of a cell, and the cell without them: the same bytes, lines and columns, with blanks in their place.
pub fn take_directives(code: &str) -> (Vec<Directive>, String) {
    let mut directives = Vec::new();
    let mut rest = String::with_capacity(code.len());
    let mut before_code = true;
    for line in code.split_inclusive('\n') {
        let text = line.trim();
        let is_directive = text
            .strip_prefix(':')
            .is_some_and(|text| text.starts_with(|c: char| c.is_alphabetic() || c == '?'));
        if before_code && is_directive {
            let (command, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            directives.push(Directive {
                command: command.to_owned(),
                argument: argument.trim().to_owned(),
            });
            rest.extend(
                line.bytes()
                    .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
            );
        } else {
            before_code = before_code && (text.is_empty() || text.starts_with("//"));
            rest.push_str(line);
        }
    }
    (directives, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_taken_and_places_stay() {
        let code = ":dep polars = { version = \"0.55\" }\n// then\n:vars\nlet x = 1;";
        let (directives, rest) = take_directives(code);
        assert_eq!(rest.len(), code.len());
        assert_eq!(rest.find("let"), code.find("let"));
        let taken: Vec<_> = directives
            .iter()
            .map(|directive| (directive.command.as_str(), directive.argument.as_str()))
            .collect();
        assert_eq!(
            taken,
            [(":dep", "polars = { version = \"0.55\" }"), (":vars", "")]
        );
    }

    #[test]
    fn colons_within_code_are_code() {
        for code in ["::std::process::id()", "let x\n:u8 = 1;", "match x {\n:y"] {
            assert_eq!(take_directives(code), (Vec::new(), code.to_owned()));
        }
    }
}
