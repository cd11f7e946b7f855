//! How a claim goes: released first, deleted when another look still finds it nobody's.

use crate::{
    ids::Ordinal,
    observed::ClaimSeen,
    plan::{Action, Step},
};

/// The next step that lets a claim go; `None` if it is on its way.
pub(super) fn let_go(ordinal: Ordinal, claim: &ClaimSeen, reason: String) -> Option<Step> {
    let (uid, seen) = (claim.uid.clone(), claim.version.clone());
    let action = match (claim.terminating, claim.released) {
        (true, _) => return None,
        (false, true) => Action::DeleteClaim { ordinal, claim: uid, seen },
        (false, false) => Action::ReleaseClaim { ordinal, claim: uid, seen },
    };
    Some(Step::new(action, reason))
}
