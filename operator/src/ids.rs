//! Names and numbers that must not be mixed up.

use std::fmt;

/// Declares a newtype over a text.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text!(
    /// What all members of one cluster say that they belong to.
    ClusterId
);
text!(
    /// A data directory: a wiped disk is another instance.
    InstanceId
);
text!(
    /// The API server's name of one object, never used again.
    Uid
);
text!(
    /// The API server's version of one object: whoever writes says which they saw.
    ResourceVersion
);
text!(
    /// A version of the pods' template: `controller-revision-hash`.
    Revision
);

/// A pod's place in its StatefulSet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(pub u32);

impl Ordinal {
    /// How many places reach up to this one.
    pub const fn places(self) -> u32 {
        self.0.saturating_add(1)
    }
}

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A member's number within its cluster, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u64);

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Log index of a configuration: whoever changes members says which configuration they saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConfigurationIndex(pub u64);

impl fmt::Display for ConfigurationIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
