//! Lines that begin with a colon, as notebooks written for evcxr have them: `:dep polars = "0.55"`. They may stand before
//! the code of a cell. A crate of the toolkit is already there, so such a line does nothing; any other is refused.

use crate::engine::CellError;

/// The cell without its directives: the same bytes, lines and columns, with blanks in their place.
pub(crate) fn take_directives(code: &str, crates: &[String]) -> Result<String, CellError> {
    let mut rest = String::with_capacity(code.len());
    let mut before_code = true;
    for line in code.split_inclusive('\n') {
        let text = line.trim();
        let is_directive = text
            .strip_prefix(':')
            .is_some_and(|text| text.starts_with(char::is_alphabetic));
        if before_code && is_directive {
            check(text, crates)?;
            rest.extend(
                line.bytes()
                    .map(|byte| if byte == b'\n' { '\n' } else { ' ' }),
            );
        } else {
            before_code = before_code && (text.is_empty() || text.starts_with("//"));
            rest.push_str(line);
        }
    }
    Ok(rest)
}

fn check(line: &str, crates: &[String]) -> Result<(), CellError> {
    let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    if command != ":dep" {
        return Err(CellError::new(
            "unknown command",
            format!(
                "`{command}` is not a command of this kernel; it knows `:dep CRATE` and nothing else that begins with a colon"
            ),
        ));
    }
    let name = rest.split('=').next().unwrap_or_default().trim();
    if crates.iter().any(|known| *known == name.replace('-', "_")) {
        return Ok(());
    }
    Err(CellError::new(
        "unknown crate",
        format!(
            "the toolkit has no crate `{name}`, and a cell can only use what is in it: {}. To add one, name it in the \
             dependencies and the list of crates in kernel-ext/toolkit, and build again",
            crates.join(", ")
        ),
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn crates() -> Vec<String> {
        ["polars", "serde_json"].map(str::to_owned).into()
    }

    #[test]
    fn a_crate_of_the_toolkit_is_accepted_and_places_stay() {
        let code = ":dep polars = { version = \"0.55\" }\n:dep serde-json\nlet x = 1;";
        let rest = take_directives(code, &crates()).unwrap();
        assert_eq!(rest.len(), code.len());
        assert_eq!(rest.find("let"), code.find("let"));
        assert_eq!(rest.trim(), "let x = 1;");
    }

    #[test]
    fn another_crate_and_another_command_are_refused_by_name() {
        let error = take_directives(":dep nosuch = \"1\"", &crates()).unwrap_err();
        assert!(
            error.value.contains("`nosuch`") && error.value.contains("polars, serde_json"),
            "{}",
            error.value
        );
        assert!(
            take_directives(":vars", &crates())
                .unwrap_err()
                .value
                .contains("`:vars`")
        );
    }

    #[test]
    fn colons_within_code_are_code() {
        for code in ["::std::process::id()", "let x\n:u8 = 1;", "match x {\n:y"] {
            assert_eq!(take_directives(code, &crates()).unwrap(), code);
        }
    }
}
