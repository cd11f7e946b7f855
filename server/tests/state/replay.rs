//! The same entries give the same state, whatever happens to a member in between.
