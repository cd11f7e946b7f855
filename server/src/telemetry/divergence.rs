//! Whether this member and its rounds are what the cluster agreed on.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::encoding::DamagedPart;

/// What was damaged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Part {
    part: &'static str,
}

/// Fence, damage, and the search for it.
#[derive(Debug)]
pub struct DivergenceMetrics {
    fenced: Gauge,
    degraded: Gauge,
    damages: Family<Part, Counter>,
    rehashes: Counter,
}

impl DivergenceMetrics {
    /// Registers them, all at zero.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let (fenced, degraded) = (Gauge::default(), Gauge::default());
        let (damages, rehashes) = (Family::<Part, Counter>::default(), Counter::default());
        for part in DamagedPart::ALL {
            drop(damages.get_or_create(&Part { part: part.name() }));
        }
        let help = "Whether this member is fenced: it serves nothing any more, and must be replaced";
        registry.register("silhouette_member_fenced", help, fenced.clone());
        let help = "Ready rounds that are damaged here and not yet repaired";
        registry.register("silhouette_encoding_degraded_rounds", help, degraded.clone());
        registry.register("silhouette_encoding_damages", "Damage that was found, by part", damages.clone());
        registry.register("silhouette_encoding_rehashes", "Held rounds that were hashed again", rehashes.clone());
        Self { fenced, degraded, damages, rehashes }
    }

    /// How the member is now.
    pub(crate) fn show(&self, fenced: bool, degraded_rounds: usize) {
        self.fenced.set(fenced.into());
        self.degraded.set(i64::try_from(degraded_rounds).unwrap_or(i64::MAX));
    }

    /// Something was found damaged.
    pub(crate) fn count_damage(&self, part: DamagedPart) {
        self.damages.get_or_create(&Part { part: part.name() }).inc();
    }

    /// A held round was hashed again.
    pub(crate) fn count_rehash(&self) {
        self.rehashes.inc();
    }
}
