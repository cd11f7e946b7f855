//! What a `SilhouetteCluster` asks for, as far as planning depends on it.

use crate::ids::{ClusterId, MemberId, Ordinal, Uid};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// The resource's name; pods are `<name>-<ordinal>`.
    pub name: String,
    /// The resource's uid. A new cluster's id derives from it.
    pub uid: Uid,
    /// Voters: 1, 3 or 5.
    pub replicas: u32,
    /// `silhouette.dev/replace-member`: this member's volume is lost for good, and may be made anew.
    pub replace_member: Option<MemberId>,
    /// `silhouette.dev/start-again-without`: the data of this cluster are lost, and a new one may be founded.
    pub start_again_without: Option<ClusterId>,
}

impl Desired {
    /// The ordinals of the voters that are asked for.
    pub fn ordinals(&self) -> impl Iterator<Item = Ordinal> + use<> {
        (0..self.replicas).map(Ordinal)
    }

    /// Whether a voter is asked for at this place.
    pub fn wants(&self, ordinal: Ordinal) -> bool {
        ordinal.0 < self.replicas
    }

    /// The id of a cluster that is founded for this resource: the same at each attempt, another after its data were
    /// lost.
    pub fn new_cluster_id(&self) -> ClusterId {
        let mut hasher = blake3::Hasher::new_derive_key("silhouette.dev v1 operator cluster id");
        hasher.update(self.uid.0.as_bytes());
        if let Some(lost) = &self.start_again_without {
            hasher.update(b"\0without\0");
            hasher.update(lost.0.as_bytes());
        }
        ClusterId(hex::encode(&hasher.finalize().as_bytes()[..16]))
    }

    /// The name of the pod at a place.
    pub fn pod(&self, ordinal: Ordinal) -> String {
        format!("{}-{ordinal}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_starts_again_has_another_id_and_each_attempt_the_same() {
        let desired = Desired {
            name: "demo".to_owned(),
            uid: "u1".into(),
            replicas: 3,
            replace_member: None,
            start_again_without: None,
        };
        let first = desired.new_cluster_id();
        assert_eq!(first, desired.new_cluster_id());
        let again = Desired { start_again_without: Some(first.clone()), ..desired.clone() };
        assert_ne!(first, again.new_cluster_id());
        assert_ne!(first, Desired { uid: "u2".into(), ..desired }.new_cluster_id());
    }
}
