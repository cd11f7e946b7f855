//! Memory that is promised to rounds.

use std::fmt::Error;

use super::Sheet;

/// Memory that is promised to rounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MemoryFigures {
    /// What this node offers, in bytes.
    pub(crate) offered: u64,
    /// The least that a voter offers, in bytes: what the cluster admits rounds against.
    pub(crate) budget: u64,
    /// What the admitted rounds reserve on each member, in bytes.
    pub(crate) reserved: u64,
}

impl MemoryFigures {
    pub(super) fn encode(self, sheet: &mut Sheet<'_>) -> Result<(), Error> {
        sheet.gauge("silhouette_memory_offered_bytes", "Memory that this node offers to rounds", self.offered)?;
        sheet.gauge("silhouette_memory_budget_bytes", "The least memory that a voter offers to rounds", self.budget)?;
        sheet.gauge(
            "silhouette_memory_reserved_bytes",
            "Memory that the admitted rounds reserve on each member",
            self.reserved,
        )
    }
}
