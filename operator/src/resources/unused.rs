//! Which of the nodes' configurations may go.
//!
//! A configuration is named by its content, so a new one is a new object. The old one stays until no pod needs it: a pod
//! that is started again on its Kubernetes node reads it again.

use std::collections::BTreeSet;

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, Pod, PodSpec},
};

/// The configurations among `present` that no pod uses, and none will.
///
/// None while the StatefulSet is missing, asks for another configuration than `wanted`, or has not been looked at by its
/// controller: until then pods are made that use an older one. Of what is not controlled by `owner` (a uid) nothing is
/// unused.
///
/// Pods may be made from an older template right after the look, if somebody changes it back. They wait for their
/// configuration then, which the next pass finds missing and makes again: its content follows from the resource.
pub fn unused_config_maps<'a>(
    present: impl IntoIterator<Item = &'a ConfigMap>,
    (wanted, owner): (&str, &str),
    set: Option<&StatefulSet>,
    pods: impl IntoIterator<Item = &'a Pod>,
) -> Vec<&'a ConfigMap> {
    if !set.is_some_and(|set| is_settled(set, wanted)) {
        return Vec::new();
    }
    let used: BTreeSet<&str> = pods.into_iter().filter_map(|pod| pod.spec.as_ref()).flat_map(config_maps).collect();
    let is_unused = |map: &&ConfigMap| {
        let name = map.metadata.name.as_deref();
        let is_ours = map.metadata.owner_references.iter().flatten().any(|reference| reference.uid == owner);
        let is_going = map.metadata.deletion_timestamp.is_some();
        is_ours && !is_going && name.is_some_and(|name| name != wanted && !used.contains(name))
    };
    present.into_iter().filter(is_unused).collect()
}

/// Whether all pods that are made from now on use this configuration.
fn is_settled(set: &StatefulSet, wanted: &str) -> bool {
    let template = set.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let observed = set.status.as_ref().and_then(|status| status.observed_generation);
    observed.is_some()
        && observed == set.metadata.generation
        && template.is_some_and(|template| config_maps(template).any(|name| name == wanted))
}

/// The names of the configurations that a pod mounts.
fn config_maps(pod: &PodSpec) -> impl Iterator<Item = &str> {
    let volumes = pod.volumes.iter().flatten();
    volumes.filter_map(|volume| volume.config_map.as_ref()).map(|config_map| config_map.name.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn config_map(name: &str, owner: &str) -> ConfigMap {
        let reference = json!({ "apiVersion": "v1", "kind": "X", "name": "demo", "uid": owner });
        from_value(json!({ "metadata": { "name": name, "ownerReferences": [reference] } })).expect("a ConfigMap")
    }

    fn uses(name: &str) -> Value {
        json!({ "containers": [], "volumes": [{ "name": "config", "configMap": { "name": name } }] })
    }

    fn pod(name: &str) -> Pod {
        from_value(json!({ "spec": uses(name) })).expect("a pod")
    }

    fn set(name: &str, generation: i64, observed: &Value) -> StatefulSet {
        from_value(json!({
            "metadata": { "generation": generation },
            "spec": { "serviceName": "x", "selector": {}, "template": { "spec": uses(name) } },
            "status": { "replicas": 1, "observedGeneration": observed },
        }))
        .expect("a StatefulSet")
    }

    fn unused(maps: &[ConfigMap], set: Option<&StatefulSet>, pods: &[Pod]) -> Vec<String> {
        let unused = unused_config_maps(maps, ("new", "me"), set, pods);
        unused.into_iter().filter_map(|map| map.metadata.name.clone()).collect()
    }

    #[test]
    fn a_configuration_stays_until_no_pod_uses_it() {
        let maps = ["new", "old", "older"].map(|name| config_map(name, "me"));
        let settled = set("new", 2, &json!(2));
        assert_eq!(unused(&maps, Some(&settled), &[pod("new"), pod("old")]), ["older"]);
        assert_eq!(unused(&maps, Some(&settled), &[pod("new")]), ["old", "older"]);
        assert_eq!(unused(&maps, Some(&settled), &[]), ["old", "older"], "the present one stays without pods");
    }

    #[test]
    fn nothing_is_unused_while_pods_of_an_older_template_may_be_made() {
        let maps = ["new", "old"].map(|name| config_map(name, "me"));
        assert!(unused(&maps, None, &[]).is_empty());
        assert!(unused(&maps, Some(&set("old", 1, &json!(1))), &[]).is_empty(), "the template names the old one");
        assert!(unused(&maps, Some(&set("new", 2, &json!(1))), &[]).is_empty(), "its controller has not looked");
        assert!(unused(&maps, Some(&set("new", 2, &Value::Null)), &[]).is_empty(), "it never has");
    }

    #[test]
    fn what_others_made_or_delete_is_left_alone() {
        let mut going = config_map("going", "me");
        let now = "2026-11-25T00:00:00Z";
        going.metadata.deletion_timestamp = Some(from_value(json!(now)).expect("a time"));
        let maps = [going, config_map("another's", "other")];
        assert!(unused(&maps, Some(&set("new", 1, &json!(1))), &[]).is_empty());
    }
}
