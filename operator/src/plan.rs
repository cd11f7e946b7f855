//! From what is asked for and what was observed to what is to be done. Pure.
//!
//! Each [`CONCERNS`] entry proposes steps, in the order of their urgency. Each step is held against every guard; the
//! first step that none refuses is carried out, the others tell people what is waited for. So liveness is the concerns'
//! matter and safety the guards': a guard knows nothing of why a step was proposed.

mod blocker;
mod concerns;
mod guards;
mod identity;
mod situation;
mod step;
#[cfg(test)]
mod tests;

pub use blocker::{Blocker, BlockerCode};
pub use guards::{GUARDS, Guard};
pub use identity::Identity;
pub use situation::Situation;
pub use step::{Action, MemberChange, Step};

use crate::{desired::Desired, observed::Observed};

/// Steps that a status shows at most.
const SHOWN: usize = 8;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose data the disks hold.
    pub identity: Identity,
    /// Steps, the most urgent first; at most eight.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The step to carry out now.
    pub fn next(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.blocked_by.is_none())
    }
}

/// Plans with every guard.
pub fn plan(desired: &Desired, observed: &Observed) -> Plan {
    plan_with(GUARDS, desired, observed)
}

/// Plans with these guards: how tests show what each of them prevents.
pub fn plan_with(guards: &[Guard], desired: &Desired, observed: &Observed) -> Plan {
    let situation = Situation::new(desired, observed);
    let mut steps: Vec<Step> = concerns::CONCERNS.iter().flat_map(|concern| concern(&situation)).collect();
    for step in &mut steps {
        step.target = step.action.target(&situation);
        step.blocked_by = guards.iter().find_map(|guard| (guard.refuses)(&situation, &step.action));
    }
    // What is carried out must be shown, however much is waited for before it.
    if let Some(next) = steps.iter().position(|step| step.blocked_by.is_none()).filter(|next| *next >= SHOWN) {
        steps.swap(SHOWN - 1, next);
    }
    steps.truncate(SHOWN);
    Plan { identity: situation.identity, steps }
}
