//! How far a long call has come.

/// Steps done out of steps known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Steps that are done.
    pub done: u64,
    /// All steps.
    pub total: u64,
}

impl Progress {
    pub(crate) fn new(done: usize, total: usize) -> Self {
        Self { done: done as u64, total: total as u64 }
    }
}

/// Takes no notice; for calls whose progress nobody watches.
pub fn unobserved<T>(_: T) {}
