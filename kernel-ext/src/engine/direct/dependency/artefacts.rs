//! What cargo built, from its messages.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::manifest::Wanted;

/// The package that one of cargo's messages is of, from its id: `registry+URL#md-5@0.10.6`, `path+file:///x/own#0.1.0`.
fn package_of(message: &serde_json::Value) -> Option<(&str, &str)> {
    let (source, package) = message["package_id"].as_str()?.rsplit_once('#')?;
    package.rsplit_once('@').or_else(|| {
        let folder = source.split('?').next()?.rsplit('/').next()?;
        Some((folder, package))
    })
}

/// The dylib and the metadata of the crates asked for, from cargo's messages.
pub(super) fn read_artefacts(
    messages: &str,
    crate_name: &str,
    lines: &[String],
) -> (Option<PathBuf>, BTreeMap<String, PathBuf>) {
    let wanted: Vec<Wanted> = lines.iter().map(|line| Wanted::of(line)).collect();
    let (mut library, mut externs) = (None, BTreeMap::new());
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else {
            continue;
        };
        let target = message["target"]["name"].as_str().unwrap_or_default();
        let target = target.replace('-', "_");
        let files = message["filenames"].as_array().into_iter().flatten();
        let mut files = files.filter_map(|file| file.as_str().map(PathBuf::from));
        let ends = |file: &PathBuf, end: &str| file.extension().is_some_and(|found| found == end);
        if target == crate_name {
            library = library.or_else(|| files.find(|file| ends(file, "so")));
            continue;
        }
        let Some((package, version)) = package_of(&message) else {
            continue;
        };
        if let Some(wanted) = wanted.iter().find(|wanted| wanted.is(package, version))
            && let Some(file) = files.find(|file| ends(file, "rlib") || ends(file, "so"))
        {
            externs.insert(wanted.renamed.clone().unwrap_or(target), file);
        }
    }
    (library, externs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_crate_is_found_by_its_package_and_version_and_named_as_its_library() {
        let messages = [
            r##"{"package_id":"registry+https://x#md-5@0.9.1","target":{"name":"md5"},"filenames":["/old.rlib"]}"##,
            r##"{"package_id":"registry+https://x#md-5@0.10.6","target":{"name":"md5"},"filenames":["/md5.rlib","/md5.rmeta"]}"##,
            r##"{"package_id":"path+file:///x/own#0.1.0","target":{"name":"own"},"filenames":["/own.rlib"]}"##,
            r##"{"package_id":"path+file:///x#group@0.0.0","target":{"name":"group"},"filenames":["/group.so"]}"##,
        ];
        let lines = [
            "md-5 = \"0.10\"".to_owned(),
            "mine = { package = \"own\", path = \"/x/own\" }".to_owned(),
        ];
        let (library, externs) = read_artefacts(&messages.join("\n"), "group", &lines);
        assert_eq!(library, Some(PathBuf::from("/group.so")));
        let expected = [("md5", "/md5.rlib"), ("mine", "/own.rlib")];
        let expected = expected.map(|(name, file)| (name.to_owned(), PathBuf::from(file)));
        assert_eq!(externs, BTreeMap::from(expected));
    }
}
