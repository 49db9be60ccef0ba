//! The image: what compose, the cluster, the Dockerfile and the service itself say about it has to agree.

use super::cluster::{Cluster, listens, text};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn images_are_pinned_and_the_same_in_the_cluster_and_in_compose() {
    let compose: Value = serde_saphyr::from_str(&text("compose.yaml")).expect("compose.yaml");
    let services = compose["services"].as_object().expect("services");
    let in_compose: BTreeMap<_, _> = services
        .iter()
        .map(|(name, service)| {
            (
                name.clone(),
                service["image"].as_str().expect("an image").to_owned(),
            )
        })
        .collect();
    let in_cluster: BTreeMap<_, _> = Cluster::read()
        .containers()
        .map(|(_, container)| {
            (
                container.name.clone(),
                container.image.clone().expect("an image"),
            )
        })
        .collect();
    assert_eq!(in_compose, in_cluster);
    assert_eq!(
        in_cluster["api"],
        concat!("carnet-api:", env!("CARGO_PKG_VERSION"))
    );
    for image in in_cluster.values() {
        let tag = image.split_once(':').expect("a tag").1;
        assert!(
            tag.matches('.').count() >= 1 && tag.starts_with(|first: char| first.is_ascii_digit()),
            "{image} is not pinned"
        );
    }
    for (name, service) in services {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"][0], "ALL", "{name}");
    }
    let toolchain = text("rust-toolchain.toml");
    let version = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = "))
        .expect("a channel")
        .trim_matches('"');
    assert!(
        text("Dockerfile").contains(&format!("FROM rust:{version}-bookworm AS build")),
        "the image is built with Rust {version}"
    );
    assert!(
        text("scripts/container-check").contains(&in_cluster["api"]),
        "the check builds the image that is deployed"
    );
}

#[test]
fn the_image_is_built_from_every_member_of_the_workspace() {
    let (manifest, dockerfile) = (text("Cargo.toml"), text("Dockerfile"));
    let members = manifest
        .lines()
        .find_map(|line| line.strip_prefix("members = ["))
        .expect("members")
        .trim_end_matches(']');
    let members: Vec<_> = members
        .split(", ")
        .map(|member| member.trim_matches('"'))
        .filter(|member| *member != ".")
        .collect();
    assert!(members.contains(&"api"), "{members:?}");
    for member in &members {
        assert!(
            dockerfile.contains(&format!("\nCOPY {member}/Cargo.toml {member}/\n")),
            "the Dockerfile copies {member}/Cargo.toml"
        );
        let kept = format!("!{member}");
        assert!(
            text(".dockerignore")
                .lines()
                .any(|line| line == kept || line == format!("{kept}/Cargo.toml")),
            ".dockerignore: {kept}"
        );
    }
    assert!(
        dockerfile.contains(&format!("for member in . {}; do", members.join(" "))),
        "{members:?}"
    );
}

#[test]
fn the_settings_in_the_manifests_are_settings_of_the_service() {
    let command = <carnet_api::Settings as clap::CommandFactory>::command();
    let known: BTreeSet<_> = command
        .get_arguments()
        .filter_map(|argument| argument.get_env()?.to_str())
        .collect();
    let cluster = Cluster::read();
    let settings = cluster.configs[0].data.as_ref().expect("data");
    for name in settings.keys() {
        assert!(known.contains(name.as_str()), "{name} of {known:?}");
    }
    let compose: Value = serde_saphyr::from_str(&text("compose.yaml")).expect("compose.yaml");
    let in_compose = compose["services"]["api"]["environment"]
        .as_object()
        .expect("environment");
    for (name, value) in in_compose {
        assert_eq!(
            value.as_str(),
            settings.get(name).map(String::as_str),
            "{name}"
        );
    }
    let port = settings["CARNET_LISTEN"]
        .rsplit_once(':')
        .expect("a port")
        .1
        .parse()
        .expect("a number");
    let (_, container) = cluster
        .containers()
        .find(|(workload, _)| workload.name == "api")
        .expect("the service");
    assert!(listens(container, &IntOrString::Int(port)));
    let dockerfile = text("Dockerfile");
    for name in ["CARNET_LISTEN", "CARNET_MODEL"] {
        assert!(
            dockerfile.contains(&format!("{name}={}", settings[name])),
            "{name} is the same in the image"
        );
    }
    assert!(dockerfile.contains(&format!("EXPOSE {port}")));
}
