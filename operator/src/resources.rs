//! The objects that a resource asks for.
