//! Which keys were published.
/// Placeholder.
#[derive(Debug, Default)]
pub(super) struct KeyIndex;
