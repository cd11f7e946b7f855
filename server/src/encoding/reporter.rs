//! Tells the leader what the state does not say of this member yet, until it does.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};
use tonic::Status;

use crate::{consensus::Consensus, service::refusal::Refusal, state::Command};

/// Pause after a report that did not arrive: about the time of an election.
const RETRY_PAUSE: Duration = Duration::from_millis(300);
/// A report that was applied and is still missing in the state is repeated after so long: it came too early, before
/// this member was in the configuration.
const REPEAT_PAUSE: Duration = Duration::from_secs(2);

/// Reports what `due` lists, whenever it changes.
pub(super) async fn report(consensus: Consensus, mut due: watch::Receiver<Vec<Command>>) {
    loop {
        let reports = due.borrow_and_update().clone();
        let sent = futures::future::join_all(reports.iter().map(|report| submit(&consensus, report))).await;
        let failed = sent.into_iter().find_map(Result::err);
        if let Some(status) = &failed {
            tracing::debug!(%status, "a report did not arrive");
        }
        // Even if the list changes meanwhile: a leader that cannot be reached is not asked without pause.
        if failed.is_some() {
            tokio::time::sleep(RETRY_PAUSE).await;
        } else if reports.is_empty() {
            if due.changed().await.is_err() {
                return;
            }
        } else if let Ok(Err(_)) = timeout(REPEAT_PAUSE, due.changed()).await {
            return;
        }
    }
}

async fn submit(consensus: &Consensus, report: &Command) -> Result<(), Status> {
    let leader = consensus.status().borrow().leader.ok_or(Refusal::NoLeader)?;
    if leader != consensus.member_id() {
        return consensus.transport().submit_report(leader, report).await;
    }
    match consensus.propose(report.clone()).await {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::of_proposal(error, &*consensus.state()).into()),
    }
}
