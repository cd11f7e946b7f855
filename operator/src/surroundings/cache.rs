//! The objects of one kind as they were watched last.

use std::{fmt::Debug, future, sync::Arc, time::Duration};

use futures::StreamExt as _;
use kube::{
    Api, Client, Resource, ResourceExt as _,
    core::NamespaceResourceScope,
    runtime::{
        WatchStreamExt as _,
        reflector::{self, ObjectRef, Store, store::Writer},
        watcher::{self, watcher},
    },
};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::resources::labels;

/// For how long objects are waited for that were never read.
const READ_PATIENCE: Duration = Duration::from_secs(10);

/// Objects that were never read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what} cannot be watched: {why}")]
pub struct Unread {
    /// Such as `pods`.
    pub what: String,
    /// What the API server said last.
    pub why: String,
}

/// Objects that a cache can hold.
pub(crate) trait Cached:
    Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
}

impl<K> Cached for K where K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static {}

/// The objects of one kind in one namespace, in all, or of none if they have no namespaces.
pub(crate) struct Cache<K: Cached> {
    /// `None`: whatever the namespace.
    namespace: Option<String>,
    store: Store<K>,
    /// Why it could not be watched last.
    failure: Arc<Mutex<Option<String>>>,
    _watch: AbortOnDropHandle<()>,
}

/// Tells which cluster an object is of that has changed.
pub(super) type Tell = Arc<dyn Fn(&str, &str) + Send + Sync>;

impl<K: Cached> Cache<K> {
    /// Watches the objects of clusters.
    pub(super) fn begin(client: &Client, namespace: Option<&str>, tell: Tell) -> Self
    where
        K: Resource<Scope = NamespaceResourceScope>,
    {
        let objects = match namespace {
            Some(namespace) => Api::namespaced(client.clone(), namespace),
            None => Api::all(client.clone()),
        };
        let of_clusters = watcher::Config::default().labels(labels::CLUSTER);
        Self::watch(
            objects,
            of_clusters,
            namespace,
            |_| {},
            move |object| {
                if let (Some(namespace), Some(cluster)) = (object.namespace(), object.labels().get(labels::CLUSTER)) {
                    tell(&namespace, cluster);
                }
            },
        )
    }

    /// Watches all objects there are, without what `strip` takes from each.
    pub(super) fn begin_all(client: &Client, strip: fn(&mut K)) -> Self {
        Self::watch(Api::all(client.clone()), watcher::Config::default(), None, strip, |_| {})
    }

    fn watch(
        objects: Api<K>,
        config: watcher::Config,
        namespace: Option<&str>,
        strip: fn(&mut K),
        tell: impl Fn(&K) + Send + 'static,
    ) -> Self {
        let (store, writer): (Store<K>, Writer<K>) = reflector::store();
        let kind = K::kind(&());
        let failure = Arc::new(Mutex::new(None));
        let failing = Arc::clone(&failure);
        let watch = watcher(objects, config)
            .default_backoff()
            .modify(move |object| {
                // Most of an object's size, and of no use here.
                object.managed_fields_mut().clear();
                strip(object);
            })
            .reflect(writer)
            .touched_objects()
            .for_each(move |touched| {
                match touched {
                    Ok(object) => tell(&object),
                    Err(error) => {
                        tracing::warn!("{kind} cannot be watched: {error}");
                        *failing.lock() = Some(error.to_string());
                    }
                }
                future::ready(())
            });
        let watch = AbortOnDropHandle::new(tokio::spawn(watch));
        Self { namespace: namespace.map(str::to_owned), store, failure, _watch: watch }
    }

    /// Waits until all objects were read for the first time, but not for long: whoever may not read them never does.
    pub(super) async fn wait_until_read(&self) -> Result<(), Unread> {
        // It fails only if the watch has ended, which it does with this very cache.
        if timeout(READ_PATIENCE, self.store.wait_until_ready()).await.is_ok() {
            return Ok(());
        }
        let why = self.failure.lock().clone().unwrap_or_else(|| "the API server does not answer".to_owned());
        Err(Unread { what: K::plural(&()).into_owned(), why })
    }

    /// Whether objects of this namespace are here.
    pub(super) fn covers(&self, namespace: &str) -> bool {
        self.namespace.as_deref().is_none_or(|covered| covered == namespace)
    }

    /// An object of a namespace.
    pub(crate) fn get(&self, namespace: &str, name: &str) -> Option<Arc<K>>
    where
        K: Resource<Scope = NamespaceResourceScope>,
    {
        self.store.get(&ObjectRef::new(name).within(namespace))
    }

    /// An object that has no namespace.
    pub(super) fn get_global(&self, name: &str) -> Option<Arc<K>> {
        self.store.get(&ObjectRef::new(name))
    }

    /// The objects of a cluster.
    pub(crate) fn of_cluster(&self, namespace: &str, cluster: &str) -> Vec<Arc<K>> {
        self.store.state_filter(|object| {
            object.meta().namespace.as_deref() == Some(namespace)
                && object.labels().get(labels::CLUSTER).is_some_and(|label| label == cluster)
        })
    }
}
