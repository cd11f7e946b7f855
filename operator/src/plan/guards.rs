//! What must hold for a step to be carried out: a list of named rules. Each looks at what was observed alone, whatever
//! the step was proposed for; a test takes each out of the list and shows what then goes wrong.

mod budget;
mod claims;
mod identity;
mod members;
mod pods;

use super::{Action, Blocker, Situation};

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Its name, for tests and documentation.
    pub name: &'static str,
    /// Why the action is not carried out now; `None` if the rule has nothing against it.
    pub refuses: fn(&Situation<'_>, &Action) -> Option<Blocker>,
}

/// Every rule. The first that refuses says why.
pub const GUARDS: &[Guard] = &[
    Guard { name: "disks-are-of-one-cluster", refuses: identity::disks_are_of_one_cluster },
    Guard { name: "no-cluster-is-remembered", refuses: identity::no_cluster_is_remembered },
    Guard { name: "every-disk-is-empty", refuses: identity::every_disk_is_empty },
    Guard { name: "a-leader-answers", refuses: members::a_leader_answers },
    Guard { name: "one-change-at-a-time", refuses: members::one_change_at_a_time },
    Guard { name: "the-leader-stays", refuses: members::the_leader_stays },
    Guard { name: "the-replaced-is-silent", refuses: members::the_replaced_is_silent },
    Guard { name: "learners-have-caught-up", refuses: members::learners_have_caught_up },
    Guard { name: "learners-keep-their-disks", refuses: members::learners_keep_their_disks },
    Guard { name: "the-result-has-a-quorum", refuses: members::the_result_has_a_quorum },
    Guard { name: "rounds-keep-a-quorum", refuses: members::rounds_keep_a_quorum },
    Guard { name: "the-budget-is-raised-first", refuses: budget::the_budget_is_raised_first },
    Guard { name: "the-budget-is-lowered-last", refuses: budget::the_budget_is_lowered_last },
    Guard { name: "the-budget-is-in-force", refuses: budget::the_budget_is_in_force },
    Guard { name: "the-place-is-held", refuses: claims::the_place_is_held },
    Guard { name: "the-set-covers-members", refuses: claims::the_set_covers_members },
    Guard { name: "new-places-are-empty", refuses: claims::new_places_are_empty },
    Guard { name: "the-claim-is-nobodys", refuses: claims::the_claim_is_nobodys },
    Guard { name: "the-other-voters-are-ready", refuses: pods::the_other_voters_are_ready },
    Guard { name: "the-leader-goes-last", refuses: pods::the_leader_goes_last },
    Guard { name: "a-deleted-pod-counts-for-nothing", refuses: pods::a_deleted_pod_counts_for_nothing },
    Guard { name: "the-last-disk-keeps-its-pod", refuses: pods::the_last_disk_keeps_its_pod },
    Guard { name: "one-cluster-rolls-at-a-time", refuses: pods::one_cluster_rolls_at_a_time },
];
