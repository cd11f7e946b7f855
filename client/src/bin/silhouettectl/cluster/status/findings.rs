//! What is wrong with a cluster, why it matters, and what to do about it.
//!
//! Pure: findings follow from what the nodes said of themselves and from the configuration. What one finding explains
//! is not told again by another: without a leader, no member is blamed for not hearing one.

mod cluster;
mod member;
mod node;
mod seen;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use self::seen::Seen;
use super::Node;
use crate::{cluster::view::ConfigurationDocument, output::printable};

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Something that should be served is not, or is one failure away from it.
    Error,
    /// All is served; it should be looked after.
    Warning,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// With what, such as `member/3`.
    pub(crate) object: String,
    /// What was seen of it.
    pub(crate) seen: String,
    /// Why it matters.
    pub(crate) matters: &'static str,
    /// What to do.
    pub(crate) advice: String,
    /// The command to type.
    pub(crate) command: String,
}

/// Everything that is wrong, worst first.
pub(crate) fn findings(nodes: &[Node], configuration: Option<&ConfigurationDocument>) -> Vec<Finding> {
    let seen = Seen { nodes, configuration };
    if let Some(finding) = cluster::absent(&seen) {
        return vec![finding];
    }
    let mut findings: Vec<_> = cluster::findings(&seen).collect();
    findings.extend(member::findings(&seen));
    findings.extend(node::findings(&seen));
    findings.sort_by_key(|finding| finding.severity);
    findings
}

impl Finding {
    /// Whether the cluster is unhealthy because of it.
    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// For people: a line each for what was seen, why it matters, what to do, and the command.
    pub(crate) fn paragraph(&self) -> String {
        let (style, severity) = match self.severity {
            Severity::Error => (ERROR, "error"),
            Severity::Warning => (WARNING, "warning"),
        };
        let Self { object, matters, command, .. } = self;
        // Sentences of nodes are shown as they came.
        let (seen, advice) = (printable(&self.seen), printable(&self.advice));
        format!("{style}{severity}{style:#} {object}: {seen}\n  {matters}\n  {advice}\n  $ {command}\n")
    }
}

#[cfg(test)]
mod tests;
