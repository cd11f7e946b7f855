//! What is told while a cluster is formed or changed.

use std::fmt;

use crate::{Address, ClusterId, MemberId};

/// A step of forming a cluster or changing its members that is done, or that is being waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClusterStep {
    /// Every endpoint has answered and is fit; the cluster has this id, by which it can be resumed.
    Named(ClusterId),
    /// A node is the one voter of the cluster.
    Bootstrapped(Address),
    /// A node knows its number.
    #[non_exhaustive]
    Joined {
        /// The node.
        node: Address,
        /// Its number.
        member: MemberId,
    },
    /// Members replicate and do not vote yet.
    Learning(Vec<MemberId>),
    /// Members are waited for until they hold everything.
    CatchingUp(Vec<MemberId>),
    /// Members vote.
    Voting(Vec<MemberId>),
}

impl fmt::Display for ClusterStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(cluster) => write!(f, "forming cluster {cluster}"),
            Self::Bootstrapped(node) => write!(f, "{node} is the first voter"),
            Self::Joined { node, member } => write!(f, "{node} is member {member}"),
            Self::Learning(members) => write!(f, "{} as learner", List(members)),
            Self::CatchingUp(members) => write!(f, "waiting for {} to catch up", List(members)),
            Self::Voting(members) => write!(f, "{} as voter", List(members)),
        }
    }
}

struct List<'a>(&'a [MemberId]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.len() == 1 { "member " } else { "members " })?;
        for (position, member) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            member.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_sentences_for_people() {
        let members: Vec<_> = [2, 3].into_iter().filter_map(MemberId::new).collect();
        assert_eq!(ClusterStep::CatchingUp(members.clone()).to_string(), "waiting for members 2, 3 to catch up");
        assert_eq!(ClusterStep::Voting(members[..1].to_vec()).to_string(), "member 2 as voter");
    }
}
