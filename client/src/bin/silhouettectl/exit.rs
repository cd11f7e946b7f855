//! How the process ends: one code for each thing that a script may want to do next.

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It is done, or was so already.
    Done = 0,
    /// A server refused, or answered nonsense.
    Refused = 1,
    /// The command line or its input is wrong; clap's own code for it.
    Usage = 2,
    /// Nothing had to be changed, and `--error-unchanged` asks to be told.
    Unchanged = 3,
    /// No server answered, or none of them could for now.
    Unreachable = 4,
    /// The cluster is not as it should be.
    Unhealthy = 5,
    /// A change may or may not have been made.
    OutcomeUnknown = 6,
    /// It took longer than it may; the code of timeout(1).
    TimedOut = 124,
    /// Ctrl-C; the shell's code for it.
    Interrupted = 130,
}

impl Exit {
    /// The codes as `--help` explains them.
    pub(crate) const HELP: &str = "\
Exit codes:
    0  done, or already so
    1  refused by a server
    2  wrong usage or input; nothing was asked
    3  nothing changed, under --error-unchanged
    4  no server reached, or none with a leader
    5  the cluster is unhealthy (cluster status)
    6  the outcome is unknown; repeat the same command
  124  timed out
  130  interrupted";

    /// The code for an error of the client library, whatever reasons future versions know.
    ///
    /// `reason` and `retryable` are the error's own.
    pub(crate) fn of_reason(reason: &str, retryable: bool) -> Self {
        match reason {
            "OUTCOME_UNKNOWN" => Self::OutcomeUnknown,
            "TIMED_OUT" => Self::TimedOut,
            "INVALID_ARGUMENT" => Self::Usage,
            _ if retryable => Self::Unreachable,
            _ => Self::Refused,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_code() {
        let codes = [
            ("UNREACHABLE", true, Exit::Unreachable),
            ("NO_LEADER", true, Exit::Unreachable),
            ("CLUSTER_FORMING", true, Exit::Unreachable),
            ("ROUND_NOT_HELD", true, Exit::Unreachable),
            ("TIMED_OUT", true, Exit::TimedOut),
            ("OUTCOME_UNKNOWN", true, Exit::OutcomeUnknown),
            ("INVALID_ARGUMENT", false, Exit::Usage),
            ("INVALID_REQUEST", false, Exit::Refused),
            ("ROUND_NOT_FOUND", false, Exit::Refused),
            ("ALREADY_INITIALISED", false, Exit::Refused),
            ("ROUND_FAILED", false, Exit::Refused),
            ("ROUND_GONE", false, Exit::Refused),
            ("INCONSISTENT", false, Exit::Refused),
            ("FOREIGN", false, Exit::Refused),
            ("A_REASON_OF_LATER", false, Exit::Refused),
            ("A_REASON_OF_LATER", true, Exit::Unreachable),
        ];
        for (reason, retryable, exit) in codes {
            assert_eq!(Exit::of_reason(reason, retryable), exit, "{reason}");
        }
    }

    #[test]
    fn the_help_names_every_code() {
        let all = [
            Exit::Done,
            Exit::Refused,
            Exit::Usage,
            Exit::Unchanged,
            Exit::Unreachable,
            Exit::Unhealthy,
            Exit::OutcomeUnknown,
            Exit::TimedOut,
            Exit::Interrupted,
        ];
        let named: Vec<_> = Exit::HELP.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(named, all.map(|exit| (exit as u8).to_string()));
    }
}
