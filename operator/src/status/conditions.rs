//! The six conditions. All are set in each pass, and they keep the rules of kstatus: `Reconciling` and `Stalled` are
//! never true together, and who waits for `Ready` waits for the whole of what was asked for.

use super::judgement;
use crate::{
    desired::Desired,
    observed::Observed,
    plan::{Plan, Situation},
};

/// Which condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionKind {
    /// All is as asked for: every voter is Ready, nothing is left to do. During a roll it is false; whether the cluster
    /// can be used meanwhile is `Quorate` and `DataReady`.
    Ready,
    /// Something is left to do or waited for.
    Reconciling,
    /// Nothing more happens until people do something.
    Stalled,
    /// A majority of voters sees the leader.
    Quorate,
    /// Each round that is served is held by a majority of voters.
    DataReady,
    /// It works, with less in reserve than was asked for.
    Degraded,
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody can say.
    Unknown,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Which.
    pub kind: ConditionKind,
    /// Whether it holds.
    pub truth: Truth,
    /// Why, for machines, such as `DataLost`.
    pub reason: &'static str,
    /// Why, for people.
    pub message: String,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conditions(pub [Condition; 6]);

/// Why a condition holds, or does not: a reason for machines and a message for people.
pub(super) type Because = (&'static str, String);

impl ConditionKind {
    /// All of them, in the order of [`Conditions`].
    pub const ALL: [Self; 6] =
        [Self::Ready, Self::Reconciling, Self::Stalled, Self::Quorate, Self::DataReady, Self::Degraded];

    /// As the status names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
            Self::Quorate => "Quorate",
            Self::DataReady => "DataReady",
            Self::Degraded => "Degraded",
        }
    }
}

impl Truth {
    /// As the status names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl Conditions {
    /// What one look, and the plan made from it, tell.
    pub fn judge(desired: &Desired, observed: &Observed, plan: &Plan) -> Self {
        let situation = Situation { desired, observed, identity: plan.identity.clone() };
        let stalled = judgement::stalled(&situation, plan);
        let reconciling = if stalled.is_some() { None } else { judgement::reconciling(&situation, plan) };
        let ready = match stalled.as_ref().or(reconciling.as_ref()) {
            Some(because) => (Truth::False, because.clone()),
            None => (Truth::True, judgement::as_asked_for(&situation)),
        };
        Self([
            condition(ConditionKind::Ready, ready),
            condition(ConditionKind::Reconciling, is_true_if(reconciling, "NothingToDo", "nothing is left to do")),
            condition(ConditionKind::Stalled, is_true_if(stalled, "NotStalled", "nothing waits for people")),
            condition(ConditionKind::Quorate, judgement::quorate(&situation)),
            condition(ConditionKind::DataReady, judgement::data_ready(&situation)),
            condition(ConditionKind::Degraded, judgement::degraded(&situation)),
        ])
    }

    /// Those of a resource that nothing can be planned for until people change it. What does not depend on a plan is not
    /// looked at either.
    pub fn unplanned(reason: &'static str, message: String) -> Self {
        let (because, unknown) = ((reason, message.clone()), (Truth::Unknown, (reason, message)));
        Self([
            condition(ConditionKind::Ready, (Truth::False, because.clone())),
            condition(ConditionKind::Reconciling, is_true_if(None, "NothingToDo", "nothing is left to do")),
            condition(ConditionKind::Stalled, (Truth::True, because)),
            condition(ConditionKind::Quorate, unknown.clone()),
            condition(ConditionKind::DataReady, unknown.clone()),
            condition(ConditionKind::Degraded, unknown),
        ])
    }

    /// The same, but that nothing more happens until people do something: what was to be done next is refused for good.
    #[must_use]
    pub fn stalled_by(mut self, reason: &'static str, message: String) -> Self {
        let (because, nothing) = ((reason, message), ("NothingToDo", "nothing is left to do".to_owned()));
        for (kind, judged) in [
            (ConditionKind::Ready, (Truth::False, because.clone())),
            (ConditionKind::Reconciling, (Truth::False, nothing)),
            (ConditionKind::Stalled, (Truth::True, because)),
        ] {
            self.0[kind as usize] = condition(kind, judged);
        }
        self
    }

    /// One of them.
    pub fn get(&self, kind: ConditionKind) -> &Condition {
        &self.0[kind as usize]
    }

    /// Whether one of them holds.
    pub fn holds(&self, kind: ConditionKind) -> bool {
        self.get(kind).truth == Truth::True
    }
}

fn condition(kind: ConditionKind, (truth, (reason, message)): (Truth, Because)) -> Condition {
    Condition { kind, truth, reason, message }
}

/// True for the reason that there is; else false, for this one.
fn is_true_if(because: Option<Because>, otherwise: &'static str, message: &str) -> (Truth, Because) {
    because.map_or_else(|| (Truth::False, (otherwise, message.to_owned())), |because| (Truth::True, because))
}
