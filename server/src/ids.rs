//! Names and numbers that must not be mixed up: every identifier that crosses a module border has its own type.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {rule}")]
pub struct IdError {
    kind: &'static str,
    rule: &'static str,
}

/// Declares a newtype over an integer that prints as the integer.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A member's number within its cluster; never 0, never used again.
    MemberId
);
number!(
    /// An index of the raft log.
    LogIndex
);
number!(
    /// A raft term.
    Term
);
number!(
    /// Replicated time in milliseconds; it stands still without a leader and never goes back.
    ClusterTime
);

impl ClusterTime {
    /// This time and `milliseconds` more.
    #[must_use]
    pub fn after(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

/// Declares a newtype over bytes that prints, parses and serialises as lower-case hexadecimal digits.
macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $length:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $length]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut bytes = [0; $length];
                hex::decode_to_slice(text, &mut bytes)
                    .map(|()| Self(bytes))
                    .map_err(|_| IdError {
                        kind: $kind,
                        rule: concat!("must be ", stringify!($length), " bytes in hexadecimal"),
                    })
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = IdError;

            fn try_from(bytes: &[u8]) -> Result<Self, IdError> {
                bytes.try_into().map(Self).map_err(|_| IdError {
                    kind: $kind,
                    rule: concat!("must be ", stringify!($length), " bytes"),
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}

bytes_id!(
    /// Distinguishes a round from any other, ever; drawn at random by the leader that starts it.
    RoundUid, 16, "round uid"
);
bytes_id!(
    /// One process's attempt to publish; drawn at random by the publisher.
    UploadId, 16, "upload id"
);
bytes_id!(
    /// One data directory; drawn at random when it is first used.
    InstanceId, 16, "instance id"
);
bytes_id!(
    /// Matches a log entry to the call that waits for it; drawn at random per proposal.
    ProposalId, 16, "proposal id"
);
bytes_id!(
    /// A BLAKE3 digest.
    Digest, 32, "digest"
);

/// Declares a newtype over a text with a rule.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(IdError { kind: $kind, rule: $rule })
                }
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

text_id!(
    /// The name that users give a round.
    RoundId,
    "round id",
    "must be 1 to 128 letters, digits, '-', '_', '.' or '/', beginning with a letter or digit",
    |text| {
        (1..=128).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    }
);
text_id!(
    /// The name under which a worker publishes.
    WorkerName,
    "worker name",
    "must be 1 to 128 bytes without control characters",
    |text| (1..=128).contains(&text.len()) && !text.chars().any(char::is_control)
);
text_id!(
    /// The name of a cluster, chosen once when it is created.
    ClusterId,
    "cluster id",
    "must be 1 to 64 lower-case letters, digits or '-'",
    |text| {
        (1..=64).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_read_back_what_they_print() {
        let uid = RoundUid([7; 16]);
        assert_eq!(uid.to_string().parse(), Ok(uid));
        assert_eq!("demo/r-1".parse::<RoundId>().map(String::from), Ok("demo/r-1".to_owned()));
    }

    #[test]
    fn identifiers_refuse_what_breaks_their_rule() {
        for text in ["", "-a", "a b", "a\n", &"a".repeat(129)] {
            assert!(text.parse::<RoundId>().is_err(), "{text:?}");
        }
        assert!("Cluster".parse::<ClusterId>().is_err());
        assert!("zz".parse::<RoundUid>().is_err());
        assert!("a\0".parse::<WorkerName>().is_err());
    }
}
