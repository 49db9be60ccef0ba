//! `carnet notebook export`: a notebook as a crate, so that `cargo check` tells when it does not fit the library any more.
//!
//! The cells become the body of `main`, in order: what a cell declares, later ones see. A cell that defines an item again
//! begins a block, in which the new one hides the old. Texts become comments, and the last expression of a cell is shown
//! as the kernel shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use carnet_kernel::engine::awaits::awaits;
use carnet_kernel::engine::directive::take_directives;
use syn::parse::Parser as _;
use syn::spanned::Spanned as _;
use syn::{Expr, Item, Stmt};
use thiserror::Error;

use super::document::{Document, DocumentError};
use super::replacement::replace;

/// What a manifest that an export wrote begins with.
const MARK: &str = "# Made by `carnet notebook export`; made anew by the next one.\n";
/// The crates that the toolkit answers for, as in its own list.
const TOOLKIT: &[&str] = &[
    "carnet",
    "bson",
    "chrono",
    "plotly",
    "polars",
    "reqwest",
    "scraper",
    "serde_json",
    "smartcore",
    "tokio",
];

/// Why a notebook was not exported.
#[derive(Debug, Error)]
pub(crate) enum ExportError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A cell is no Rust.
    #[error("{}: cell {number} is not Rust: {what}", file.display())]
    Cell {
        file: PathBuf,
        number: usize,
        what: String,
    },
    /// The folder is somebody's.
    #[error(
        "{} holds something that no export made; nothing was written. Name another folder by --output, or empty this one",
        path.display()
    )]
    Occupied { path: PathBuf },
    /// The crate cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Writes the crate of the notebook `file` into `folder`, which is made; `toolkit` is the folder of the library that its
/// cells use.
pub(crate) fn export(file: &Path, folder: &Path, toolkit: &Path) -> Result<(), ExportError> {
    let document = Document::read(file)?;
    let mut program = Program {
        folder: file
            .parent()
            .and_then(|folder| std::path::absolute(folder).ok())
            .unwrap_or_default(),
        ..Program::default()
    };
    for (index, cell) in document.cells().iter().enumerate() {
        let added = match cell.is_code {
            true => program.add_code(&cell.source),
            false => {
                program.add_text(&cell.source);
                Ok(())
            }
        };
        added.map_err(|what| ExportError::Cell {
            file: file.to_owned(),
            number: index + 1,
            what,
        })?;
    }
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
        && !std::fs::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|manifest| manifest.starts_with(MARK));
    if occupied {
        return Err(ExportError::Occupied {
            path: folder.to_owned(),
        });
    }
    let write = |path: PathBuf, text: String| {
        replace(&path, &text).map_err(|source| ExportError::Write { path, source })
    };
    let source = folder.join("src");
    std::fs::create_dir_all(&source).map_err(|error| ExportError::Write {
        path: source.clone(),
        source: error,
    })?;
    write(source.join("main.rs"), program.text())?;
    write(
        folder.join("Cargo.toml"),
        manifest(&name, &program.dependencies, toolkit),
    )
}

fn manifest(name: &str, dependencies: &BTreeMap<String, String>, toolkit: &Path) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().map(allowed).collect();
    let mut text = format!(
        "{MARK}[package]\nname = \"notebook-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n\
         carnet = {{ package = \"carnet-toolkit\", path = {:?} }}\n",
        toolkit.display().to_string()
    );
    for (name, value) in dependencies {
        text.push_str(&format!("{name} = {value}\n"));
    }
    // Wherever it lies, it is no member of a workspace above.
    text.push_str("\n[workspace]\n");
    text
}

#[derive(Default)]
struct Program {
    body: String,
    /// What is defined in the block that is open, each by kind and name.
    defined: BTreeSet<String>,
    blocks: usize,
    awaits: bool,
    /// By name; a line that asks again takes the place of the earlier one.
    dependencies: BTreeMap<String, String>,
    /// The notebook's folder, from which relative paths are meant.
    folder: PathBuf,
}

impl Program {
    fn add_text(&mut self, text: &str) {
        for line in text.lines() {
            self.body.push_str(format!("    // {line}").trim_end());
            self.body.push('\n');
        }
    }

    fn add_code(&mut self, code: &str) -> Result<(), String> {
        let code = self.take_directives(code);
        let statements = syn::Block::parse_within
            .parse_str(&code)
            .map_err(|error| error.to_string())?;
        let defines: BTreeSet<String> = statements.iter().flat_map(defined).collect();
        if !defines.is_disjoint(&self.defined) {
            self.body.push_str("    {\n");
            self.blocks += 1;
            self.defined.clear();
        }
        self.defined.extend(defines);
        self.awaits |= statements.iter().any(awaits);
        let shown = statements.last().and_then(shown);
        let text = match shown {
            Some(range) => format!(
                "{}carnet::show_value!({});{}",
                &code[..range.start],
                &code[range.clone()],
                &code[range.end..]
            ),
            None => format!("{code}\n;"),
        };
        self.body.push_str(text.trim_end());
        self.body.push_str("\n\n");
        Ok(())
    }

    /// Takes the lines that begin with a colon out, where the kernel takes them: before the code. Those of crates outside
    /// the toolkit become dependencies.
    fn take_directives(&mut self, code: &str) -> String {
        let (directives, rest) = take_directives(code);
        for directive in directives {
            if directive.command == ":dep" {
                self.add_dependency(&directive.argument);
            }
        }
        // Blanks stand where they did.
        let lines = code.split_inclusive('\n').zip(rest.split_inclusive('\n'));
        let kept = lines.filter(|(line, rest)| line == rest);
        kept.map(|(line, _)| line).collect()
    }

    /// What a `:dep` line asks for, unless the toolkit has it. What is no dependency is left to cargo to complain of.
    fn add_dependency(&mut self, line: &str) {
        let whole = match line.contains('=') {
            true => line.to_owned(),
            false => format!("{line} = \"*\""),
        };
        let asked = whole.parse::<toml::Table>().unwrap_or_default();
        for (name, mut value) in asked {
            if TOOLKIT.contains(&name.replace('-', "_").as_str()) {
                continue;
            }
            if let Some(toml::Value::String(path)) = value.get_mut("path") {
                *path = self.folder.join(&*path).display().to_string();
            }
            self.dependencies.insert(name, value.to_string());
        }
    }

    fn text(&self) -> String {
        let close = "    }\n".repeat(self.blocks);
        let result = "Result<(), Box<dyn std::error::Error>>";
        let body = &self.body;
        let main = match self.awaits {
            true => format!(
                "fn main() -> {result} {{\n    carnet::store::block_on(async {{\n{body}{close}    {result_ok}\n    }})\n}}\n",
                result_ok = "Ok::<(), Box<dyn std::error::Error>>(())"
            ),
            false => format!("fn main() -> {result} {{\n{body}{close}    Ok(())\n}}\n"),
        };
        format!(
            "//! The notebook as a program: its cells, in order, are the body of `main`.\n\
             #![allow(unused, non_local_definitions, redundant_semicolons, dead_code)]\n\nuse carnet::crates::*;\n\n{main}"
        )
    }
}

/// What a statement defines that a block can only define once.
fn defined(statement: &Stmt) -> Vec<String> {
    let Stmt::Item(item) = statement else {
        return Vec::new();
    };
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Use(item) => {
            let mut names = Vec::new();
            add_names(&item.tree, &mut names);
            return names;
        }
        _ => return Vec::new(),
    };
    vec![name.to_string()]
}

fn add_names(tree: &syn::UseTree, names: &mut Vec<String>) {
    match tree {
        syn::UseTree::Path(path) => add_names(&path.tree, names),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| add_names(tree, names)),
        syn::UseTree::Name(name) => names.push(name.ident.to_string()),
        syn::UseTree::Rename(rename) => names.push(rename.rename.to_string()),
        syn::UseTree::Glob(_) => {}
    }
}

/// The place of the expression that a cell shows.
fn shown(statement: &Stmt) -> Option<std::ops::Range<usize>> {
    match statement {
        Stmt::Expr(
            Expr::ForLoop(_)
            | Expr::While(_)
            | Expr::Return(_)
            | Expr::Break(_)
            | Expr::Continue(_),
            None,
        ) => None,
        Stmt::Expr(expression, None) => Some(expression.span().byte_range()),
        Stmt::Macro(call) if call.semi_token.is_none() => {
            let is_brace = matches!(call.mac.delimiter, syn::MacroDelimiter::Brace(_));
            (!is_brace).then(|| call.span().byte_range())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn cells_become_the_body_of_main_in_order() {
        let mut program = Program::default();
        program.add_text("# Title\n\nwhy");
        program
            .add_code(":dep carnet = { path = \"x\" }\n:dep either = \"1\"\nuse std::fmt;\nlet x = 1;\nx + 1")
            .unwrap();
        let text = program.text();
        assert!(
            text.contains("    // # Title\n    //\n    // why\n"),
            "{text}"
        );
        assert!(text.contains("carnet::show_value!(x + 1);"), "{text}");
        assert_eq!(program.dependencies["either"], "\"1\"");
    }

    #[test]
    fn an_item_that_is_defined_again_hides_the_earlier_one() {
        let mut program = Program::default();
        for cell in [
            "fn f() -> i32 { 1 }",
            "f();",
            "fn f() -> i32 { 2 }",
            "use a::b;",
            "use a::b;",
        ] {
            program.add_code(cell).unwrap();
        }
        assert_eq!(program.blocks, 2);
        assert_eq!(program.text().matches("    {\n").count(), 2);
        assert!(
            syn::parse_file(&program.text()).is_ok(),
            "{}",
            program.text()
        );
    }

    #[test]
    fn a_program_that_waits_waits_on_the_librarys_runtime() {
        let mut program = Program::default();
        program.add_code("let x = f().await?;").unwrap();
        assert!(program.text().contains("block_on(async {"));
        assert!(
            syn::parse_file(&program.text()).is_ok(),
            "{}",
            program.text()
        );
    }

    #[test]
    fn an_await_in_the_arguments_of_a_macro_makes_the_program_wait() {
        let waits = |code: &str| {
            let mut program = Program::default();
            program.add_code(code).unwrap();
            program.text().contains("block_on(async {")
        };
        assert!(waits("println!(\"{}\", f().await);"));
        assert!(waits("let all = vec![f().await?, (g().await, 1)];"));
        assert!(waits("dbg!(f().await)"));
        assert!(!waits("spawn!(async { f().await });"));
        assert!(!waits("println!(\"x.await\");"));
        assert!(!waits("macro_rules! later { () => { f().await } }"));
    }

    #[test]
    fn directives_are_those_that_the_kernel_takes() {
        for code in [
            ":dep either = \"1\"\nlet a = 1;\n:dep late = \"1\"",
            "// first\n\n:dep\teither = \"1\"\n  :?\nlet a = 1;",
            ":dep either\n:help\n:depot x\n::std::process::id()",
            "let x\n:u8 = 1;",
        ] {
            let (directives, rest) = take_directives(code);
            let mut program = Program::default();
            let taken = program.take_directives(code);
            // The kernel leaves blanks where they stood.
            let lines = |text: &str| -> Vec<String> {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                lines.map(str::to_owned).collect()
            };
            assert_eq!(lines(&taken), lines(&rest), "{code}");
            let asked = directives
                .iter()
                .filter(|directive| directive.command == ":dep");
            assert_eq!(program.dependencies.len(), asked.count(), "{code}");
        }
    }

    #[test]
    fn the_crates_of_the_toolkit_are_those_that_it_lists() {
        let toolkit = include_str!("../../../kernel-ext/toolkit/src/lib.rs");
        let listed = toolkit.split("crates! {").nth(1).unwrap();
        let listed = listed.split('}').next().unwrap();
        let listed: Vec<&str> = listed.split(',').map(str::trim).collect();
        assert_eq!(TOOLKIT[1..], listed);
    }

    #[test]
    fn lines_of_dependencies_are_taken_once_from_the_notebooks_folder_and_without_the_toolkit() {
        let mut program = Program {
            folder: PathBuf::from("/notebooks"),
            ..Program::default()
        };
        let code = ":dep either = \"1\"\n:dep polars = \"0.55\"\n:dep carnet = { path = \"..\" }\n:dep either = \"1.9\"\n\
                    :dep not-carnet = { path = \"../x\" }\nlet a = 1;";
        assert_eq!(program.take_directives(code), "let a = 1;");
        let found: Vec<_> = program.dependencies.into_iter().collect();
        let expected = [
            ("either", "\"1.9\""),
            ("not-carnet", "{ path = \"/notebooks/../x\" }"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found, expected);
    }
}
