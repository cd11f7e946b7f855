//! What a resource's status tells people and tools: conditions that follow from one look and the plan made from it.
//! Pure, and the same as long as nothing happens: neither clocks nor indexes are in it.

mod conditions;
mod judgement;
#[cfg(test)]
mod tests;

pub use conditions::{Condition, ConditionKind, Conditions, Truth};
