//! What a node tells of itself: log lines and metrics.

/// Counts for `/metrics`. No metric carries a key, a query or a label per client.
#[derive(Debug, Default)]
pub struct Metrics {}
