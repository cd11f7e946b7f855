//! Reports: the resource's status, and events.
//!
//! At rest nothing is written. A status is written only if it differs from the one that is there; an event tells that
//! something happened, a step or the change of a condition, and never that nothing has changed.

#[cfg(test)]
mod catalogue;
mod error;
mod events;
mod happening;
mod reason;
mod status;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use events::Events;
pub use happening::Happening;
pub use reason::Reason;
pub use status::write_status;
