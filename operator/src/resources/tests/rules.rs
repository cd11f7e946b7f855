//! What holds for the objects of every resource.

use serde_json::{Value, json};

use super::{CHILDREN, FULL, MINIMAL, children, cluster, objects, set};
use crate::{
    api::{ByteQuantity, NetworkPolicyMode},
    ids::Ordinal,
    observed::Child,
    resources::{Children, ResourcesError, names},
};

/// The longest name of a label's value and of a Service.
const LONGEST: usize = 63;

#[test]
fn the_longest_name_of_a_resource_leaves_room_for_all_others() {
    let name = "a".repeat(40);
    let mut cluster = cluster(FULL);
    cluster.metadata.name = Some(name.clone());
    for (kind, object) in objects(&cluster) {
        let name = object["metadata"]["name"].as_str().expect("each has a name");
        assert!(name.len() <= LONGEST, "{kind} {name} has {} characters", name.len());
    }
    let claim = names::claim(&name, Ordinal(4));
    assert!(claim.len() <= LONGEST, "{claim}");
    // The StatefulSet's controller writes a label of its name and a hash of ten characters.
    let revision = format!("{name}-0123456789");
    assert!(revision.len() <= LONGEST, "{revision}");
}

#[test]
fn only_the_clusters_label_selects() {
    let alone = json!({ "silhouette.dev/cluster": "demo" });
    for text in [MINIMAL, FULL] {
        for (kind, object) in objects(&cluster(text)) {
            let spec = &object["spec"];
            match kind {
                "headless-service" | "service" | "retrieval-service" => assert_eq!(spec["selector"], alone, "{kind}"),
                "networkpolicy" => assert_eq!(spec["podSelector"], json!({ "matchLabels": alone })),
                "statefulset" | "poddisruptionbudget" => {
                    assert_eq!(spec["selector"], json!({ "matchLabels": alone }), "{kind}");
                }
                "serviceaccount" | "configmap" => {}
                _ => panic!("{kind} is new: what does it select?"),
            }
        }
    }
}

#[test]
fn no_object_names_an_instance_by_which_tools_would_delete_it() {
    for (kind, object) in objects(&cluster(FULL)) {
        assert!(!object.to_string().contains("app.kubernetes.io/instance"), "{kind}");
    }
}

#[test]
fn every_object_goes_with_its_resource() {
    for (kind, object) in objects(&cluster(FULL)) {
        let owners = object["metadata"]["ownerReferences"].as_array().expect("it has owners");
        assert_eq!(owners.len(), 1, "{kind}");
        assert_eq!(owners[0]["uid"], "5b1f1a34-6a0e-4d1c-9a55-0a4a3f1d7f10", "{kind}");
        assert_eq!(owners[0]["controller"], true, "{kind}");
    }
}

#[test]
fn the_same_resource_asks_for_the_same_objects() {
    for text in [MINIMAL, FULL] {
        assert_eq!(objects(&cluster(text)), objects(&cluster(text)));
    }
}

#[test]
fn claims_are_made_from_what_never_changes() {
    let claims = |cluster: &_| set(&children(cluster), 3)["spec"]["volumeClaimTemplates"].clone();
    let before = cluster(FULL);
    let mut after = before.clone();
    after.spec.image.name = "registry.example/silhouette-server:0.2.0".to_owned();
    after.spec.resources.memory = ByteQuantity::from("16Gi");
    after.spec.pod_template.0.clear();
    assert_ne!(objects(&before), objects(&after), "all else may");
    assert_eq!(claims(&before), claims(&after));
}

#[test]
fn another_configuration_is_another_object_and_another_template() {
    let before = cluster(MINIMAL);
    let mut after = before.clone();
    after.spec.rounds.max_bytes = Some(ByteQuantity::from("1Gi"));
    let (before, after) = (children(&before), children(&after));
    assert_ne!(before.name(Child::ConfigMap), after.name(Child::ConfigMap));
    for children in [before, after] {
        let name = json!(children.name(Child::ConfigMap));
        let set = set(&children, 3);
        assert_eq!(set["spec"]["template"]["spec"]["volumes"][0]["configMap"]["name"], name);
        assert_eq!(children.apply(Child::ConfigMap).expect("there is one")["metadata"]["name"], name);
    }
}

#[test]
fn another_image_is_no_other_configuration() {
    let before = cluster(MINIMAL);
    let mut after = before.clone();
    after.spec.image.name = "registry.example/silhouette-server:0.2.0".to_owned();
    assert_eq!(children(&before).name(Child::ConfigMap), children(&after).name(Child::ConfigMap));
}

#[test]
fn people_may_keep_their_own_network_policy() {
    let mut cluster = cluster(MINIMAL);
    cluster.spec.network_policy.mode = NetworkPolicyMode::Disabled;
    let children = children(&cluster);
    let present: Vec<_> = CHILDREN.into_iter().filter(|child| children.apply(*child).is_some()).collect();
    assert_eq!(present, &CHILDREN[..CHILDREN.len() - 1]);
}

#[test]
fn children_know_their_names() {
    let children = children(&cluster(FULL));
    for child in CHILDREN {
        let object = children.apply(child).expect("it is asked for");
        assert_eq!(object["metadata"]["name"], children.name(child), "{child:?}");
    }
}

#[test]
fn an_object_that_only_has_the_name_of_a_child_is_somebody_elses() {
    let children = children(&cluster(MINIMAL));
    let may_write = |metadata: Value| children.may_write(&serde_json::from_value(metadata).expect("metadata"));
    let owned_by =
        |uid: &str| json!([{ "apiVersion": "silhouette.dev/v1alpha1", "kind": "X", "name": "demo", "uid": uid }]);
    assert!(!may_write(json!({ "name": "demo" })));
    assert!(!may_write(
        json!({ "labels": { "silhouette.dev/cluster": "another" }, "ownerReferences": owned_by("another") })
    ));
    // The resource was made again, and its objects were kept.
    assert!(may_write(json!({ "labels": { "silhouette.dev/cluster": "demo" } })));
    // Somebody took the label away.
    assert!(may_write(json!({ "ownerReferences": owned_by("5b1f1a34-6a0e-4d1c-9a55-0a4a3f1d7f10") })));
}

#[test]
fn a_policy_that_is_not_wanted_is_seen_only_if_it_may_be_taken_away() {
    let mut resource = cluster(MINIMAL);
    let labelled = serde_json::from_value(json!({ "labels": { "silhouette.dev/cluster": "demo" } })).expect("metadata");
    assert!(children(&resource).is_child(Child::NetworkPolicy, &labelled), "it is wanted, and this one is mended");
    resource.spec.network_policy.mode = NetworkPolicyMode::Disabled;
    let children = children(&resource);
    assert!(!children.is_child(Child::NetworkPolicy, &labelled) && !children.may_delete(&labelled));
    let uid = "5b1f1a34-6a0e-4d1c-9a55-0a4a3f1d7f10";
    let owner = json!([{ "apiVersion": "silhouette.dev/v1alpha1", "kind": "X", "name": "demo", "uid": uid }]);
    let owned = serde_json::from_value(json!({ "ownerReferences": owner })).expect("metadata");
    assert!(children.is_child(Child::NetworkPolicy, &owned) && children.may_delete(&owned));
}

#[test]
fn steps_decide_sizes_and_nothing_else() {
    let children = children(&cluster(MINIMAL));
    let without = |mut object: Value, size: &str| {
        assert!(object["spec"].as_object_mut().expect("a spec").remove(size).is_some());
        object
    };
    assert_eq!(without(set(&children, 1), "replicas"), without(set(&children, 5), "replicas"));
    assert_eq!(without(children.budget(2), "minAvailable"), without(children.budget(4), "minAvailable"));
}

#[test]
fn a_pod_template_of_which_no_pod_can_be_made_is_refused_and_nothing_else() {
    let refusal = |template: Value| {
        let mut cluster = cluster(MINIMAL);
        cluster.spec.pod_template.0 = template.as_object().expect("an object").clone();
        let children = children(&cluster);
        assert!(CHILDREN.into_iter().all(|child| children.apply(child).is_some()), "all else goes on");
        match children.stateful_set(3) {
            Err(ResourcesError::PodTemplate(error)) => error.to_string(),
            other => panic!("{template}: {other:?}"),
        }
    };
    assert_eq!(
        refusal(json!({ "kind": "Pod", "spec": {} })),
        "`podTemplate.kind` is no part of a pod's template: those are `metadata` and `spec`"
    );
    assert_eq!(
        refusal(json!({ "spec": { "containers": [{ "image": "x" }] } })),
        "`podTemplate.spec.containers[0]` has no `name`, by which it would be merged"
    );
    assert_eq!(
        refusal(json!({ "spec": { "terminationGracePeriodSeconds": 0 } })),
        "`podTemplate.spec.terminationGracePeriodSeconds` cannot be so: a node needs at least 30 s \
         to hand over leadership and to finish calls"
    );
}

#[test]
fn a_resource_that_was_only_written_down_has_no_objects() {
    let mut cluster = cluster(MINIMAL);
    cluster.metadata.uid = None;
    let error = Children::of(&cluster).expect_err("nothing could go with it");
    assert_eq!(error.to_string(), "the resource has no uid: it was not read from an API server");
}
