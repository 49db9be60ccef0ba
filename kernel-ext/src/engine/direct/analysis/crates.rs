//! Which crates the analysis reads, told to rust-analyzer as a project without cargo: the toolkit, what it depends on
//! directly with the crates of the same family (`polars` is some twenty), and what many of those build on, whose traits
//! decide which methods a type has. All that the toolkit is made of would be five times as many crates, twice the time and
//! more than twice the memory, for names that no notebook can write.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::dependency::ASKED;
use super::built::Built;
use super::server::Unready;
use crate::toolchain::Toolchain;

/// The workspace that this kernel and the toolkit were built from.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// A crate that so many of those which are read depend on is read too.
const MANY: usize = 8;

/// What `cargo metadata` says, as far as it is needed.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    edition: String,
    manifest_path: PathBuf,
    repository: Option<String>,
    /// None for a crate in a folder of its owner's.
    source: Option<String>,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
    src_path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
    features: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Debug, Deserialize)]
struct DependencyKind {
    /// None for what the library itself is built with.
    kind: Option<String>,
}

/// The crates of the toolkit and of the folders in `groups`, as `rust-project.json` has them, and what a crate that uses
/// them all depends on. Runs cargo, which takes some 0.4 s.
pub(super) fn crates(
    toolchain: &Toolchain,
    groups: &[PathBuf],
) -> Result<(Vec<Value>, Vec<Value>), Unready> {
    let metadata = metadata(toolchain, Path::new(WORKSPACE))?;
    let graph = Graph::new(&metadata);
    let root = metadata
        .packages
        .iter()
        .find(|package| package.name == "carnet-toolkit")
        .ok_or_else(|| Unready::NoCrates("there is no toolkit in it".to_owned()))?;
    let mut chosen = graph.chosen(&root.id, 1);
    graph.add_foundations(&mut chosen);
    let built = Built::read(&toolchain.toolkit_dir);
    let mut crates = Vec::new();
    let places = graph.describe(&chosen, &built, &mut crates);
    let of = |name: &str| {
        let package = metadata
            .packages
            .iter()
            .find(|package| package.name == name);
        package.and_then(|package| places.get(package.id.as_str()))
    };
    let mut names = Vec::new();
    for (name, package) in [("carnet", "carnet"), ("carnet_toolkit", "carnet-toolkit")] {
        names.extend(of(package).map(|at| json!({ "name": name, "crate": at })));
    }
    for folder in groups {
        let metadata = self::metadata(toolchain, folder)?;
        let graph = Graph::new(&metadata);
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let root = format!("carnet_deps_{name}");
        let Some(root) = metadata
            .packages
            .iter()
            .find(|package| package.name.starts_with(&root))
        else {
            continue;
        };
        let built = Built::read(&folder.join("target").join("debug").join("deps"));
        let chosen = graph.chosen(&root.id, 1);
        let places = graph.describe(&chosen, &built, &mut crates);
        for dependency in graph.dependencies(&root.id) {
            let at = places.get(dependency.pkg.as_str());
            let library = graph
                .packages
                .get(dependency.pkg.as_str())
                .and_then(|package| library(package))
                .map(|target| target.name.replace('-', "_"));
            let name = match library {
                Some(library) if dependency.name.starts_with(ASKED) => library,
                _ => dependency.name.clone(),
            };
            names.extend(at.map(|at| json!({ "name": name, "crate": at })));
        }
    }
    Ok((crates, names))
}

fn metadata(toolchain: &Toolchain, folder: &Path) -> Result<Metadata, Unready> {
    let cargo = toolchain.program("cargo");
    let mut command = std::process::Command::new(&cargo);
    command
        .current_dir(folder)
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .env("RUSTC", toolchain.program("rustc"))
        .stderr(std::process::Stdio::piped());
    // Crates of other systems need not be on this one.
    let system = toolchain.library_dir.parent().and_then(Path::file_name);
    if let Some(system) = system.and_then(|system| system.to_str()) {
        command.args(["--filter-platform", system]);
    }
    let told = |what: String| Unready::NoCrates(format!("{}: {what}", folder.display()));
    let output = command.output().map_err(|error| told(error.to_string()))?;
    if !output.status.success() {
        return Err(told(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| told(error.to_string()))
}

impl Package {
    /// Whether two come from one repository, or both from folders of one owner.
    fn is_family_of(&self, other: &Self) -> bool {
        match (&self.source, &other.source) {
            (None, None) => true,
            (Some(_), Some(_)) => self.repository.is_some() && self.repository == other.repository,
            _ => false,
        }
    }
}

/// The packages by their ids.
struct Graph<'a> {
    packages: HashMap<&'a str, &'a Package>,
    nodes: HashMap<&'a str, &'a Node>,
}

impl<'a> Graph<'a> {
    fn new(metadata: &'a Metadata) -> Self {
        let packages = metadata
            .packages
            .iter()
            .map(|package| (package.id.as_str(), package));
        let nodes = metadata
            .resolve
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node));
        Self {
            packages: packages.collect(),
            nodes: nodes.collect(),
        }
    }

    /// What the library of a package is built with. A macro's own dependencies are nobody's concern.
    fn dependencies(&self, id: &str) -> impl Iterator<Item = &'a Dependency> + use<'a> {
        let is_macro = self.packages.get(id).is_some_and(|package| {
            library(package)
                .is_some_and(|target| target.kind.iter().any(|kind| kind == "proc-macro"))
        });
        let node = self.nodes.get(id).copied().filter(|_| !is_macro);
        let all = node.into_iter().flat_map(|node| &node.deps);
        all.filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()))
    }

    /// The packages at most `steps` away from the root; a step within a family is none.
    fn chosen(&self, root: &'a str, steps: usize) -> HashSet<&'a str> {
        let mut chosen: HashMap<&str, usize> = HashMap::from([(root, 0)]);
        let mut waiting = vec![root];
        while let Some(id) = waiting.pop() {
            let distance = chosen.get(id).copied().unwrap_or(steps);
            let package = self.packages.get(id);
            for dependency in self.dependencies(id) {
                let next = dependency.pkg.as_str();
                let family = package.zip(self.packages.get(next));
                let family = family.is_some_and(|(one, other)| one.is_family_of(other));
                let distance = distance + usize::from(!family);
                let known = chosen.get(next).is_some_and(|known| *known <= distance);
                if distance <= steps && !known {
                    chosen.insert(next, distance);
                    waiting.push(next);
                }
            }
        }
        chosen.into_keys().collect()
    }

    /// Adds what many of the chosen depend on.
    fn add_foundations(&self, chosen: &mut HashSet<&'a str>) {
        let mut users: HashMap<&str, usize> = HashMap::new();
        for id in &*chosen {
            for dependency in self.dependencies(id) {
                *users.entry(dependency.pkg.as_str()).or_default() += 1;
            }
        }
        chosen.extend(
            users
                .into_iter()
                .filter(|(_, users)| *users >= MANY)
                .map(|(id, _)| id),
        );
    }

    /// Adds the chosen packages to `crates`; returns where each is.
    fn describe(
        &self,
        chosen: &HashSet<&'a str>,
        built: &Built,
        crates: &mut Vec<Value>,
    ) -> BTreeMap<&'a str, usize> {
        let mut ids: Vec<&str> = chosen
            .iter()
            .copied()
            .filter(|id| {
                self.packages
                    .get(id)
                    .is_some_and(|package| library(package).is_some())
            })
            .collect();
        ids.sort_unstable();
        let places: BTreeMap<&str, usize> = ids
            .iter()
            .enumerate()
            .map(|(index, id)| (*id, crates.len() + index))
            .collect();
        for id in ids {
            let Some((package, target)) = self
                .packages
                .get(id)
                .and_then(|package| Some((package, library(package)?)))
            else {
                continue;
            };
            let features = self.nodes.get(id).map_or(&[][..], |node| &node.features);
            let dependencies: Vec<Value> = self
                .dependencies(id)
                .filter_map(|dependency| {
                    let at = places.get(dependency.pkg.as_str())?;
                    Some(json!({ "name": dependency.name, "crate": at }))
                })
                .collect();
            crates.push(described(package, target, features, dependencies, built));
        }
        places
    }
}

fn described(
    package: &Package,
    target: &Target,
    features: &[String],
    dependencies: Vec<Value>,
    built: &Built,
) -> Value {
    let name = target.name.replace('-', "_");
    let source = target.src_path.parent().unwrap_or(Path::new("/"));
    let script = built.script(&package.name, &target.src_path);
    let mut cfg: Vec<String> = features
        .iter()
        .map(|feature| format!("feature=\"{feature}\""))
        .collect();
    cfg.extend(script.cfg);
    let mut environment = json!({
        "CARGO_PKG_NAME": package.name,
        "CARGO_PKG_VERSION": package.version,
        "CARGO_CRATE_NAME": name,
        "CARGO_MANIFEST_DIR": package.manifest_path.parent(),
    });
    let mut folders = vec![source.to_owned()];
    if let Some(out_dir) = script.out_dir {
        environment["OUT_DIR"] = json!(out_dir);
        folders.push(out_dir);
    }
    let mut described = json!({
        "display_name": name,
        "version": package.version,
        "root_module": target.src_path,
        "edition": package.edition,
        "deps": dependencies,
        "cfg": cfg,
        "env": environment,
        // What is not of the workspace is taken not to change, which keeps answers quick.
        "is_workspace_member": false,
        "source": { "include_dirs": folders, "exclude_dirs": [] },
    });
    if target.kind.iter().any(|kind| kind == "proc-macro") {
        described["is_proc_macro"] = true.into();
        described["proc_macro_dylib_path"] = json!(built.macros(&name));
    }
    described
}

fn library(package: &Package) -> Option<&Target> {
    const KINDS: &[&str] = &["lib", "rlib", "dylib", "cdylib", "proc-macro"];
    let is_library = |target: &&Target| target.kind.iter().any(|kind| KINDS.contains(&&**kind));
    package.targets.iter().find(is_library)
}
