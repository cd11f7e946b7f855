//! How a step ended: what the loop does next depends on it, and nothing else of an error.

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// What was to be done is done, or was already.
    Done,
    /// The world is not the one that was seen any more: look and plan again.
    Overtaken,
    /// Not now: the budget says no, or nobody answers. The same step may work later.
    Postponed,
    /// It will not work, however often it is tried: people must change something.
    Refused,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Done, Self::Overtaken, Self::Postponed, Self::Refused];

    /// As metrics and logs name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Overtaken => "overtaken",
            Self::Postponed => "postponed",
            Self::Refused => "refused",
        }
    }
}
