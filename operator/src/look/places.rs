//! Which place a name is that of.

use crate::{
    ids::Ordinal,
    resources::{DATA_VOLUME, names},
};

/// Places that a cluster can have. Five are asked for at most; whoever scales the StatefulSet by hand makes more. What
/// bears a greater number was never a member's: a StatefulSet that is made anew covers every claim, and one claim that
/// people named by mistake must not make it thousands of pods large.
pub(super) const COUNT: u32 = 64;

/// The place of the pod with this name.
pub(super) fn of_pod(cluster: &str, pod: &str) -> Option<Ordinal> {
    let ordinal = pod.strip_prefix(cluster)?.strip_prefix('-')?.parse().ok().map(Ordinal)?;
    // `demo-01` and `demo-+1` are no pods of a StatefulSet.
    (ordinal.0 < COUNT && pod == format!("{cluster}-{ordinal}")).then_some(ordinal)
}

/// The place of the claim with this name.
pub(super) fn of_claim(cluster: &str, claim: &str) -> Option<Ordinal> {
    let ordinal = of_pod(cluster, claim.strip_prefix(DATA_VOLUME)?.strip_prefix('-')?)?;
    (claim == names::claim(cluster, ordinal)).then_some(ordinal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_a_stateful_set_gives_are_places() {
        assert_eq!(of_pod("demo", "demo-0"), Some(Ordinal(0)));
        assert_eq!(of_pod("demo-1", "demo-1-12"), Some(Ordinal(12)));
        assert_eq!(of_pod("demo", "demo-63"), Some(Ordinal(63)));
        for stranger in [
            "demo",
            "demo-",
            "demo-01",
            "demo-+1",
            "demo-1-2",
            "demonstration-1",
            "other-1",
            "demo-x",
            "demo-64",
            "demo-4294967295",
            "demo-4294967296",
        ] {
            assert_eq!(of_pod("demo", stranger), None, "{stranger}");
        }
        assert_eq!(of_claim("demo", "data-demo-2"), Some(Ordinal(2)));
        for stranger in ["demo-2", "data-demo", "data-other-2", "cache-demo-2", "data-demo-4294967295"] {
            assert_eq!(of_claim("demo", stranger), None, "{stranger}");
        }
    }
}
