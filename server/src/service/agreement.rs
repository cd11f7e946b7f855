//! What services ask of consensus, refused in the words of the protocol.

use super::refusal::Refusal;
use crate::{
    consensus::ProposeError,
    node::Member,
    sealing::SealError,
    state::{Command, EncodingPlanError, FieldViolation, Rejection, Reply},
};

impl Member {
    /// Proposes a command and waits until it is applied.
    pub(super) async fn propose(&self, command: Command) -> Result<Reply, Refusal> {
        self.consensus.propose(command).await.map_err(|error| self.refusal(error))
    }

    /// Waits until the state here is as new as the call that is answered from it.
    pub(super) async fn read_index(&self) -> Result<(), Refusal> {
        match self.consensus.read_index().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refusal(error)),
        }
    }

    /// Waits until a leader's state holds everything that its predecessors have acknowledged.
    pub(super) async fn settle(&self) -> Result<(), Refusal> {
        if self.consensus.leader_time().is_some() {
            return Ok(());
        }
        self.read_index().await
    }

    /// What a failed proposal or read means to the caller.
    pub(super) fn refusal(&self, error: ProposeError) -> Refusal {
        Refusal::of_proposal(error, &*self.consensus.state())
    }

    /// What a failed sealing means to the caller.
    pub(super) fn refusal_of_sealing(&self, error: SealError) -> Refusal {
        match error {
            SealError::Propose(error) => self.refusal(error),
            // The round was sealed, or has ended, since it was looked at: the same call again tells.
            SealError::Plan(EncodingPlanError::NotSealable) => Refusal::Busy,
            SealError::Plan(EncodingPlanError::NoVersion) => Rejection::ClusterForming.into(),
            SealError::Plan(error) => {
                let sentence = format!("the round cannot be encoded: {error}");
                Rejection::InvalidRequest { violations: vec![FieldViolation { field: "round_uid", sentence }] }.into()
            }
            SealError::Randomness(error) => no_randomness(error),
        }
    }
}

/// An answer of the state machine that does not belong to the command. Whatever it did is done.
pub(super) fn unexpected(reply: &Reply) -> Refusal {
    tracing::error!(?reply, "the state machine gave the answer of another command");
    Refusal::OutcomeUnknown { leader: None }
}

/// Nothing can be drawn here; another node may do better.
pub(super) fn no_randomness(error: getrandom::Error) -> Refusal {
    tracing::error!(%error, "the operating system gave no randomness");
    Refusal::Busy
}

/// Random bytes of the operating system.
pub(super) fn random<const BYTES: usize>() -> Result<[u8; BYTES], Refusal> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(no_randomness)?;
    Ok(bytes)
}

/// A blocking task that did not end as it should: it panicked, or the runtime is stopping.
pub(super) fn worker_failed(error: &tokio::task::JoinError) -> Refusal {
    if error.is_panic() {
        // The panic itself was told by its hook; what it was about may be secret.
        tracing::error!("a blocking task panicked");
        return Refusal::Busy;
    }
    Refusal::Draining
}
