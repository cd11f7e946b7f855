//! Which clusters are to be passed over: those whose resource changes, and those of which an object does.

use std::future;

use futures::{Stream, StreamExt as _, channel::mpsc, stream};
use kube::{
    Api, Client,
    core::{DeserializeGuard, error_boundary::InvalidObject},
    runtime::{
        Predicate as _, PredicateConfig, WatchStreamExt as _, predicates,
        reflector::{self, ObjectRef, Store},
        watcher::{self, Event, watcher},
    },
};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::task::AbortOnDropHandle;

use crate::{api::SilhouetteCluster, surroundings::Changed};

/// A cluster by name.
pub(super) type ClusterRef = ObjectRef<SilhouetteCluster>;

/// The resources of a namespace, or of all.
pub(super) struct Watched {
    /// What there is.
    pub(super) store: Store<SilhouetteCluster>,
    /// What changes.
    pub(super) changes: mpsc::UnboundedReceiver<Result<ClusterRef, watcher::Error>>,
    /// Dropped, it ends the watch.
    pub(super) watching: AbortOnDropHandle<()>,
}

impl Watched {
    /// Watches from now on, in a task of its own: the store fills even while nobody asks for changes.
    pub(super) fn begin(client: &Client, namespace: Option<&str>) -> Self {
        let client = client.clone();
        let resources: Api<DeserializeGuard<SilhouetteCluster>> = match namespace {
            Some(namespace) => Api::namespaced(client, namespace),
            None => Api::all(client),
        };
        let (store, writer) = reflector::store();
        let known = store.clone();
        // A status is written after a pass, which is no reason for another.
        let what_is_asked_for = predicates::generation.combine(predicates::annotations);
        let seen = watcher(resources, watcher::Config::default())
            .default_backoff()
            .filter_map(move |event| future::ready(event.map(|event| readable(event, &known)).transpose()))
            .reflect(writer)
            .touched_objects()
            .predicate_filter(what_is_asked_for, PredicateConfig::default());
        let (sender, changes) = mpsc::unbounded();
        let watching = tokio::spawn(seen.for_each(move |change| {
            // Nobody is at the other end once the controller has ended.
            sender.unbounded_send(change.map(|cluster| ObjectRef::from_obj(&cluster))).ok();
            future::ready(())
        }));
        Self { store, changes, watching: AbortOnDropHandle::new(watching) }
    }
}

/// A change without what cannot be read, such as a resource from before a field got another type: one of them must not
/// keep the operator from all others. It is left alone until it can be read, as if it were gone.
fn readable(
    event: Event<DeserializeGuard<SilhouetteCluster>>,
    known: &Store<SilhouetteCluster>,
) -> Option<Event<SilhouetteCluster>> {
    let gone = |InvalidObject { error, metadata }| {
        let (namespace, name) = (metadata.namespace.unwrap_or_default(), metadata.name.unwrap_or_default());
        tracing::error!(namespace, cluster = name, "the resource cannot be read, and is left alone: {error}");
        let known = known.get(&ClusterRef::new(&name).within(&namespace))?;
        Some(Event::Delete((*known).clone()))
    };
    match event {
        Event::Apply(DeserializeGuard(read)) => read.map_or_else(gone, |cluster| Some(Event::Apply(cluster))),
        Event::Delete(DeserializeGuard(read)) => read.map_or_else(gone, |cluster| Some(Event::Delete(cluster))),
        // What is not among those that are listed is gone once the list is whole.
        Event::InitApply(DeserializeGuard(read)) => read.map_err(gone).ok().map(Event::InitApply),
        Event::Init => Some(Event::Init),
        Event::InitDone => Some(Event::InitDone),
    }
}

/// Clusters of which an object changes, of those that are in a store.
pub(super) fn touched(
    changes: Receiver<Changed>,
    store: Store<SilhouetteCluster>,
) -> impl Stream<Item = ClusterRef> + Send {
    stream::unfold(changes, |mut changes| async move {
        loop {
            match changes.recv().await {
                Ok(Changed { namespace, cluster }) => {
                    return Some((ClusterRef::new(&cluster).within(&namespace), changes));
                }
                // Whatever was missed is looked at after a pause.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    })
    .filter(move |cluster| future::ready(store.get(cluster).is_some()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    /// A resource of this size as the API server has it.
    fn stored(name: &str, replicas: &Value) -> DeserializeGuard<SilhouetteCluster> {
        let spec = json!({
            "replicas": replicas, "image": { "name": "silhouette:0.1.0" }, "storage": { "size": "1Gi" },
            "tls": { "mode": "Disabled" },
        });
        let metadata = json!({ "name": name, "namespace": "ns", "uid": name });
        let resource = json!({
            "apiVersion": "silhouette.dev/v1alpha1", "kind": "SilhouetteCluster", "metadata": metadata, "spec": spec,
        });
        from_value(resource).expect("anything with metadata")
    }

    /// Names in a store after some events.
    fn left(events: Vec<Event<DeserializeGuard<SilhouetteCluster>>>) -> Vec<String> {
        let (store, mut writer) = reflector::store();
        for event in events {
            if let Some(event) = readable(event, &store) {
                writer.apply_watcher_event(&event);
            }
        }
        let mut names: Vec<_> = store.state().iter().filter_map(|cluster| cluster.metadata.name.clone()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_resource_that_cannot_be_read_is_left_alone_and_all_others_are_kept() {
        let (good, bad) = (json!(3), json!("three"));
        let listed = || vec![Event::Init, Event::InitApply(stored("a", &good)), Event::InitApply(stored("b", &bad))];
        let mut events = listed();
        events.extend([Event::InitApply(stored("c", &good)), Event::InitDone]);
        assert_eq!(left(events.clone()), ["a", "c"]);
        events.push(Event::Apply(stored("b", &good)));
        assert_eq!(left(events.clone()), ["a", "b", "c"], "it can be read again");
        events.push(Event::Apply(stored("a", &bad)));
        assert_eq!(left(events.clone()), ["b", "c"], "it can be read no more");
        events.extend([
            Event::Apply(stored("c", &bad)),
            Event::Delete(stored("c", &bad)),
            Event::Delete(stored("b", &good)),
        ]);
        assert_eq!(left(events), [""; 0]);
    }
}
