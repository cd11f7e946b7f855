//! Steps as the real API server takes or refuses them: what was planned from an old look changes nothing.

mod claims;
mod objects;
mod pods;
mod reports;

use anyhow::{Context as _, Result, bail};
use k8s_openapi::NamespaceResourceScope;
use kube::{Api, ResourceExt as _};
use serde::de::DeserializeOwned;
use silhouette_operator::{
    api::SilhouetteCluster,
    carry::{Outcome, carry_out},
    ids::{ResourceVersion, Uid},
    nodes::Patience,
    plan::Action,
    surroundings::Surroundings,
};
use silhouette_tests::kubernetes::Namespace;

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

/// A resource that nobody keeps but the test.
struct Scene {
    namespace: Namespace,
    surroundings: Surroundings,
    resource: SilhouetteCluster,
}

impl Scene {
    async fn new() -> Result<Self> {
        let namespace = Namespace::new().await?;
        namespace.apply(RESOURCE).await?;
        let resource = namespace.api::<SilhouetteCluster>().get("demo").await?;
        let surroundings = Surroundings::without_caches(namespace.client().clone(), Patience::default());
        Ok(Self { namespace, surroundings, resource })
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        self.namespace.api()
    }

    /// Carries out a step, and says how it ended.
    async fn carry(&self, action: &Action) -> Outcome {
        let carried = carry_out(&self.surroundings, &self.resource, action).await;
        if let Err(error) = &carried {
            println!("{}: {error}", action.verb());
        }
        carried.map_or_else(|error| error.outcome(), |()| Outcome::Done)
    }

    /// Carries out a step that names what is there now. Controllers write to what they keep, too: it is looked at anew
    /// until it is carried out.
    async fn carry_as_seen<K>(&self, name: &str, step: impl Fn(&K) -> Action) -> Result<()>
    where
        K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        const ATTEMPTS: usize = 50;
        for _ in 0..ATTEMPTS {
            match self.carry(&step(&self.api::<K>().get(name).await?)).await {
                Outcome::Done => return Ok(()),
                Outcome::Overtaken => {}
                other => bail!("the step ended as {other:?}"),
            }
        }
        bail!("{name} has changed {ATTEMPTS} times between look and step")
    }
}

fn uid<K: kube::Resource>(object: &K) -> Result<Uid> {
    object.uid().map(Uid).context("it has a uid")
}

fn version<K: kube::Resource>(object: &K) -> ResourceVersion {
    ResourceVersion(object.resource_version().unwrap_or_default())
}
