//! The manifests in k8s/base, decoded so strictly that a field nobody knows is an error.

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{
    ConfigMap, Container, Namespace, PodSpec, PodTemplateSpec, Service,
};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;
use std::{fs, path::PathBuf};

pub(super) fn root(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}

pub(super) fn text(path: &str) -> String {
    fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Pods that the manifests make: who makes them, whom it thinks it selects, and what they are.
pub(super) struct Workload {
    pub(super) name: String,
    pub(super) selector: LabelSelector,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) pod: PodSpec,
    pub(super) claims: Vec<String>,
}

/// Everything in k8s/base, decoded.
#[derive(Default)]
pub(super) struct Cluster {
    pub(super) namespaces: Vec<Namespace>,
    pub(super) configs: Vec<ConfigMap>,
    pub(super) services: Vec<Service>,
    pub(super) budgets: Vec<PodDisruptionBudget>,
    pub(super) policies: Vec<NetworkPolicy>,
    pub(super) workloads: Vec<Workload>,
    pub(super) service_names: Vec<String>,
}

impl Cluster {
    pub(super) fn read() -> Cluster {
        let mut cluster = Cluster::default();
        for file in files() {
            let path = format!("k8s/base/{file}");
            for document in serde_saphyr::from_multiple::<Value>(&text(&path)).expect(&path) {
                cluster
                    .add(&document)
                    .unwrap_or_else(|problem| panic!("{path}: {problem}"));
            }
        }
        cluster
    }

    pub(super) fn add(&mut self, document: &Value) -> Result<(), String> {
        match (document["apiVersion"].as_str(), document["kind"].as_str()) {
            (Some("v1"), Some("Namespace")) => self.namespaces.push(strict(document)?),
            (Some("v1"), Some("ConfigMap")) => self.configs.push(strict(document)?),
            (Some("v1"), Some("Service")) => self.services.push(strict(document)?),
            (Some("policy/v1"), Some("PodDisruptionBudget")) => {
                self.budgets.push(strict(document)?)
            }
            (Some("networking.k8s.io/v1"), Some("NetworkPolicy")) => {
                self.policies.push(strict(document)?)
            }
            (Some("apps/v1"), Some("Deployment")) => {
                let deployment: Deployment = strict(document)?;
                let spec = deployment.spec;
                self.push(
                    deployment.metadata.name,
                    spec.selector,
                    spec.template,
                    Vec::new(),
                )?;
            }
            (Some("apps/v1"), Some("StatefulSet")) => {
                let set: StatefulSet = strict(document)?;
                let spec = set.spec;
                self.service_names.extend(spec.service_name);
                let claims = spec
                    .volume_claim_templates
                    .into_iter()
                    .flatten()
                    .filter_map(|claim| claim.metadata.name);
                self.push(
                    set.metadata.name,
                    spec.selector,
                    spec.template,
                    claims.collect(),
                )?;
            }
            // A Secret too: none may be committed.
            (version, kind) => return Err(format!("no {kind:?} of {version:?} is expected here")),
        }
        Ok(())
    }

    fn push(
        &mut self,
        name: Option<String>,
        selector: LabelSelector,
        pods: PodTemplateSpec,
        claims: Vec<String>,
    ) -> Result<(), String> {
        let labels = pods
            .metadata
            .and_then(|metadata| metadata.labels)
            .unwrap_or_default();
        let (name, pod) = (
            name.ok_or("no name")?,
            pods.spec.ok_or("pods without spec")?,
        );
        self.workloads.push(Workload {
            name,
            selector,
            labels,
            pod,
            claims,
        });
        Ok(())
    }

    pub(super) fn containers(&self) -> impl Iterator<Item = (&Workload, &Container)> {
        self.workloads.iter().flat_map(|workload| {
            workload
                .pod
                .containers
                .iter()
                .map(move |container| (workload, container))
        })
    }

    pub(super) fn selected(&self, selector: &LabelSelector) -> Vec<&Workload> {
        self.workloads
            .iter()
            .filter(|workload| matches(selector, &workload.labels))
            .collect()
    }
}

/// The manifests that the kustomization lists.
pub(super) fn files() -> Vec<String> {
    let kustomization: Value =
        serde_saphyr::from_str(&text("k8s/base/kustomization.yaml")).expect("kustomization");
    serde_json::from_value(kustomization["resources"].clone()).expect("resources")
}

/// Decodes a manifest and writes it back: what does not come back was not understood, and a cluster would drop or refuse it.
fn strict<T: Serialize + DeserializeOwned>(document: &Value) -> Result<T, String> {
    let typed: T = serde_json::from_value(document.clone()).map_err(|error| error.to_string())?;
    let mut lost = Vec::new();
    compare(
        document,
        &serde_json::to_value(&typed).map_err(|error| error.to_string())?,
        "",
        &mut lost,
    );
    if lost.is_empty() {
        Ok(typed)
    } else {
        Err(format!(
            "not fields of {}: {}",
            document["kind"],
            lost.join(", ")
        ))
    }
}

fn compare(written: &Value, understood: &Value, path: &str, lost: &mut Vec<String>) {
    match (written, understood) {
        (Value::Object(written), Value::Object(understood)) => {
            for (key, value) in written {
                let path = format!("{path}.{key}");
                match understood.get(key) {
                    Some(other) => compare(value, other, &path, lost),
                    None => lost.push(path),
                }
            }
        }
        (Value::Array(written), Value::Array(understood)) if written.len() == understood.len() => {
            for (index, (value, other)) in written.iter().zip(understood).enumerate() {
                compare(value, other, &format!("{path}[{index}]"), lost);
            }
        }
        _ if written == understood => {}
        _ => lost.push(path.to_owned()),
    }
}

fn matches(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let by_label = selector
        .match_labels
        .iter()
        .flatten()
        .all(|(key, value)| labels.get(key) == Some(value));
    let by_expression = selector.match_expressions.iter().flatten().all(|wanted| {
        assert_eq!(wanted.operator, "In", "the only operator this test knows");
        labels
            .get(&wanted.key)
            .is_some_and(|value| wanted.values.iter().flatten().any(|one| one == value))
    });
    by_label && by_expression
}

/// Whether the container has this port, by its name or its number.
pub(super) fn listens(container: &Container, wanted: &IntOrString) -> bool {
    container.ports.iter().flatten().any(|port| match wanted {
        IntOrString::Int(number) => port.container_port == *number,
        IntOrString::String(name) => port.name.as_ref() == Some(name),
    })
}

pub(super) fn only<'a>(found: &[&'a Workload], who: &str) -> &'a Workload {
    assert_eq!(
        found.len(),
        1,
        "{who} selects {:?}",
        found
            .iter()
            .map(|workload| &workload.name)
            .collect::<Vec<_>>()
    );
    found[0]
}
