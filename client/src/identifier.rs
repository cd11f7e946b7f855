//! Identifiers that must not be mixed up.

use std::{fmt, str::FromStr};

use crate::{Error, random};

/// Distinguishes a round from any other, also from one that once had the same id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoundUid([u8; 16]);

impl RoundUid {
    /// The uid of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for RoundUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for RoundUid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoundUid({self})")
    }
}

impl FromStr for RoundUid {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| Error::InvalidArgument("a round uid is 32 hexadecimal digits".to_owned()))?;
        Ok(Self(bytes))
    }
}

/// How a call names a round: by the id that its users gave it, or by its uid.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoundName {
    /// The id. It names whichever round has it now.
    Id(String),
    /// The uid.
    Uid(RoundUid),
}

impl From<&str> for RoundName {
    fn from(id: &str) -> Self {
        Self::Id(id.to_owned())
    }
}

impl From<String> for RoundName {
    fn from(id: String) -> Self {
        Self::Id(id)
    }
}

impl From<RoundUid> for RoundName {
    fn from(uid: RoundUid) -> Self {
        Self::Uid(uid)
    }
}

impl fmt::Display for RoundName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Uid(uid) => uid.fmt(f),
        }
    }
}

/// A cluster's name: 1 to 64 bytes of lower-case letters, digits and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId(String);

impl ClusterId {
    const MAX_BYTES: usize = 64;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that no other cluster has.
    pub(crate) fn random() -> Result<Self, Error> {
        Ok(Self(format!("silhouette-{}", hex::encode(random::bytes::<8>()?))))
    }

    /// Reads a cluster's name off the wire.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        text.parse().map_err(|_| Error::inconsistent("the cluster's id", "it is none"))
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for ClusterId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        if fits && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return Ok(Self(text.to_owned()));
        }
        let rule = format!("a cluster id has 1 to {} lower-case letters, digits and -", Self::MAX_BYTES);
        Err(Error::InvalidArgument(rule))
    }
}

/// A member's number within its cluster; never 0, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(u64);

impl MemberId {
    /// The member of this number, unless it is 0.
    pub const fn new(number: u64) -> Option<Self> {
        if number == 0 { None } else { Some(Self(number)) }
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for MemberId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        text.parse()
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| Error::InvalidArgument("a member id is a number from 1".to_owned()))
    }
}

/// A BLAKE3 digest, in hexadecimal digits when shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest's bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads a digest off the wire.
    pub(crate) fn read(bytes: &[u8], object: &'static str) -> Result<Self, Error> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| Error::inconsistent(object, format!("a digest of {} bytes instead of 32", bytes.len())))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_survive_being_shown() {
        let uid = RoundUid::from_bytes([0xa7; 16]);
        assert_eq!(uid.to_string().parse::<RoundUid>().expect("a uid"), uid);
        let cluster = ClusterId::random().expect("random");
        assert_eq!(cluster.to_string().parse::<ClusterId>().expect("an id"), cluster);
        assert_eq!("7".parse::<MemberId>().expect("an id").get(), 7);
    }

    #[test]
    fn what_is_no_identifier_is_refused() {
        for bad in ["", "a7", &"g".repeat(32), &"a7".repeat(17)] {
            assert!(bad.parse::<RoundUid>().is_err(), "{bad}");
        }
        for bad in ["", "C1", "c_1", &"c".repeat(65)] {
            assert!(bad.parse::<ClusterId>().is_err(), "{bad}");
        }
        for bad in ["", "0", "-1", "x"] {
            assert!(bad.parse::<MemberId>().is_err(), "{bad}");
        }
    }
}
