//! From the resource to what the planner is asked for.

use kube::ResourceExt as _;

use super::SilhouetteCluster;
use crate::{
    desired::Desired,
    ids::{ClusterId, MemberId, Uid},
    resources::annotations::{REPLACE_MEMBER, START_AGAIN_WITHOUT},
};

/// An annotation whose value makes no sense. Until it is changed, nothing is done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the annotation {name} is {value:?}, and must be {expected}")]
pub struct InvalidAnnotation {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What it must be.
    pub expected: &'static str,
}

impl SilhouetteCluster {
    /// What planning depends on.
    pub fn desired(&self) -> Result<Desired, InvalidAnnotation> {
        Ok(Desired {
            name: self.name_any(),
            uid: Uid(self.uid().unwrap_or_default()),
            replicas: self.spec.replicas,
            replace_member: self.replace_member()?,
            start_again_without: self.start_again_without()?,
        })
    }

    fn replace_member(&self) -> Result<Option<MemberId>, InvalidAnnotation> {
        self.parse(REPLACE_MEMBER, "a member's number, as status.members shows it", |value| {
            value.parse().ok().filter(|number| *number > 0).map(MemberId)
        })
    }

    fn start_again_without(&self) -> Result<Option<ClusterId>, InvalidAnnotation> {
        self.parse(START_AGAIN_WITHOUT, "a cluster's id, as status.clusterId shows it", |value| {
            (!value.is_empty()).then(|| ClusterId::from(value))
        })
    }

    fn parse<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, InvalidAnnotation> {
        let Some(value) = self.annotations().get(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| InvalidAnnotation { name, value: value.clone(), expected })
    }
}
