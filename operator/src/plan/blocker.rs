//! Why a step is not carried out now.

/// Why a step is not carried out now: what was observed, the rule, and what would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// For machines.
    pub code: BlockerCode,
    /// For people.
    pub message: String,
}

impl Blocker {
    pub(super) fn new(code: BlockerCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The closed list of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockerCode {
    /// Disks, claims or status name two clusters.
    ClusterIdConflict,
    /// A cluster is remembered of which no disk has anything.
    DataLost,
    /// A node has not answered.
    NodeSilent,
    /// No leader is known.
    NoLeader,
    /// A change of members is under way.
    ChangeInFlight,
    /// A learner has not caught up.
    LearnerBehind,
    /// A member to be replaced was heard of lately.
    MemberActive,
    /// Too few voters are Ready.
    VotersNotReady,
    /// The change would leave an even number of voters, or too few that are active.
    UnsafeChange,
    /// The leader would be removed, or its pod evicted, before it has handed over.
    LeaderMustHandOver,
    /// The PodDisruptionBudget is not the one that the step needs, or its controller has not seen it yet.
    BudgetNotObserved,
    /// A member's place would be left out.
    PlaceInUse,
    /// A claim of a removed member is still there.
    ClaimInUse,
    /// The disk of the last voter that has the data would go with its pod.
    LastDisk,
    /// The pod may be running a voter that counts.
    PodInUse,
    /// Another cluster is being updated after the operator was.
    OtherClusterRolls,
}

impl BlockerCode {
    /// As status shows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClusterIdConflict => "ClusterIdConflict",
            Self::DataLost => "DataLost",
            Self::NodeSilent => "NodeSilent",
            Self::NoLeader => "NoLeader",
            Self::ChangeInFlight => "ChangeInFlight",
            Self::LearnerBehind => "LearnerBehind",
            Self::MemberActive => "MemberActive",
            Self::VotersNotReady => "VotersNotReady",
            Self::UnsafeChange => "UnsafeChange",
            Self::LeaderMustHandOver => "LeaderMustHandOver",
            Self::BudgetNotObserved => "BudgetNotObserved",
            Self::PlaceInUse => "PlaceInUse",
            Self::ClaimInUse => "ClaimInUse",
            Self::LastDisk => "LastDisk",
            Self::PodInUse => "PodInUse",
            Self::OtherClusterRolls => "OtherClusterRolls",
        }
    }
}
