//! The pods and their claims.

use k8s_openapi::{
    api::{
        apps::v1::{
            StatefulSet, StatefulSetPersistentVolumeClaimRetentionPolicy, StatefulSetSpec, StatefulSetUpdateStrategy,
        },
        core::v1::{PersistentVolumeClaim, PersistentVolumeClaimSpec, PodTemplateSpec, VolumeResourceRequirements},
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta},
};

use super::{DATA_VOLUME, Subject, labels, names};

/// Templates that are remembered. What is older than all pods is of no use but to read.
const REMEMBERED_TEMPLATES: i32 = 10;

/// The StatefulSet, without its size and the pods' template.
///
/// Its controller makes pods and claims, and nothing else: pods start together (`Parallel`), since none becomes Ready before
/// others are there; none is replaced because of a new template (`OnDelete`), since the operator evicts them one by one,
/// the leader last; and no claim is deleted (`Retain`), since the operator alone knows which are nobody's.
pub(super) fn stateful_set(subject: Subject<'_>) -> StatefulSet {
    let retain = || Some("Retain".to_owned());
    let spec = StatefulSetSpec {
        service_name: Some(names::headless_service(subject.name)),
        selector: subject.selector(),
        pod_management_policy: Some("Parallel".to_owned()),
        update_strategy: Some(StatefulSetUpdateStrategy {
            type_: Some("OnDelete".to_owned()),
            ..StatefulSetUpdateStrategy::default()
        }),
        persistent_volume_claim_retention_policy: Some(StatefulSetPersistentVolumeClaimRetentionPolicy {
            when_deleted: retain(),
            when_scaled: retain(),
        }),
        revision_history_limit: Some(REMEMBERED_TEMPLATES),
        volume_claim_templates: Some(vec![claim(subject)]),
        template: PodTemplateSpec::default(),
        ..StatefulSetSpec::default()
    };
    StatefulSet { metadata: subject.metadata(names::main(subject.name)), spec: Some(spec), status: None }
}

/// What claims are made from. The API server never lets it be changed: so it says only what never changes.
fn claim(subject: Subject<'_>) -> PersistentVolumeClaim {
    let storage = &subject.spec.storage;
    let size = [("storage".to_owned(), Quantity(storage.size.0.clone()))];
    PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some(DATA_VOLUME.to_owned()),
            labels: Some(labels::lasting(subject.name)),
            ..ObjectMeta::default()
        },
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            resources: Some(VolumeResourceRequirements { requests: Some(size.into()), limits: None }),
            storage_class_name: storage.storage_class_name.clone(),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: None,
    }
}
