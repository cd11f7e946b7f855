//! Pods of an older template that do not run: nothing is lost with them, and the newer template may be the cure.

use crate::plan::{Action, Situation, Step};

/// Deletes them, and any old pod if no pod is Ready and no voter sees a leader: a bad change must not block its own
/// repair.
pub(super) fn unstick(situation: &Situation<'_>) -> Vec<Step> {
    let nothing_works = situation.is_stuck_whole();
    situation
        .old_pods()
        .filter(|(_, pod)| !pod.terminating && (pod.is_not_running() || nothing_works))
        .map(|(ordinal, pod)| {
            let reason = match &pod.container {
                crate::observed::Container::NotRunning { reason } => {
                    format!("it does not run ({reason}) and is of an older template")
                }
                _ => "no pod is Ready, no voter sees a leader, and it is of an older template".to_owned(),
            };
            Step::new(Action::DeletePod { ordinal, pod: pod.uid.clone(), seen: pod.version.clone() }, reason)
        })
        .collect()
}
