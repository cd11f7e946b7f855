//! Clients at work while something is done to the cluster.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use anyhow::{Context as _, Result};
use silhouette_client::{Mode, RoundSpec, RoundUid};
use tokio::task::JoinHandle;

use super::{
    cluster::Cluster,
    rounds::{Pairs, check_answers},
};

/// Clients that go on calling until told to end; each call must succeed.
#[derive(Debug)]
pub struct Load {
    enough: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<Result<()>>>,
}

impl Load {
    /// Three readers of a Ready round, and a worker that makes one round after another.
    pub fn begin(cluster: &Cluster, uid: RoundUid, pairs: &Pairs) -> Result<Self> {
        let (enough, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let mut tasks = Vec::new();
        for reader in 0..3 {
            let (client, enough, calls) = (cluster.client()?, Arc::clone(&enough), Arc::clone(&calls));
            let some: Pairs = pairs.iter().skip(reader).step_by(10).cloned().collect();
            tasks.push(tokio::spawn(async move {
                while !enough.load(Ordering::Relaxed) {
                    check_answers(&client, uid, &some, Mode::Pir).await.context("a reader")?;
                    calls.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }));
        }
        let (client, ending, calls_made) = (cluster.client()?, Arc::clone(&enough), Arc::clone(&calls));
        tasks.push(tokio::spawn(async move {
            let mut number = 0;
            while !ending.load(Ordering::Relaxed) {
                let id = format!("under-load-{number}");
                let uid = client.start_round(&id, &RoundSpec::for_workers(1)).await.context("starting a round")?.uid;
                client.publish(uid, "w0", [("key", "value")]).await.context("publishing")?;
                client.wait(uid).await.context("waiting")?;
                client.delete_round(uid).await.context("deleting")?;
                calls_made.fetch_add(4, Ordering::Relaxed);
                number += 1;
            }
            Ok(())
        }));
        Ok(Self { enough, calls, tasks })
    }

    /// Calls that have ended so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Lets them finish; an error if any call of theirs failed.
    pub async fn end(self) -> Result<u64> {
        self.enough.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await??;
        }
        Ok(self.calls.load(Ordering::Relaxed))
    }
}
