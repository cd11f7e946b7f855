//! Why events are written: a closed list.

use kube::runtime::events::EventType;

/// Declares the reasons, each with when it is given and its severity.
macro_rules! reasons {
    ($($(#[doc = $when:literal])+ $reason:ident, $severity:ident;)*) => {
        /// Why an event was written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $when])+ $reason,)*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$reason,)*];

            /// As the event shows it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$reason => stringify!($reason),)*
                }
            }

            /// Whether people should look.
            pub const fn severity(self) -> EventType {
                match self {
                    $(Self::$reason => EventType::$severity,)*
                }
            }

            /// When it is given, for docs/events.md.
            #[cfg(test)]
            pub(super) const fn when(self) -> &'static str {
                match self {
                    $(Self::$reason => concat!($($when),+),)*
                }
            }
        }
    };
}

reasons! {
    /// A child object was made or mended.
    ObjectApplied, Normal;
    /// The StatefulSet was made, mended, or given another size.
    StatefulSetApplied, Normal;
    /// The StatefulSet was marked as about to have fewer pods.
    PlacesReleased, Normal;
    /// The PodDisruptionBudget was made, changed, or taken away.
    BudgetApplied, Normal;
    /// The PodDisruptionBudget was marked as about to ask for fewer pods.
    BudgetReleased, Normal;
    /// A claim was noted as a member's.
    ClaimAnnotated, Normal;
    /// A claim was marked as nobody's.
    ClaimReleased, Normal;
    /// A claim was deleted, with its data.
    ClaimDeleted, Normal;
    /// A cluster was founded.
    ClusterFounded, Normal;
    /// A node was given a member's number.
    MemberAllocated, Normal;
    /// A node was told its number.
    MemberJoined, Normal;
    /// Who replicates and who votes was changed.
    MembersChanged, Normal;
    /// Leadership was handed to another voter.
    LeadershipTransferred, Normal;
    /// A pod was asked to leave.
    PodEvicted, Normal;
    /// A pod that counts for nothing was deleted.
    PodDeleted, Normal;
    /// All is as asked for.
    Ready, Normal;
    /// Nothing more happens until people do something.
    Stalled, Warning;
    /// Things go on after people have done something.
    Resumed, Normal;
    /// A majority of voters sees the leader.
    QuorumReached, Normal;
    /// It is not seen any more that a majority of voters sees a leader.
    QuorumLost, Warning;
    /// Each served round is held by a majority of voters again.
    RoundsHeld, Normal;
    /// A served round is held by too few voters.
    RoundsAtRisk, Warning;
    /// There is less in reserve than was asked for.
    Degraded, Warning;
    /// There is as much in reserve as was asked for again.
    Restored, Normal;
}
