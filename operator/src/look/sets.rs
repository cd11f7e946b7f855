//! What the StatefulSet shows.

use k8s_openapi::api::apps::v1::StatefulSet;
use kube::ResourceExt as _;

use super::claims::is_released;
use crate::{
    ids::{ResourceVersion, Revision, Uid},
    observed::SetSeen,
};

/// The StatefulSet.
pub(super) fn set_seen(set: &StatefulSet, is_outdated: bool) -> SetSeen {
    let status = set.status.as_ref();
    SetSeen {
        uid: Uid(set.uid().unwrap_or_default()),
        version: ResourceVersion(set.resource_version().unwrap_or_default()),
        replicas: pods(set),
        revision: Revision(status.and_then(|status| status.update_revision.clone()).unwrap_or_default()),
        is_observed: is_observed(set.metadata.generation, status.and_then(|status| status.observed_generation)),
        released: is_released(set.annotations()),
        is_outdated,
    }
}

/// Pods that it asks for: one if it does not say.
pub(super) fn pods(set: &StatefulSet) -> u32 {
    let replicas = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    u32::try_from(replicas).unwrap_or_default()
}

/// Whether an object's controller has looked at its present spec.
pub(super) fn is_observed(generation: Option<i64>, observed: Option<i64>) -> bool {
    observed.is_some_and(|observed| generation.is_none_or(|generation| observed >= generation))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn set(generation: i64, status: &Value) -> StatefulSet {
        from_value(json!({
            "metadata": { "name": "demo", "uid": "s1", "resourceVersion": "44", "generation": generation },
            "spec": { "replicas": 3, "serviceName": "demo-headless", "selector": {}, "template": {} },
            "status": status,
        }))
        .expect("a StatefulSet")
    }

    #[test]
    fn the_revision_is_that_of_new_pods() {
        let status = json!({ "replicas": 3, "observedGeneration": 2, "currentRevision": "demo-old", "updateRevision": "demo-new" });
        let seen = set_seen(&set(2, &status), false);
        assert_eq!((seen.uid, seen.version, seen.replicas), (Uid::from("s1"), ResourceVersion::from("44"), 3));
        assert_eq!((seen.revision, seen.is_observed, seen.released), (Revision::from("demo-new"), true, false));
    }

    #[test]
    fn a_spec_that_its_controller_has_not_looked_at_is_not_observed() {
        let status = json!({ "replicas": 3, "observedGeneration": 2, "updateRevision": "demo-new" });
        assert!(!set_seen(&set(3, &status), false).is_observed);
        assert!(!set_seen(&set(1, &json!({ "replicas": 0 })), false).is_observed);
    }

    #[test]
    fn the_mark_that_places_are_released_is_seen() {
        let mut released = set(1, &json!({ "replicas": 3 }));
        released.annotations_mut().insert("silhouette.dev/released".to_owned(), "true".to_owned());
        assert!(set_seen(&released, false).released);
    }

    #[test]
    fn a_set_without_a_size_asks_for_one_pod() {
        let mut set = set(1, &json!({ "replicas": 1 }));
        set.spec.as_mut().expect("a spec").replicas = None;
        assert_eq!(set_seen(&set, true).replicas, 1);
        assert!(set_seen(&set, true).is_outdated);
    }
}
