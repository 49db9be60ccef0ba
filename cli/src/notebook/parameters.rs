//! Parameters of a notebook, as papermill has them: the cell tagged `parameters` holds names and defaults, and a cell tagged
//! `injected-parameters` behind it gives some of them other values for this run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use syn::parse::Parser as _;
use syn::{Expr, ExprLit, Lit, Pat, Stmt, Type};
use thiserror::Error;

use super::document::Document;

/// The tag of the cell that holds the defaults.
const PARAMETERS: &str = "parameters";
/// The tag of the cell that a run adds.
const INJECTED: &str = "injected-parameters";

/// The methods that make a `String` of a text.
const OWNING: [&str; 3] = ["to_owned", "to_string", "into"];

/// Values for a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    /// In the order they were given: the last value of a name counts.
    values: Vec<(String, Value)>,
    /// What was typed for a value that reads as a number or a truth value.
    typed: BTreeMap<String, String>,
}

/// Why parameters cannot be given to a notebook.
#[derive(Debug, Error)]
pub(crate) enum ParameterError {
    /// A file of parameters cannot be used.
    #[error("the file of parameters {} cannot be used: {what}", path.display())]
    File { path: PathBuf, what: String },
    /// The notebook has no such parameter.
    #[error("the notebook has no parameter `{name}`; it has {known}")]
    Unknown { name: String, known: String },
    /// The value does not fit.
    #[error(
        "the parameter `{name}` is {wanted} (its default is `{default}`), and `{found}` is not"
    )]
    Unfit {
        name: String,
        wanted: String,
        default: String,
        found: String,
    },
    /// The name is none that Rust takes.
    #[error("`{0}` cannot be the name of a variable")]
    Name(String),
    /// The cell with the defaults cannot be read.
    #[error("the cell tagged `parameters` is not Rust: {0}")]
    Cell(String),
    /// The value has no literal in Rust.
    #[error(
        "the parameter `{name}` cannot be `{found}`: give text, a number, a truth value or a list of these"
    )]
    NoLiteral { name: String, found: String },
}

impl Given {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Adds what a file holds, JSON or YAML, one value a name.
    pub(crate) fn add_file(&mut self, path: &Path) -> Result<(), ParameterError> {
        let unusable = |what: String| ParameterError::File {
            path: path.to_owned(),
            what,
        };
        let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
        // JSON is YAML, but its errors are better told by its own reader.
        let is_json = path.extension().is_some_and(|end| end == "json");
        let values: BTreeMap<String, Value> = match is_json {
            true => serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?,
            false => serde_saphyr::from_str(&text).map_err(|error| unusable(error.to_string()))?,
        };
        self.values.extend(values);
        Ok(())
    }

    /// Adds a value as it is written on the command line: a number or a truth value if it reads as one, else text.
    pub(crate) fn add(&mut self, name: &str, text: &str) {
        let value = match text {
            "true" | "True" => json!(true),
            "false" | "False" => json!(false),
            _ => {
                let integer = text.parse::<i64>().map(|number| json!(number));
                let float = || text.parse::<f64>().ok().filter(|number| number.is_finite());
                integer
                    .ok()
                    .or_else(|| float().map(|number| json!(number)))
                    .unwrap_or_else(|| json!(text))
            }
        };
        self.typed.insert(name.to_owned(), text.to_owned());
        self.values.push((name.to_owned(), value));
    }

    /// Adds a text, whatever it looks like.
    pub(crate) fn add_raw(&mut self, name: &str, text: &str) {
        self.typed.remove(name);
        self.values.push((name.to_owned(), json!(text)));
    }

    /// Puts the values into a notebook, in a cell behind the one that holds the defaults, or at the beginning when there is
    /// none. A cell that an earlier run added goes. When this fails the notebook is as it was.
    pub(crate) fn inject(&self, document: &mut Document) -> Result<(), ParameterError> {
        if self.is_empty() {
            return Ok(());
        }
        let place = document.tagged(PARAMETERS);
        let known = match place {
            Some(place) => Some(defaults(&document.source(place))?),
            None => None,
        };
        let mut lines = vec!["// Parameters of this run".to_owned()];
        let newest: BTreeMap<&String, &Value> = self
            .values
            .iter()
            .map(|(name, value)| (name, value))
            .collect();
        for (name, value) in newest {
            let default = match &known {
                Some(known) => Some(known.get(name).ok_or_else(|| unknown(name, known))?),
                None => None,
            };
            let is_text = default.is_some_and(|default| default.kind.is_text());
            let typed = self.typed.get(name).filter(|_| is_text);
            let value = typed.map_or_else(|| value.clone(), |typed| json!(typed));
            lines.push(line(name, &value, default)?);
        }
        if let Some(earlier) = document.tagged(INJECTED) {
            document.remove(earlier);
        }
        let at = document.tagged(PARAMETERS).map_or(0, |place| place + 1);
        document.insert_code(at, &lines.join("\n"), INJECTED);
        let parameters: BTreeMap<_, _> = self.values.iter().cloned().collect();
        document.set_metadata("papermill", json!({ "parameters": parameters }));
        Ok(())
    }
}

/// A parameter as the notebook declares it.
#[derive(Debug)]
struct Parameter {
    kind: Kind,
    mutable: bool,
    /// The type that is written out.
    type_: Option<String>,
    /// The default as it is written.
    text: String,
}

/// What values fit.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Truth,
    Integer {
        /// The suffix of the literal: `u8`.
        suffix: String,
        /// The type, written or meant.
        type_: String,
    },
    Float(String),
    /// `&str`.
    Text,
    /// `String`.
    OwnText,
    List(Box<Kind>),
    /// Taken as it comes.
    Any,
}

impl Kind {
    fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::OwnText)
    }

    fn describe(&self) -> String {
        match self {
            Self::Truth => "true or false".to_owned(),
            Self::Integer { type_, .. } => match range(type_) {
                Some((least, most)) => format!("a whole number from {least} to {most}"),
                None => "a whole number".to_owned(),
            },
            Self::Float(_) => "a number".to_owned(),
            Self::Text | Self::OwnText => "text".to_owned(),
            Self::List(kind) => format!("a list of which each is {}", kind.describe()),
            Self::Any => "anything".to_owned(),
        }
    }

    /// The value as Rust writes it; none when it does not fit.
    fn literal(&self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Truth | Self::Any, Value::Bool(truth)) => Some(truth.to_string()),
            (Self::Integer { suffix, type_ }, Value::Number(number)) => {
                let whole = number.as_i64().map(i128::from);
                let whole = whole.or_else(|| number.as_u64().map(i128::from))?;
                let fits = range(type_).is_none_or(|(least, most)| (least..=most).contains(&whole));
                fits.then(|| format!("{whole}{suffix}"))
            }
            (Self::Float(suffix), Value::Number(number)) => {
                Some(format!("{:?}{suffix}", number.as_f64()?))
            }
            (Self::Any, Value::Number(number)) => Some(number.to_string()),
            (Self::Text | Self::Any, Value::String(text)) => Some(format!("{text:?}")),
            (Self::OwnText, Value::String(text)) => Some(format!("{text:?}.to_owned()")),
            // A text that looks like a number is still a text.
            (Self::Text | Self::OwnText, Value::Number(number)) => {
                self.literal(&json!(number.to_string()))
            }
            (Self::List(kind), Value::Array(values)) => list(kind, values),
            (Self::Any, Value::Array(values)) => list(&Self::Any, values),
            _ => None,
        }
    }
}

/// The least and the most number of a type; none for those beyond what JSON writes.
fn range(type_: &str) -> Option<(i128, i128)> {
    let bits: u32 = match &type_[1..] {
        "size" => 64,
        bits => bits.parse().ok().filter(|bits| *bits <= 64)?,
    };
    Some(match type_.starts_with('u') {
        true => (0, (1 << bits) - 1),
        false => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
    })
}

fn list(kind: &Kind, values: &[Value]) -> Option<String> {
    let literals: Option<Vec<String>> = values.iter().map(|value| kind.literal(value)).collect();
    Some(format!("vec![{}]", literals?.join(", ")))
}

/// `let name: type = value;`
fn line(name: &str, value: &Value, default: Option<&Parameter>) -> Result<String, ParameterError> {
    if syn::parse_str::<syn::Ident>(name).is_err() {
        return Err(ParameterError::Name(name.to_owned()));
    }
    let kind = default.map_or(&Kind::Any, |default| &default.kind);
    let Some(literal) = kind.literal(value) else {
        return Err(match default {
            Some(default) => ParameterError::Unfit {
                name: name.to_owned(),
                wanted: kind.describe(),
                default: default.text.clone(),
                found: value.to_string(),
            },
            None => ParameterError::NoLiteral {
                name: name.to_owned(),
                found: value.to_string(),
            },
        });
    };
    let mutable = if default.is_some_and(|default| default.mutable) {
        "mut "
    } else {
        ""
    };
    let type_ = default.and_then(|default| default.type_.as_ref());
    let type_ = type_.map_or_else(String::new, |type_| format!(": {type_}"));
    Ok(format!("let {mutable}{name}{type_} = {literal};"))
}

fn unknown(name: &str, known: &BTreeMap<String, Parameter>) -> ParameterError {
    let names: Vec<String> = known.keys().map(|name| format!("`{name}`")).collect();
    ParameterError::Unknown {
        name: name.to_owned(),
        known: if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        },
    }
}

/// The parameters that a cell declares by `let`.
fn defaults(code: &str) -> Result<BTreeMap<String, Parameter>, ParameterError> {
    let wrong = |error: syn::Error| ParameterError::Cell(error.to_string());
    let statements = syn::Block::parse_within.parse_str(code).map_err(wrong)?;
    let mut found = BTreeMap::new();
    for statement in statements {
        let Stmt::Local(local) = statement else {
            continue;
        };
        let Some(init) = &local.init else { continue };
        let (pattern, type_) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pattern => (pattern, None),
        };
        let Pat::Ident(ident) = pattern else { continue };
        let text = |tokens: &dyn quote::ToTokens| tokens.to_token_stream().to_string();
        let kind = match type_ {
            Some(type_) => kind_of_type(type_),
            None => kind_of(&init.expr),
        };
        found.insert(
            ident.ident.to_string(),
            Parameter {
                kind,
                mutable: ident.mutability.is_some(),
                type_: type_.map(|type_| text(type_)),
                text: text(&init.expr),
            },
        );
    }
    Ok(found)
}

fn kind_of_type(type_: &Type) -> Kind {
    let text = quote::ToTokens::to_token_stream(type_)
        .to_string()
        .replace(' ', "");
    match text.as_str() {
        "bool" => Kind::Truth,
        "f32" | "f64" => Kind::Float(String::new()),
        "&str" | "&'staticstr" => Kind::Text,
        "String" => Kind::OwnText,
        text if text.starts_with(['i', 'u'])
            && text[1..].starts_with(|c: char| c.is_ascii_digit() || c == 's') =>
        {
            Kind::Integer {
                suffix: String::new(),
                type_: text.to_owned(),
            }
        }
        text => match text
            .strip_prefix("Vec<")
            .and_then(|rest| rest.strip_suffix('>'))
        {
            Some(inner) => Kind::List(Box::new(
                syn::parse_str(inner).map_or(Kind::Any, |inner| kind_of_type(&inner)),
            )),
            None => Kind::Any,
        },
    }
}

fn kind_of(value: &Expr) -> Kind {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Bool(_) => Kind::Truth,
            Lit::Int(number) if number.suffix().starts_with('f') => {
                Kind::Float(number.suffix().to_owned())
            }
            Lit::Int(number) => Kind::Integer {
                suffix: number.suffix().to_owned(),
                // As the compiler takes it when nothing else says.
                type_: match number.suffix() {
                    "" => "i32".to_owned(),
                    suffix => suffix.to_owned(),
                },
            },
            Lit::Float(number) => Kind::Float(number.suffix().to_owned()),
            Lit::Str(_) => Kind::Text,
            _ => Kind::Any,
        },
        Expr::Unary(unary) => kind_of(&unary.expr),
        Expr::MethodCall(call)
            if matches!(kind_of(&call.receiver), Kind::Text)
                && OWNING.iter().any(|method| call.method == method) =>
        {
            Kind::OwnText
        }
        Expr::Call(call) => {
            let called = quote::ToTokens::to_token_stream(&call.func).to_string();
            match called.replace(' ', "").as_str() {
                "String::from" => Kind::OwnText,
                _ => Kind::Any,
            }
        }
        Expr::Macro(called) if called.mac.path.is_ident("vec") => {
            let elements = called.mac.parse_body_with(
                syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated,
            );
            let first = elements
                .ok()
                .and_then(|elements| elements.first().map(kind_of));
            Kind::List(Box::new(first.unwrap_or(Kind::Any)))
        }
        _ => Kind::Any,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const CELL: &str = "let start = \"2013-01-01\";\nlet mut rows: usize = 10;\nlet share = 0.5;\nlet fast = true;\nlet names = vec![\"a\"];\nlet own = \"x\".to_owned();\nlet odd = f();";

    fn written(name: &str, value: Value) -> Result<String, String> {
        let known = defaults(CELL).unwrap();
        line(name, &value, known.get(name)).map_err(|error| error.to_string())
    }

    #[test]
    fn values_take_the_type_of_the_default() {
        for (name, value, expected) in [
            ("start", json!("2014-01-01"), "let start = \"2014-01-01\";"),
            ("start", json!(2014), "let start = \"2014\";"),
            ("rows", json!(7), "let mut rows: usize = 7;"),
            ("share", json!(1), "let share = 1.0;"),
            ("fast", json!(false), "let fast = false;"),
            (
                "names",
                json!(["b", "c"]),
                "let names = vec![\"b\", \"c\"];",
            ),
            ("own", json!("y"), "let own = \"y\".to_owned();"),
            ("odd", json!(3), "let odd = 3;"),
        ] {
            assert_eq!(written(name, value).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_does() {
        let error = written("rows", json!(0.5)).unwrap_err();
        assert!(
            error.contains(
                "`rows` is a whole number from 0 to 18446744073709551615 (its default is `10`)"
            ),
            "{error}"
        );
        assert!(written("fast", json!("yes")).is_err());
        assert!(written("names", json!("a")).is_err());
        let error = unknown("x", &defaults(CELL).unwrap()).to_string();
        assert!(error.contains("`fast`, `names`, `odd`"), "{error}");
    }

    #[test]
    fn numbers_beyond_the_type_are_refused_and_text_stays_as_it_was_typed() {
        let cell = "let small = 1;\nlet byte: u8 = 1;\nlet suffixed = 1_i64;\nlet length = \"a b\".len();\nlet station = \"JFK\";";
        let known = defaults(cell).unwrap();
        let fits = |name: &str, value: Value| line(name, &value, known.get(name)).is_ok();
        assert!(fits("small", json!(2_147_483_647)) && !fits("small", json!(2_147_483_648_u64)));
        assert!(fits("byte", json!(255)) && !fits("byte", json!(256)) && !fits("byte", json!(-1)));
        assert!(fits("suffixed", json!(3_000_000_000_u64)));
        assert!(fits("length", json!(7)));
        let mut given = Given::default();
        given.add("station", "007");
        assert_eq!(given.typed["station"], "007");
        given.add("share", "inf");
        assert_eq!(given.values[1].1, json!("inf"));
    }

    #[test]
    fn the_command_lines_words_become_values() {
        let mut given = Given::default();
        for (name, text) in [("a", "1"), ("b", "1.5"), ("c", "true"), ("d", "1x")] {
            given.add(name, text);
        }
        given.add_raw("e", "1");
        let values: Vec<&Value> = given.values.iter().map(|(_, value)| value).collect();
        assert_eq!(
            values,
            [
                &json!(1),
                &json!(1.5),
                &json!(true),
                &json!("1x"),
                &json!("1")
            ]
        );
    }
}
