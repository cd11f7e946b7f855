//! Sealing a round, because a user asked for it or because it is due: seeds, plan, proposal.

use zeroize::Zeroizing;

use crate::{
    consensus::{Consensus, ProposeError},
    ids::RoundUid,
    state::{Command, EncodingPlanError, Rejection},
};

/// How often a plan is made anew when publications overtake it. Each round of it loses to a commit that was applied
/// between plan and sealing, and a round has few commits left when it is sealed.
const ATTEMPTS: usize = 5;

/// Why a round was not sealed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    /// No sealing can be planned for the round as it is.
    #[error(transparent)]
    Plan(#[from] EncodingPlanError),
    /// The sealing was not carried out, or is not known to be.
    #[error(transparent)]
    Propose(#[from] ProposeError),
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// Closes publication to an open round (`reseal` 0), or gives a sealed one fresh seeds (`reseal` > 0). Leaders only.
/// Nothing happens if the round is no longer where `reseal` expects it.
///
/// Both seeds are drawn here, independently, so that no publication can have been chosen with them in view.
pub(crate) async fn seal(consensus: &Consensus, uid: RoundUid, reseal: u32) -> Result<(), SealError> {
    let mut attempt = 1;
    loop {
        let mut hash_seed = [0; 32];
        let mut cell_seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut hash_seed)?;
        getrandom::fill(&mut *cell_seed)?;
        let plan = consensus.state().seal_plan(uid, hash_seed, *cell_seed)?;
        match consensus.propose(Command::Seal { uid, reseal, plan }).await {
            Ok(_) => return Ok(()),
            Err(ProposeError::Rejected(Rejection::PlanOutdated { .. })) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}
