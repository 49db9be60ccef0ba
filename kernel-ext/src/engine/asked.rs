//! What `:dep` lines ask for, and which of them the toolkit answers: the same under either engine.

use std::collections::BTreeMap;

use super::CellError;

/// The versions of all crates that this program and the toolkit were built of.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// What a `:dep` line asks for.
#[derive(Debug)]
struct Asked {
    /// The name as it is written.
    name: String,
    /// The version, or the table of it.
    value: toml::Value,
    /// The line as Cargo.toml takes it.
    line: String,
}

/// The lines that are not answered by a crate of the toolkit, which has `crates`.
pub fn outside_toolkit(lines: &[String], crates: &[String]) -> Result<Vec<String>, CellError> {
    let mut outside = Vec::new();
    let mut names = BTreeMap::new();
    for line in lines {
        let asked = parse(line)?;
        let name = asked.name.replace('-', "_");
        let before = names.insert(name.clone(), asked.line.clone());
        if let Some(before) = before.filter(|before| *before != asked.line) {
            return Err(twice(&name, &before, &asked.line));
        }
        // `carnet` itself may be asked for by path, as other kernels need it.
        if !crates.contains(&name) {
            outside.push(asked.line);
        } else if name != "carnet" {
            check_source(&asked)?;
            check_version(&asked)?;
        }
    }
    Ok(outside)
}

/// Two lines of a cell ask for different things by one name.
fn twice(name: &str, one: &str, other: &str) -> CellError {
    CellError::new(
        "one name for two crates",
        format!(
            "`:dep {one}` and `:dep {other}` would both be `{name}` in cells: leave one out, or name it otherwise: `:dep other = {{ package = \"{name}\", version = … }}`"
        ),
    )
}

fn parse(line: &str) -> Result<Asked, CellError> {
    let bad = |why: &str| {
        CellError::new(
            "bad dependency",
            format!(
                "`:dep {line}` is not a dependency as Cargo.toml writes one: {why}. For example `:dep rand = \"0.9\"`, `:dep x = {{ path = \"../x\" }}`"
            ),
        )
    };
    let line = line.trim();
    let whole = match line.contains('=') {
        true => line.to_owned(),
        false => format!("{line} = \"*\""),
    };
    let table: toml::Table = whole
        .parse()
        .map_err(|error: toml::de::Error| bad(error.message()))?;
    match table.into_iter().next() {
        Some((name, value @ (toml::Value::String(_) | toml::Value::Table(_)))) => Ok(Asked {
            name,
            value,
            line: whole,
        }),
        _ => Err(bad("it has no version and no source")),
    }
}

/// A crate of the toolkit is there as it was published; one from elsewhere is refused rather than passed over.
fn check_source(asked: &Asked) -> Result<(), CellError> {
    let sources = ["path", "git"];
    let source = sources.iter().find(|key| asked.value.get(key).is_some());
    let Some(source) = source else { return Ok(()) };
    Err(CellError::new(
        "other source",
        format!(
            "the toolkit has its own `{name}`, and a cell cannot use one by `{source}` beside it under that name: leave `{source}` out, or name yours otherwise: `:dep other = {{ package = \"{name}\", {source} = … }}`",
            name = asked.name
        ),
    ))
}

/// A crate of the toolkit is there in one version; another one is refused rather than passed over.
fn check_version(asked: &Asked) -> Result<(), CellError> {
    let wanted = match &asked.value {
        toml::Value::String(version) => Some(version.as_str()),
        value => value.get("version").and_then(toml::Value::as_str),
    };
    // Cells write `_` where a package's name has `-`; the other way round it is the same crate too.
    let names = [
        asked.name.clone(),
        asked.name.replace('-', "_"),
        asked.name.replace('_', "-"),
    ];
    let there = names.iter().find_map(|name| {
        let header = format!("\nname = \"{name}\"\nversion = \"");
        let (_, rest) = LOCK.split_once(&header)?;
        rest.split('"').next()
    });
    let (Some(wanted), Some(there)) = (wanted, there) else {
        return Ok(());
    };
    let (Ok(wanted), Ok(version)) = (
        semver::VersionReq::parse(wanted),
        semver::Version::parse(there),
    ) else {
        return Ok(());
    };
    if wanted.matches(&version) {
        return Ok(());
    }
    Err(CellError::new(
        "other version",
        format!(
            "the toolkit has `{}` {there}, which is not {wanted}, and a cell cannot use two of them under one name: leave the version out, or name yours otherwise: `:dep other = {{ package = \"{}\", version = \"{wanted}\" }}`",
            asked.name, asked.name
        ),
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    fn crates() -> Vec<String> {
        lines(&["carnet", "polars", "serde_json"])
    }

    #[test]
    fn crates_of_the_toolkit_are_there_in_the_version_it_has() {
        let asked = lines(&[
            "polars",
            "serde-json = \"1\"",
            "carnet = { path = \"../x\" }",
            "either = \"1\"",
        ]);
        assert_eq!(
            outside_toolkit(&asked, &crates()).unwrap(),
            ["either = \"1\""]
        );
        let error = outside_toolkit(&lines(&["polars = \"0.40\""]), &crates()).unwrap_err();
        let other = lines(&["serde-json = \"0.9\""]);
        assert!(outside_toolkit(&other, &crates()).is_err());
        let elsewhere = lines(&["polars = { path = \"../polars\" }"]);
        let refused = outside_toolkit(&elsewhere, &crates()).unwrap_err();
        assert!(
            refused.value.contains("leave `path` out"),
            "{}",
            refused.value
        );
        assert!(
            error.value.contains("the toolkit has `polars` 0.55"),
            "{}",
            error.value
        );
    }

    #[test]
    fn what_is_no_dependency_is_refused_with_an_example() {
        for bad in ["= \"1\"", "x = 1", "x = {"] {
            let error = outside_toolkit(&lines(&[bad]), &crates()).unwrap_err();
            assert!(error.value.contains(":dep rand"), "{bad}: {}", error.value);
        }
        assert_eq!(parse("either").unwrap().line, "either = \"*\"");
        let both = lines(&["md-5 = \"0.10\"", "md_5 = \"0.9\""]);
        let error = outside_toolkit(&both, &crates()).unwrap_err();
        assert!(error.value.contains("both be `md_5`"), "{}", error.value);
        let same = lines(&["either = \"1\"", "either = \"1\""]);
        assert!(outside_toolkit(&same, &crates()).is_ok());
    }
}
