//! How a node with an empty disk becomes a learner: number, join, add. Each is a step, and each may have been the last
//! that was carried out.

use crate::{
    ids::{MemberId, Ordinal},
    observed::{Answer, ClusterSeen, MemberSeen, Role},
    plan::{Action, MemberChange, Situation, Step},
};

/// The next step that brings the node at `ordinal` into the cluster, in the place of `replaced` if that votes there.
pub(super) fn admit(
    situation: &Situation<'_>,
    cluster: &ClusterSeen,
    ordinal: Ordinal,
    replaced: Option<&MemberSeen>,
) -> Option<Step> {
    if !situation.disk_stays(ordinal) {
        return None;
    }
    let replaces = replaced.map(|replaced| replaced.id);
    match situation.observed.answer(ordinal) {
        Answer::Uninitialised { instance } => Some(match cluster.of_instance(instance) {
            Some(member) => Step::new(
                Action::Join { cluster: cluster.id.clone(), ordinal, instance: instance.clone(), member: member.id },
                format!("its empty disk was given number {}", member.id),
            ),
            None => Step::new(
                Action::Allocate { cluster: cluster.id.clone(), ordinal, instance: instance.clone(), replaces },
                match replaces {
                    Some(replaced) => format!("its disk is empty, and member {replaced} was here"),
                    None => "its disk is empty, and it has no number yet".to_owned(),
                },
            ),
        }),
        Answer::Member { member, .. } => {
            let joining = cluster.member(*member).filter(|member| member.role == Role::Joining)?;
            let changes = vec![(joining.id, MemberChange::AddLearner)];
            Some(Step::new(
                change(cluster, changes),
                format!("{} waits as member {} to be added", situation.desired.pod(ordinal), joining.id),
            ))
        }
        Answer::Silent | Answer::Removed { .. } => None,
    }
}

/// A change of members, as of the configuration that was seen.
pub(super) fn change(cluster: &ClusterSeen, changes: Vec<(MemberId, MemberChange)>) -> Action {
    Action::ChangeMembers { cluster: cluster.id.clone(), index: cluster.index, changes }
}

/// Learners at wanted places where nobody votes.
pub(super) fn newcomers<'a>(situation: &Situation<'_>, cluster: &'a ClusterSeen) -> Vec<&'a MemberSeen> {
    let is_new = |learner: &&MemberSeen| {
        situation.desired.wants(learner.ordinal) && cluster.voters().all(|voter| voter.ordinal != learner.ordinal)
    };
    cluster.learners().filter(is_new).collect()
}
