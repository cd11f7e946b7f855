//! How a node stops: first others notice, then it hands over, then it finishes, then it ends.

use std::time::Duration;

use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};

use super::{Member, NodeError, NodeHandle};
use crate::consensus::Consensus;

impl NodeHandle {
    /// Stops serving without losing a call: `clients` is the server that ends once the node is leaving.
    pub(super) async fn drain(&self, clients: JoinHandle<Result<(), NodeError>>) {
        let settings = self.settings().configuration.shutdown.clone();
        self.begin_draining();
        tracing::info!(delay = ?settings.drain_delay, "stopping: not ready any more, and still serving");
        sleep(settings.drain_delay).await;
        let member = self.lifecycle().member().cloned();
        if let Some(member) = &member {
            hand_over(&member.consensus, settings.transfer_timeout).await;
        }
        let deadline = Instant::now() + settings.grace;
        self.leaving().cancel();
        if timeout_at(deadline, clients).await.is_ok() {
            tracing::info!("calls in flight are finished");
        } else {
            tracing::warn!(grace = ?settings.grace, "some calls in flight did not finish in time");
        }
        let mut tasks = self.tasks().lock().await;
        if let Some(Member { consensus, encodings }) = member {
            tasks.shutdown().await;
            if log_has_grown(&consensus, self.settings().configuration.raft.keep_entries)
                && timeout_at(deadline, consensus.compact_log()).await.is_err()
            {
                tracing::warn!("the log was not compacted in time; it will be at the next start");
            }
            encodings.stop().await;
            consensus.stop().await;
        }
        tracing::info!("stopped");
    }
}

/// Hands leadership, if it is here, to the most advanced voter, if there is another.
async fn hand_over(consensus: &Consensus, limit: Duration) {
    let alone = consensus.state().configuration().raft.voters.len() <= 1;
    if alone || !consensus.status().borrow().leads() {
        return;
    }
    match timeout(limit, consensus.transfer_leadership(None)).await {
        Ok(Ok(leader)) => tracing::info!(%leader, "handed leadership over"),
        Ok(Err(error)) => tracing::warn!(%error, "could not hand leadership over; an election will follow"),
        Err(_) => tracing::warn!(?limit, "nobody took over leadership in time; an election will follow"),
    }
}

/// Whether compacting the log would give something back.
fn log_has_grown(consensus: &Consensus, keep: u64) -> bool {
    let status = consensus.status();
    let status = status.borrow();
    status.storage_fault.is_none() && status.applied.0.saturating_sub(status.first_index.0) > keep
}
