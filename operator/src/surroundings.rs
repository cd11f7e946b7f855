//! What looking and carrying out need.
