//! Who has which field: what the operator asks for is put back, and what others add stays.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{ConfigMap, PersistentVolumeClaim, Service, ServiceAccount},
    networking::v1::NetworkPolicy,
};
use kube::{
    Api, ResourceExt as _,
    api::{ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};
use silhouette_operator::{api::SilhouetteCluster, resources::labels};
use silhouette_tests::kubernetes::{Namespace, Operator, until, until_gone, until_some};

/// A resource of one node, with what else the spec says.
pub(crate) fn resource(parts: &Value) -> String {
    let mut spec = json!({
        "replicas": 1,
        "image": { "name": "silhouette-server:0.1.0" },
        "storage": { "size": "1Gi" },
        "tls": { "mode": "Disabled" },
    });
    for (name, part) in parts.as_object().into_iter().flatten() {
        spec[name] = part.clone();
    }
    let resource = json!({
        "apiVersion": "silhouette.dev/v1alpha1",
        "kind": "SilhouetteCluster",
        "metadata": { "name": "demo" },
        "spec": spec,
    });
    resource.to_string()
}

/// The cluster's configurations.
async fn config_maps(namespace: &Namespace) -> Result<Vec<ConfigMap>> {
    let of_cluster = ListParams::default().labels(&format!("{}=demo", labels::CLUSTER));
    Ok(namespace.api::<ConfigMap>().list(&of_cluster).await?.items)
}

/// Edits an object as a person does.
async fn edit<K>(objects: &Api<K>, name: &str, patch: &Value) -> kube::Result<K>
where
    K: Clone + std::fmt::Debug + serde::de::DeserializeOwned,
{
    let person = PatchParams { field_manager: Some("person".to_owned()), ..PatchParams::default() };
    objects.patch(name, &person, &Patch::Merge(patch)).await
}

#[tokio::test]
async fn what_the_operator_asks_for_is_put_back_and_what_others_add_stays() -> Result<()> {
    let namespace = Namespace::new().await?;
    let _operator = Operator::start(&namespace, &[]).await?;
    namespace.apply(&resource(&json!({}))).await?;
    let (sets, services) = (namespace.api::<StatefulSet>(), namespace.api::<Service>());
    until_some(&sets, "demo", "it is made", |_| true).await?;

    // One edit has both: a field of ours, and one of a person's.
    let annotation = json!({ "example.org/note": "kept" });
    let edited = json!({
        "metadata": { "annotations": annotation, "labels": { "app.kubernetes.io/name": "other" } },
        "spec": { "publishNotReadyAddresses": true, "selector": { "app": "other" } },
    });
    edit(&services, "demo", &edited).await?;
    let service = until_some(&services, "demo", "its selector is put back", |service: &Service| {
        let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        selector.and_then(|selector| selector.get(labels::CLUSTER)).is_some_and(|cluster| cluster == "demo")
            && service.labels().get(labels::NAME).is_some_and(|name| name == labels::SILHOUETTE)
    })
    .await?;
    ensure!(service.annotations().get("example.org/note").is_some_and(|note| note == "kept"), "{service:?}");

    // Of the StatefulSet, too, whose template and size are ours.
    let edited = json!({
        "metadata": { "annotations": annotation },
        "spec": { "template": {
            "metadata": { "annotations": { "kubectl.kubernetes.io/restartedAt": "now" } },
            "spec": { "enableServiceLinks": true },
        } },
    });
    edit(&sets, "demo", &edited).await?;
    let set = until_some(&sets, "demo", "its template is put back", |set: &StatefulSet| {
        let pod = set.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
        pod.is_some_and(|pod| pod.enable_service_links == Some(false))
    })
    .await?;
    ensure!(set.annotations().get("example.org/note").is_some_and(|note| note == "kept"), "{set:?}");
    let template = set.spec.context("a spec")?.template.metadata.context("metadata")?;
    let restarted = template.annotations.unwrap_or_default();
    ensure!(restarted.contains_key("kubectl.kubernetes.io/restartedAt"), "kubectl rollout restart would do nothing");
    namespace.passed();
    Ok(())
}

#[tokio::test]
async fn what_is_deleted_by_hand_is_made_again() -> Result<()> {
    let namespace = Namespace::new().await?;
    let _operator = Operator::start(&namespace, &[]).await?;
    namespace.apply(&resource(&json!({}))).await?;
    until_some(&namespace.api::<StatefulSet>(), "demo", "it is made", |_| true).await?;
    let (services, accounts) = (namespace.api::<Service>(), namespace.api::<ServiceAccount>());
    for name in ["demo", "demo-headless", "demo-retrieval"] {
        let before = services.get(name).await?.uid();
        services.delete(name, &kube::api::DeleteParams::default()).await?;
        until_some(&services, name, "it is made again", |service: &Service| service.uid() != before).await?;
    }
    let before = accounts.get("demo-node").await?.uid();
    accounts.delete("demo-node", &kube::api::DeleteParams::default()).await?;
    until_some(&accounts, "demo-node", "it is made again", |account: &ServiceAccount| account.uid() != before).await?;
    namespace.passed();
    Ok(())
}

#[tokio::test]
async fn a_configuration_cannot_be_edited_and_goes_when_no_pod_uses_it() -> Result<()> {
    let namespace = Namespace::new().await?;
    let _operator = Operator::start(&namespace, &[]).await?;
    namespace.apply(&resource(&json!({}))).await?;
    until_some(&namespace.api::<StatefulSet>(), "demo", "it is made", |_| true).await?;
    let [old] = config_maps(&namespace).await?.try_into().ok().context("there is one configuration")?;
    let old = old.name_any();
    let objects = namespace.api::<ConfigMap>();
    let refused = edit(&objects, &old, &json!({ "data": { "silhouette.yaml": "insecure: false\n" } })).await;
    let Err(kube::Error::Api(status)) = refused else { anyhow::bail!("it was edited: {refused:?}") };
    ensure!(status.message.contains("field is immutable when `immutable` is set"), "{}", status.message);

    // Another content is another object. The pod, of which nobody runs anything, is of an older template then and goes.
    namespace.apply(&resource(&json!({ "monitoring": { "logs": { "level": "Debug" } } }))).await?;
    until_gone(&objects, &old).await?;
    let present = config_maps(&namespace).await?;
    ensure!(present.len() == 1, "{present:?}");
    let content = present[0].data.as_ref().and_then(|data| data.get("silhouette.yaml")).context("a file")?;
    ensure!(content.contains("level: debug"), "{content}");
    namespace.passed();
    Ok(())
}

#[tokio::test]
async fn a_network_policy_that_is_not_asked_for_any_more_goes() -> Result<()> {
    let namespace = Namespace::new().await?;
    let _operator = Operator::start(&namespace, &[]).await?;
    namespace.apply(&resource(&json!({}))).await?;
    let policies = namespace.api::<NetworkPolicy>();
    until_some(&policies, "demo", "it is made", |_| true).await?;
    namespace.apply(&resource(&json!({ "networkPolicy": { "mode": "Disabled" } }))).await?;
    until_gone(&policies, "demo").await?;
    namespace.passed();
    Ok(())
}

#[tokio::test]
async fn claims_go_with_the_resource_only_if_it_says_so() -> Result<()> {
    let namespace = Namespace::new().await?;
    let _operator = Operator::start(&namespace, &[]).await?;
    let claims = namespace.api::<PersistentVolumeClaim>();
    let with = |fate: &str| resource(&json!({ "storage": { "size": "1Gi", "onClusterDelete": fate } }));
    namespace.apply(&with("Delete")).await?;
    let resources = namespace.api::<SilhouetteCluster>();
    let uid = resources.get("demo").await?.uid();
    let is_owned =
        |claim: &PersistentVolumeClaim| claim.owner_references().iter().any(|owner| Some(&owner.uid) == uid.as_ref());
    until_some(&claims, "data-demo-0", "it is the resource's", is_owned).await?;
    namespace.apply(&with("Retain")).await?;
    until_some(&claims, "data-demo-0", "it is its own", |claim| !is_owned(claim)).await?;
    namespace.apply(&with("Delete")).await?;
    until_some(&claims, "data-demo-0", "it is the resource's again", is_owned).await?;
    resources.delete("demo", &kube::api::DeleteParams::default()).await?;
    // No kubelet ends the pod, which keeps the claim: that it is going is what there is to see.
    until(&claims, "data-demo-0", "it goes", |claim| {
        claim.is_none_or(|claim| claim.metadata.deletion_timestamp.is_some())
    })
    .await?;
    namespace.passed();
    Ok(())
}
