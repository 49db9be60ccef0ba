//! The deployment view of docs/ARCHITECTURE.md against the files that deploy: what runs, on which port, how often.

use std::collections::BTreeMap;
use std::fs::read_to_string;

use serde_json::Value;

use super::project;

fn documents(yaml: &str) -> Vec<Value> {
    yaml.split("\n---\n")
        .map(|one| serde_saphyr::from_str(one).unwrap())
        .collect()
}

#[test]
fn the_deployment_view_has_every_service_of_compose_with_its_port() {
    let view = read_to_string(project().join("docs/ARCHITECTURE.md")).unwrap();
    let compose = read_to_string(project().join("compose.yaml")).unwrap();
    let services = documents(&compose)[0]["services"].clone();
    let services: BTreeMap<String, Value> = serde_json::from_value(services).unwrap();
    assert!(services.len() >= 3);
    for (name, service) in services {
        let published = service["ports"][0].as_str().unwrap().to_owned();
        let (_, port) = published.rsplit_once(':').unwrap();
        let node = view
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{name}1[")))
            .unwrap_or_else(|| panic!("{name} is not in the view"));
        assert!(node.contains(&format!("port {port}")), "{node}");
        let has_volume = service.get("volumes").is_some();
        assert_eq!(node.contains("volume"), has_volume, "{node}");
    }
}

#[test]
fn the_deployment_view_has_every_workload_of_the_cluster_with_its_replicas() {
    let view = read_to_string(project().join("docs/ARCHITECTURE.md")).unwrap();
    let mut found = 0;
    for entry in std::fs::read_dir(project().join("k8s/base")).unwrap() {
        for resource in documents(&read_to_string(entry.unwrap().path()).unwrap()) {
            let kind = resource["kind"].as_str().unwrap().to_owned();
            if !["Deployment", "StatefulSet"].contains(&kind.as_str()) {
                continue;
            }
            let name = resource["metadata"]["name"].as_str().unwrap().to_owned();
            let replicas = resource["spec"]["replicas"].as_u64().unwrap();
            let wanted = format!("{kind} {name}<br>{replicas} replica");
            assert!(view.contains(&wanted), "{wanted}");
            found += 1;
        }
    }
    assert_eq!(found, 3);
}
