//! The state as messages.

mod member;
mod round;
mod shape;
mod spec;

pub(super) use member::{configuration, identity, member_change};
pub(super) use round::round;
pub(super) use shape::{Description, shape};
pub(super) use spec::spec;

#[cfg(test)]
mod tests;
