//! Which clusters are to be passed over: those whose resource changes, and those of which an object does.

use std::future;

use futures::{Stream, StreamExt as _, channel::mpsc, stream};
use kube::{
    Api, Client,
    runtime::{
        Predicate as _, PredicateConfig, WatchStreamExt as _, predicates,
        reflector::{self, ObjectRef, Store},
        watcher::{self, watcher},
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
        let resources: Api<SilhouetteCluster> = match namespace {
            Some(namespace) => Api::namespaced(client, namespace),
            None => Api::all(client),
        };
        let (store, writer) = reflector::store();
        // A status is written after a pass, which is no reason for another.
        let what_is_asked_for = predicates::generation.combine(predicates::annotations);
        let seen = watcher(resources, watcher::Config::default())
            .default_backoff()
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
