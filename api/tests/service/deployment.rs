//! The deployment files against their types and against each other: k8s/, compose.yaml and the Dockerfile. No cluster is
//! asked; what is checked is what a cluster would silently drop (a misspelt field) or only show once it runs (a selector
//! that matches nothing, a port nobody listens on, a secret nobody made).

mod cluster;
mod image;

use cluster::{Cluster, files, listens, only, root, text};
use k8s_openapi::api::core::v1::Probe;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

#[test]
fn every_manifest_is_strictly_of_its_type_and_listed_in_the_kustomization() {
    let listed: BTreeSet<String> = files().into_iter().collect();
    let entries = fs::read_dir(root("k8s/base"))
        .expect("k8s/base")
        .map(|entry| {
            entry
                .expect("entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        });
    let present: BTreeSet<String> = entries
        .filter(|name| name != "kustomization.yaml")
        .collect();
    assert_eq!(listed, present);
    let cluster = Cluster::read();
    let names: Vec<_> = cluster
        .workloads
        .iter()
        .map(|workload| workload.name.as_str())
        .collect();
    assert_eq!(names, ["api", "postgres", "mongo"]);
    let kustomization: Value =
        serde_saphyr::from_str(&text("k8s/base/kustomization.yaml")).expect("kustomization");
    assert_eq!(
        kustomization["namespace"].as_str(),
        cluster.namespaces[0].metadata.name.as_deref()
    );
    let keys: Vec<_> = kustomization
        .as_object()
        .expect("a mapping")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, ["apiVersion", "kind", "namespace", "resources"]);
}

#[test]
fn a_misspelt_field_is_found_wherever_it_is_and_so_is_a_wrong_type() {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(&text("k8s/base/api.yaml")).expect("api.yaml");
    let deployment = documents
        .iter()
        .find(|document| document["kind"] == "Deployment")
        .expect("a Deployment");
    let mut misspelt = deployment.clone();
    let container = &mut misspelt["spec"]["template"]["spec"]["containers"][0];
    let probe = container
        .as_object_mut()
        .expect("a container")
        .remove("readinessProbe")
        .expect("a probe");
    container["readynessProbe"] = probe;
    let problem = Cluster::default()
        .add(&misspelt)
        .expect_err("a misspelt field");
    assert_eq!(
        problem,
        "not fields of \"Deployment\": .spec.template.spec.containers[0].readynessProbe"
    );

    let mut wrong = deployment.clone();
    wrong["spec"]["replicas"] = "two".into();
    assert!(
        Cluster::default()
            .add(&wrong)
            .expect_err("a wrong type")
            .contains("two")
    );
    let secret = serde_json::json!({ "apiVersion": "v1", "kind": "Secret" });
    assert!(
        Cluster::default()
            .add(&secret)
            .expect_err("a secret")
            .contains("Secret")
    );
}

#[test]
fn every_selector_matches_the_pods_it_means() {
    let cluster = Cluster::read();
    for workload in &cluster.workloads {
        assert_eq!(
            only(&cluster.selected(&workload.selector), &workload.name).name,
            workload.name
        );
    }
    for service in &cluster.services {
        let (name, spec) = (
            service.metadata.name.clone().expect("a name"),
            service.spec.clone().expect("a spec"),
        );
        let selector = LabelSelector {
            match_labels: spec.selector,
            ..LabelSelector::default()
        };
        assert_eq!(only(&cluster.selected(&selector), &name).name, name);
    }
    for budget in &cluster.budgets {
        only(
            &cluster.selected(
                &budget
                    .spec
                    .clone()
                    .and_then(|spec| spec.selector)
                    .expect("a selector"),
            ),
            "the budget",
        );
    }
    let services: Vec<_> = cluster
        .services
        .iter()
        .filter_map(|service| service.metadata.name.clone())
        .collect();
    assert!(
        cluster
            .service_names
            .iter()
            .all(|name| services.contains(name)),
        "{:?} in {services:?}",
        cluster.service_names
    );
}

#[test]
fn every_port_that_is_named_is_one_the_container_has() {
    let cluster = Cluster::read();
    for service in &cluster.services {
        let spec = service.spec.clone().expect("a spec");
        let workload = only(
            &cluster.selected(&LabelSelector {
                match_labels: spec.selector,
                ..LabelSelector::default()
            }),
            "a service",
        );
        for port in spec.ports.expect("ports") {
            let target = port.target_port.unwrap_or(IntOrString::Int(port.port));
            assert!(
                workload
                    .pod
                    .containers
                    .iter()
                    .any(|container| listens(container, &target)),
                "{}: {target:?}",
                workload.name
            );
        }
    }
    for (workload, container) in cluster.containers() {
        for probe in [
            &container.startup_probe,
            &container.readiness_probe,
            &container.liveness_probe,
        ]
        .into_iter()
        .flatten()
        {
            let port = probed(probe);
            assert!(
                port.is_none_or(|port| listens(container, port)),
                "{}: {port:?}",
                workload.name
            );
        }
    }
    for policy in &cluster.policies {
        let spec = policy.spec.clone().expect("a spec");
        let selected = cluster.selected(&spec.pod_selector.unwrap_or_default());
        assert!(
            !selected.is_empty(),
            "{:?} selects nothing",
            policy.metadata.name
        );
        for port in spec
            .ingress
            .into_iter()
            .flatten()
            .flat_map(|rule| rule.ports.unwrap_or_default())
        {
            let port = port.port.expect("a port");
            assert!(
                selected.iter().any(|workload| workload
                    .pod
                    .containers
                    .iter()
                    .any(|one| listens(one, &port))),
                "{port:?}"
            );
        }
    }
}

fn probed(probe: &Probe) -> Option<&IntOrString> {
    probe
        .http_get
        .as_ref()
        .map(|get| &get.port)
        .or(probe.tcp_socket.as_ref().map(|socket| &socket.port))
}

#[test]
fn every_container_is_probed_limited_and_without_privileges() {
    for (workload, container) in Cluster::read().containers() {
        let name = &workload.name;
        for probe in [
            &container.startup_probe,
            &container.readiness_probe,
            &container.liveness_probe,
        ] {
            let probe = probe
                .as_ref()
                .unwrap_or_else(|| panic!("{name} has startup, readiness and liveness probes"));
            assert!(
                probed(probe).is_some() || probe.exec.is_some(),
                "{name}: a probe that probes nothing"
            );
        }
        let resources = container.resources.clone().expect("resources");
        for what in ["cpu", "memory"] {
            assert!(
                resources
                    .requests
                    .as_ref()
                    .is_some_and(|requests| requests.contains_key(what)),
                "{name} requests {what}"
            );
            assert!(
                resources
                    .limits
                    .as_ref()
                    .is_some_and(|limits| limits.contains_key(what)),
                "{name} limits {what}"
            );
        }
        let pod = workload
            .pod
            .security_context
            .clone()
            .expect("a security context of the pod");
        assert_eq!(pod.run_as_non_root, Some(true), "{name}");
        assert!(pod.run_as_user.is_some_and(|user| user > 0), "{name}");
        assert_eq!(
            pod.seccomp_profile.map(|profile| profile.type_).as_deref(),
            Some("RuntimeDefault"),
            "{name}"
        );
        assert_eq!(
            workload.pod.automount_service_account_token,
            Some(false),
            "{name}"
        );
        let own = container
            .security_context
            .clone()
            .expect("a security context of the container");
        assert_eq!(
            (
                own.allow_privilege_escalation,
                own.read_only_root_filesystem
            ),
            (Some(false), Some(true)),
            "{name}"
        );
        assert_eq!(
            own.capabilities.and_then(|all| all.drop),
            Some(vec!["ALL".to_owned()]),
            "{name}"
        );
    }
}

#[test]
fn every_volume_configuration_and_secret_that_is_named_exists_or_has_its_command() {
    let (cluster, readme) = (Cluster::read(), text("k8s/README.md"));
    let configs: Vec<_> = cluster
        .configs
        .iter()
        .filter_map(|config| config.metadata.name.as_deref())
        .collect();
    for (workload, container) in cluster.containers() {
        let volumes = workload.pod.volumes.clone().unwrap_or_default();
        for mount in container.volume_mounts.iter().flatten() {
            let exists = workload.claims.contains(&mount.name)
                || volumes.iter().any(|volume| volume.name == mount.name);
            assert!(exists, "{} mounts {}", workload.name, mount.name);
        }
        for source in container.env_from.iter().flatten() {
            let config = source
                .config_map_ref
                .as_ref()
                .expect("settings come from a ConfigMap");
            assert!(
                configs.contains(&config.name.as_str()),
                "{} of {configs:?}",
                config.name
            );
        }
        for secret in volumes.iter().filter_map(|volume| volume.secret.as_ref()) {
            let command = format!(
                "create secret generic {} ",
                secret.secret_name.as_deref().expect("a name")
            );
            let line = readme
                .lines()
                .find(|line| line.contains(&command))
                .unwrap_or_else(|| panic!("README.md: {command}"));
            for item in secret.items.as_ref().expect("the keys, by name") {
                assert!(
                    line.contains(&format!("--from-literal={}=", item.key)),
                    "README.md: {}",
                    item.key
                );
                let file = format!("/{}", item.path);
                let used = container
                    .env
                    .iter()
                    .flatten()
                    .any(|env| env.value.as_ref().is_some_and(|path| path.ends_with(&file)));
                assert!(used, "{} reads {}", workload.name, item.key);
            }
        }
        let from_secrets = container
            .env
            .iter()
            .flatten()
            .filter(|env| env.name.contains("PASSWORD"));
        assert!(
            from_secrets
                .into_iter()
                .all(|env| env.name.ends_with("_FILE")),
            "{}: a password in the manifest",
            workload.name
        );
    }
}
