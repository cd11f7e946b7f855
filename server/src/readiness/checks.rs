//! The checks of readiness by name, and what follows from them.

use std::fmt;

/// A check's stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckName {
    /// The member votes.
    Voter,
    /// A leader was heard lately.
    Leader,
    /// Since it started, the member has applied what was committed then.
    CaughtUp,
    /// Committed entries are applied soon.
    ApplyLag,
    /// Served rounds are here.
    RoundsHeld,
    /// The disk takes writes.
    Disk,
    /// The member has what its cluster agreed on.
    Fenced,
    /// The node is not about to stop.
    Draining,
}

impl CheckName {
    /// As probes and the protocol say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voter => "voter",
            Self::Leader => "leader",
            Self::CaughtUp => "caught-up",
            Self::ApplyLag => "apply-lag",
            Self::RoundsHeld => "rounds-held",
            Self::Disk => "disk",
            Self::Fenced => "not-fenced",
            Self::Draining => "not-draining",
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// Whether it holds.
    pub ok: bool,
    /// Why not; empty if it holds.
    pub message: String,
}

impl Check {
    pub(super) fn new(name: CheckName, ok: bool, message: impl FnOnce() -> String) -> Self {
        Self { name, ok, message: if ok { String::new() } else { message() } }
    }
}

/// Whether a node is ready, and what each check says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is.
    pub ready: bool,
    /// Each check, held or not.
    pub checks: Vec<Check>,
    /// What a check's holding time explains.
    pub note: Option<String>,
}

impl Verdict {
    /// Of a node that has not looked at itself yet.
    pub fn unknown() -> Self {
        let starting = Check { name: CheckName::Voter, ok: false, message: "the node is starting".to_owned() };
        Self { ready: false, checks: vec![starting], note: None }
    }
}
