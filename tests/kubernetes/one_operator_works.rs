//! Of several operators one works: the holder of the Lease. The others stand by, and who loses it ends.

use anyhow::{Context as _, Result, ensure};
use k8s_openapi::api::{apps::v1::StatefulSet, coordination::v1::Lease};
use kube::api::{Patch, PatchParams};
use serde_json::json;
use silhouette_tests::{
    harness::waiting::within,
    kubernetes::{Namespace, Operator, PATIENCE, until_some},
};

/// The Lease's name, if no flag says another.
const LEASE: &str = "silhouette-operator";

/// Who holds the Lease, if somebody does.
fn holder(lease: &Lease) -> Option<&str> {
    lease.spec.as_ref()?.holder_identity.as_deref().filter(|holder| !holder.is_empty())
}

async fn leads(operator: &Operator) -> Result<bool> {
    Ok(operator.metric("silhouette_operator_is_leader", &[]).await? > 0.0)
}

/// Waits until this one works.
async fn begins(operator: &Operator, which: &str) -> Result<()> {
    within(PATIENCE, &format!("the {which} operator works"), async || {
        ensure!(leads(operator).await?, "it does not");
        Ok(())
    })
    .await
    .with_context(|| operator.log())
}

#[tokio::test]
async fn one_works_at_a_time_and_the_next_begins_when_it_stops_or_is_silent() -> Result<()> {
    let namespace = Namespace::new().await?;
    let leases = namespace.api::<Lease>();
    let mut first = Operator::start(&namespace, &[]).await?;
    begins(&first, "first").await?;
    let second = Operator::start(&namespace, &[]).await?;
    ensure!(!leads(&second).await?, "two operators work");

    // Who is asked to stop gives the Lease back: nobody has to wait until it runs out.
    first.process().terminate()?;
    let status = first.process().ended(PATIENCE).await?;
    ensure!(status.success(), "{status}: {}", first.log());
    ensure!(first.log().contains("stopped as asked"), "{}", first.log());
    begins(&second, "second").await?;
    let taken = leases.get(LEASE).await?;
    let (transitions, second_holder) =
        (taken.spec.as_ref().and_then(|spec| spec.lease_transitions), holder(&taken).map(str::to_owned));
    ensure!(transitions == Some(2), "{taken:?}");

    // Who is killed gives nothing back, and another process of the same name is not taken for it.
    second.kill()?;
    let mut third = Operator::start(&namespace, &[]).await?;
    ensure!(!leads(&third).await?, "the third works while the second's lease still holds");
    begins(&third, "third").await?;
    ensure!(holder(&leases.get(LEASE).await?).map(str::to_owned) != second_holder, "two processes have one identity");

    // Whoever has lost the Lease ends, so that two never work for long.
    let stolen = json!({"spec": {"holderIdentity": "somebody else"}});
    leases.patch(LEASE, &PatchParams::default(), &Patch::Merge(&stolen)).await?;
    let status = third.process().ended(PATIENCE).await?;
    ensure!(status.code() == Some(1), "{status}: {}", third.log());
    until_some(&leases, LEASE, "it is left to who took it", |lease| holder(lease) == Some("somebody else")).await?;
    namespace.passed();
    Ok(())
}

const RESOURCE: &str = "
apiVersion: silhouette.dev/v1alpha1
kind: SilhouetteCluster
metadata: {name: demo}
spec:
  replicas: 3
  image: {name: \"silhouette-server:0.1.0\"}
  storage: {size: 1Gi}
  tls: {mode: Disabled}
";

/// A namespace that an operator may not read keeps it from no other.
#[tokio::test]
async fn a_namespace_that_may_not_be_read_stops_nothing_elsewhere() -> Result<()> {
    let (namespace, forbidden) = (Namespace::new().await?, Namespace::new().await?);
    namespace.apply(RESOURCE).await?;
    let operator = Operator::start(&namespace, &["--namespace", forbidden.name()]).await?;
    until_some(&namespace.api::<StatefulSet>(), "demo", "its StatefulSet is made", |_| true)
        .await
        .with_context(|| operator.log())?;
    let refused = format!("in the namespace \\\"{}\\\"", forbidden.name());
    ensure!(operator.log().contains(&refused), "nobody is told of it: {}", operator.log());
    namespace.passed();
    forbidden.passed();
    Ok(())
}
