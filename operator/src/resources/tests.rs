//! What a resource asks for, as the API server gets it. The objects are beside, in `snapshots/`.

mod golden;
mod rules;

use serde_json::Value;

use super::Children;
use crate::{api::SilhouetteCluster, observed::Child};

/// A resource that says as little as can be.
const MINIMAL: &str = include_str!("tests/minimal.yaml");

/// A resource that says all that can be said.
const FULL: &str = include_str!("tests/full.yaml");

const CHILDREN: [Child; 6] = [
    Child::ServiceAccount,
    Child::ConfigMap,
    Child::HeadlessService,
    Child::Service,
    Child::RetrievalService,
    Child::NetworkPolicy,
];

fn cluster(text: &str) -> SilhouetteCluster {
    serde_yaml::from_str(text).expect("a resource")
}

fn children(cluster: &SilhouetteCluster) -> Children {
    Children::of(cluster).expect("all objects")
}

fn set(children: &Children, replicas: u32) -> Value {
    children.stateful_set(replicas).expect("a template")
}

/// Every object of a resource, with the name of its snapshot.
fn objects(cluster: &SilhouetteCluster) -> Vec<(&'static str, Value)> {
    let children = children(cluster);
    let few = CHILDREN.into_iter().filter_map(|child| Some((child.as_str(), children.apply(child)?)));
    few.chain([("statefulset", set(&children, 3)), ("poddisruptionbudget", children.budget(2))]).collect()
}
