//! What node and operator have in common in telling of themselves: log lines on standard error, and the text of metrics.

mod logs;
mod scrape;

pub use logs::{LogError, LogFormat, Logs};
pub use scrape::Family;
