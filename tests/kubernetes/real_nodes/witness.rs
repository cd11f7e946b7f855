//! Somebody who looks at pods all the time, and remembers which left, and how many at once.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt as _, api::ListParams};
use tokio::{sync::watch, task::JoinHandle, time::sleep};

/// Between two looks: far shorter than a pod takes to leave.
const PAUSE: Duration = Duration::from_millis(100);

/// A witness at work.
pub(crate) struct Witness {
    seen: watch::Receiver<Seen>,
    task: JoinHandle<()>,
}

/// What it has seen so far.
#[derive(Debug, Clone, Default)]
struct Seen {
    /// Names of pods in the order in which they began to leave.
    left: Vec<String>,
    /// How many were leaving at once, at most.
    at_once: usize,
}

impl Witness {
    /// Begins to look.
    pub(crate) fn of(pods: Api<Pod>) -> Self {
        let (sender, seen) = watch::channel(Seen::default());
        let task = tokio::spawn(async move {
            let mut alive = BTreeMap::new();
            loop {
                // What it could not see now it sees next time.
                if let Ok(now) = pods.list(&ListParams::default()).await {
                    sender.send_if_modified(|seen| seen.compare(&mut alive, &now.items));
                }
                sleep(PAUSE).await;
            }
        });
        Self { seen, task }
    }

    /// Waits until this many pods have begun to leave since it began.
    pub(crate) async fn saw_leave(&mut self, count: usize) -> Result<()> {
        self.seen.wait_for(|seen| seen.left.len() >= count).await?;
        Ok(())
    }

    /// Ends it; the names of the pods that left, in order. An error if two were leaving at the same time.
    pub(crate) fn end(self) -> Result<Vec<String>> {
        let seen = self.seen.borrow().clone();
        ensure!(seen.at_once <= 1, "{} pods were leaving at once: {:?}", seen.at_once, seen.left);
        Ok(seen.left)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    /// Compares what lives now with what lived before (uids by name); whether somebody began to leave.
    fn compare(&mut self, alive: &mut BTreeMap<String, String>, pods: &[Pod]) -> bool {
        let living = |pod: &&Pod| pod.metadata.deletion_timestamp.is_none();
        let now: BTreeMap<_, _> =
            pods.iter().filter(living).map(|pod| (pod.name_any(), pod.uid().unwrap_or_default())).collect();
        let gone: Vec<_> = alive.iter().filter(|(name, uid)| now.get(*name) != Some(*uid)).collect();
        let someone = !gone.is_empty();
        self.left.extend(gone.into_iter().map(|(name, _)| name.clone()));
        self.at_once = self.at_once.max(pods.iter().filter(|pod| !living(pod)).count());
        *alive = now;
        someone
    }
}
