//! Resources to try on the API server.

use anyhow::{Context as _, Result, bail, ensure};
use kube::{
    Api,
    api::{ApiResource, DynamicObject, PostParams, Request},
    core::GroupVersionKind,
};
use serde_json::{Value, json};
use silhouette_tests::kubernetes::Namespace;

/// What becomes of fields that do not exist.
#[derive(Debug, Clone, Copy)]
pub(super) enum FieldValidation {
    /// They are refused, as `kubectl` asks for.
    Strict,
    /// They are dropped.
    Ignore,
}

/// Whether an object is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// It is.
    Yes,
    /// The API server only says whether it would.
    No,
}

/// The smallest resource that is accepted.
pub(super) fn smallest() -> Value {
    json!({
        "apiVersion": "silhouette.dev/v1alpha1",
        "kind": "SilhouetteCluster",
        "metadata": { "name": "demo" },
        "spec": {
            "image": { "name": "registry.example/silhouette-server:0.1.0" },
            "storage": { "size": "1Gi" },
            "tls": { "mode": "Disabled" },
        },
    })
}

/// The smallest resource with these changes (RFC 7396: an object is merged, null takes away).
pub(super) fn resource(changes: &Value) -> Value {
    let mut resource = smallest();
    merge(&mut resource, changes);
    resource
}

/// The smallest resource with these changes of its spec.
pub(super) fn with_spec(changes: &Value) -> Value {
    resource(&json!({ "spec": changes }))
}

fn merge(target: &mut Value, changes: &Value) {
    let (Value::Object(target), Value::Object(changes)) = (&mut *target, changes) else {
        *target = changes.clone();
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), change);
        }
    }
}

/// All resources of a namespace, whatever is in them.
pub(super) fn resources(namespace: &Namespace) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("silhouette.dev", "v1alpha1", "SilhouetteCluster");
    Api::namespaced_with(namespace.client().clone(), namespace.name(), &ApiResource::from_gvk(&kind))
}

/// Creates a resource.
pub(super) async fn create(
    namespace: &Namespace,
    resource: &Value,
    validation: FieldValidation,
    keep: Keep,
) -> Result<Result<DynamicObject, kube::Error>> {
    let parameters = PostParams { dry_run: keep == Keep::No, ..PostParams::default() };
    let path = resources(namespace).resource_url().to_owned();
    let mut request = Request::new(path).create(&parameters, serde_json::to_vec(resource)?)?;
    let uri = request.uri().to_string();
    let separator = if uri.ends_with('?') { "" } else { "&" };
    *request.uri_mut() = format!("{uri}{separator}fieldValidation={validation:?}").parse()?;
    Ok(namespace.client().request(request).await)
}

/// Creates a resource that is to stay.
pub(super) async fn keep(namespace: &Namespace, resource: &Value) -> Result<DynamicObject> {
    Ok(create(namespace, resource, FieldValidation::Strict, Keep::Yes).await??)
}

/// Checks that the API server would take a resource.
pub(super) async fn expect_accepted(namespace: &Namespace, what: &str, resource: &Value) -> Result<()> {
    let answer = create(namespace, resource, FieldValidation::Strict, Keep::No).await?;
    answer.map(drop).with_context(|| format!("{what} must be accepted"))
}

/// Checks that an answer is a refusal, and says this of this field.
pub(super) fn expect_refused<T>(what: &str, answer: Result<T, kube::Error>, field: &str, sentence: &str) -> Result<()> {
    let status = match answer {
        Err(kube::Error::Api(status)) => status,
        Err(error) => return Err(error).with_context(|| format!("{what}: the API server could not be asked")),
        Ok(_) => bail!("{what} must be refused"),
    };
    ensure!([400, 422].contains(&status.code), "{what} is refused with {status:?}");
    let message = &status.message;
    ensure!(message.contains(field), "{what}: the refusal does not name {field}: {message}");
    ensure!(message.contains(sentence), "{what}: the refusal does not say {sentence:?}: {message}");
    Ok(())
}

/// Fails with all failures, so that one does not hide the others.
pub(super) fn all(outcomes: impl IntoIterator<Item = Result<()>>) -> Result<()> {
    let failures = outcomes.into_iter().filter_map(Result::err).map(|failure| format!("{failure:#}"));
    let failures: Vec<String> = failures.collect();
    ensure!(failures.is_empty(), "{} of the cases failed:\n{}", failures.len(), failures.join("\n"));
    Ok(())
}
