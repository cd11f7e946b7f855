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

#[cfg(test)]
mod tests {
    use kube::api::ObjectMeta;
    use serde_json::json;

    use super::*;

    fn annotated(name: &str, value: &str) -> SilhouetteCluster {
        let spec = json!({
            "replicas": 5,
            "image": { "name": "silhouette-server:0.1.0" },
            "storage": { "size": "1Gi" },
            "tls": { "mode": "Disabled" },
        });
        let mut cluster = SilhouetteCluster::new("demo", serde_json::from_value(spec).expect("it is a spec"));
        let annotations = Some([(name.to_owned(), value.to_owned())].into());
        cluster.metadata = ObjectMeta { uid: Some("u1".to_owned()), annotations, ..cluster.metadata };
        cluster
    }

    #[test]
    fn the_spec_and_the_annotations_say_what_is_asked_for() {
        let desired = annotated(REPLACE_MEMBER, "7").desired().expect("7 is a number");
        let expected = Desired {
            name: "demo".to_owned(),
            uid: "u1".into(),
            replicas: 5,
            replace_member: Some(MemberId(7)),
            start_again_without: None,
        };
        assert_eq!(desired, expected);
        let desired = annotated(START_AGAIN_WITHOUT, "c1").desired().expect("c1 is an id");
        assert_eq!(desired.start_again_without, Some("c1".into()));
        assert_eq!(annotated("other.example/note", "7").desired().expect("none is ours").replace_member, None);
    }

    #[test]
    fn a_value_that_makes_no_sense_is_told_with_its_name() {
        for (name, value) in [(REPLACE_MEMBER, "0"), (REPLACE_MEMBER, "demo-1"), (START_AGAIN_WITHOUT, "")] {
            let refusal = annotated(name, value).desired().expect_err(value);
            assert_eq!((refusal.name, refusal.value.as_str()), (name, value));
        }
    }
}
