//! The calls that a node answers on its client address.

pub mod refusal;
mod validate;
