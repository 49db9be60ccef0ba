//! Whether a cell is a whole one, for consoles that decide at each line break whether to run it.

use std::str::FromStr;

use proc_macro2::TokenStream;
use syn::Block;
use syn::parse::Parser;

use super::directive::take_directives;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// It can run.
    Complete,
    /// More lines are expected.
    Incomplete,
    /// More lines would not help.
    Invalid,
}

/// Judges a cell by its syntax alone.
pub fn completeness(code: &str) -> Completeness {
    let (_, code) = take_directives(code);
    let Ok(tokens) = TokenStream::from_str(&code) else {
        return if opens_more_than_it_closes(&code) {
            Completeness::Incomplete
        } else {
            Completeness::Invalid
        };
    };
    match Block::parse_within.parse2(tokens) {
        Ok(_) => Completeness::Complete,
        Err(error) if error.to_string().starts_with("unexpected end of input") => {
            Completeness::Incomplete
        }
        Err(_) => Completeness::Invalid,
    }
}

/// A count is enough here: it only chooses between two kinds of "not yet".
fn opens_more_than_it_closes(code: &str) -> bool {
    let count = |these: &[char]| code.matches(these).count();
    count(&['(', '[', '{']) > count(&[')', ']', '}']) || !count(&['"']).is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_block_and_an_open_text_wait_for_more_lines() {
        assert_eq!(completeness("for i in 0..3 {"), Completeness::Incomplete);
        assert_eq!(completeness("let x ="), Completeness::Incomplete);
        assert_eq!(completeness("\"abc"), Completeness::Incomplete);
    }

    #[test]
    fn whole_cells_run_and_broken_ones_are_called_so() {
        assert_eq!(
            completeness(":dep polars\nlet x = 1;\nx"),
            Completeness::Complete
        );
        assert_eq!(completeness("fn f() -> i32 { 1 }"), Completeness::Complete);
        assert_eq!(completeness("let 1 x"), Completeness::Invalid);
        assert_eq!(completeness("}"), Completeness::Invalid);
    }

    #[test]
    fn only_what_the_engine_takes_as_a_command_is_none_of_the_code() {
        assert_eq!(completeness(" :vars"), Completeness::Complete);
        assert_eq!(completeness("let x\n:u8 = 1;"), Completeness::Complete);
        assert_eq!(completeness("let x = 1;\n:vars"), Completeness::Invalid);
    }
}
