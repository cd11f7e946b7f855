//! How the process is, as probes and metrics show it.

use std::sync::atomic::{AtomicU8, Ordering};

/// What the process does now. It goes from one to the next, and never back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It waits for the API server, or for the resource's definition.
    Starts,
    /// It waits for its turn: another operator holds the Lease.
    StandsBy,
    /// It holds the Lease, and reads what there is.
    Reads,
    /// It works.
    Works,
}

impl Part {
    const ALL: [Self; 4] = [Self::Starts, Self::StandsBy, Self::Reads, Self::Works];

    /// For people who ask `/readyz`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starts => "waits for the API server and the definition of SilhouetteCluster",
            Self::StandsBy => "stands by: another operator holds the lease",
            Self::Reads => "leads, and reads what there is",
            Self::Works => "leads",
        }
    }

    /// Whether the process may be counted on: as a stand-by, too.
    pub const fn is_ready(self) -> bool {
        matches!(self, Self::StandsBy | Self::Works)
    }
}

/// How the process is.
#[derive(Debug, Default)]
pub struct Vitals(AtomicU8);

impl Vitals {
    /// From now on it does this.
    pub fn enter(&self, part: Part) {
        self.0.store(part as u8, Ordering::Relaxed);
    }

    /// What it does.
    pub fn part(&self) -> Part {
        Part::ALL.get(usize::from(self.0.load(Ordering::Relaxed))).copied().unwrap_or(Part::Starts)
    }
}
