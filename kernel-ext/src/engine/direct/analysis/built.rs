//! What a build left in cargo's target folder that decides how a crate's sources read: the `cfg`s and the generated code
//! of build scripts, and the libraries of macros.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// For each package with a build script: what its newest run printed.
    scripts: HashMap<String, (SystemTime, PathBuf)>,
    /// For each root file of a crate that reads `OUT_DIR`: that folder.
    out_dirs: HashMap<PathBuf, PathBuf>,
    /// For each crate of macros its newest library.
    macros: HashMap<String, (SystemTime, PathBuf)>,
}

/// What a build script has to say of its crate.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) cfg: Vec<String>,
    pub(super) out_dir: Option<PathBuf>,
}

impl Built {
    /// Reads the folder `deps` of a build, and `build` beside it. What is not there is not found.
    pub(super) fn read(deps: &Path) -> Self {
        let mut built = Self::default();
        let builds = deps.with_file_name("build");
        for folder in list(&builds) {
            let output = folder.join("output");
            if let (Some(name), Some(time)) = (without_hash(&folder), changed(&output)) {
                newest(&mut built.scripts, name, time, output);
            }
        }
        for file in list(deps) {
            match file.extension().and_then(|extension| extension.to_str()) {
                Some("so") => {
                    let name = without_hash(&file);
                    let name = name.as_deref().and_then(|name| name.strip_prefix("lib"));
                    if let (Some(name), Some(time)) = (name, changed(&file)) {
                        newest(&mut built.macros, name.to_owned(), time, file.clone());
                    }
                }
                Some("d") => {
                    built.add_out_dir(&std::fs::read_to_string(&file).unwrap_or_default(), &builds)
                }
                _ => {}
            }
        }
        built
    }

    /// From the list of what a crate was compiled of. The target folder may have been moved since.
    fn add_out_dir(&mut self, list: &str, builds: &Path) {
        let Some(out_dir) = list
            .lines()
            .find_map(|line| line.strip_prefix("# env-dep:OUT_DIR="))
        else {
            return;
        };
        let script = Path::new(out_dir).parent().and_then(Path::file_name);
        let root = list.lines().find_map(|line| line.strip_suffix(".rs:"));
        if let (Some(script), Some(root)) = (script, root) {
            let root = PathBuf::from(format!("{root}.rs"));
            self.out_dirs.insert(root, builds.join(script).join("out"));
        }
    }

    /// What the build script of the package has to say of the crate that begins with `root`.
    pub(super) fn script(&self, package: &str, root: &Path) -> Script {
        let Some((_, output)) = self.scripts.get(package) else {
            return Script::default();
        };
        let text = std::fs::read_to_string(output).unwrap_or_default();
        let cfg = text.lines().filter_map(|line| {
            line.strip_prefix("cargo::rustc-cfg=")
                .or_else(|| line.strip_prefix("cargo:rustc-cfg="))
        });
        let out_dir = self.out_dirs.get(root).cloned();
        Script {
            cfg: cfg.map(|cfg| cfg.trim().to_owned()).collect(),
            out_dir: Some(out_dir.unwrap_or_else(|| output.with_file_name("out"))),
        }
    }

    /// The library of a crate of macros.
    pub(super) fn macros(&self, crate_name: &str) -> Option<&Path> {
        self.macros.get(crate_name).map(|(_, path)| path.as_path())
    }
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.flatten().map(|entry| entry.path()).collect()
}

/// `serde` of `serde-4d2fbd060b3b9f74`.
fn without_hash(path: &Path) -> Option<String> {
    let (name, _) = path.file_stem()?.to_str()?.rsplit_once('-')?;
    Some(name.to_owned())
}

fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().ok()?.modified().ok()
}

fn newest(
    map: &mut HashMap<String, (SystemTime, PathBuf)>,
    name: String,
    time: SystemTime,
    path: PathBuf,
) {
    if map.get(&name).is_none_or(|(known, _)| *known < time) {
        map.insert(name, (time, path));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scripts_and_macros_are_found_where_cargo_leaves_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("deps")).unwrap();
        std::fs::create_dir_all(at("build/a-b-0123/out")).unwrap();
        std::fs::write(
            at("build/a-b-0123/output"),
            "cargo:rerun-if-changed=x\ncargo::rustc-cfg=fast\ncargo:rustc-cfg=wide=\"2\"\n",
        )
        .unwrap();
        std::fs::write(at("deps/liba_derive-0123.so"), "").unwrap();
        std::fs::write(
            at("deps/a_b-77.d"),
            "/elsewhere/deps/liba_b-77.rlib: /src/lib.rs\n\n/src/lib.rs:\n\n# env-dep:OUT_DIR=/elsewhere/build/a-b-0456/out\n",
        )
        .unwrap();
        let built = Built::read(&at("deps"));
        let script = built.script("a-b", Path::new("/src/lib.rs"));
        assert_eq!(script.cfg, ["fast", "wide=\"2\""]);
        assert_eq!(script.out_dir, Some(at("build/a-b-0456/out")));
        let script = built.script("a-b", Path::new("/other/lib.rs"));
        assert_eq!(script.out_dir, Some(at("build/a-b-0123/out")));
        assert_eq!(
            built.macros("a_derive"),
            Some(at("deps/liba_derive-0123.so").as_path())
        );
        assert!(
            built
                .script("other", Path::new("/src/lib.rs"))
                .cfg
                .is_empty()
        );
    }
}
