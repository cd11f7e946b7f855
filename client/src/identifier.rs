//! Identifiers that must not be mixed up.

use std::{fmt, str::FromStr};

use crate::Error;

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
