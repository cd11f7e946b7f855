//! Who of several operators works.
