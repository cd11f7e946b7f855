//! Randomness of the operating system.

use crate::Error;

/// `N` random bytes, fit for secrets.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Error::Randomness)?;
    Ok(bytes)
}

/// A number from 0 to 1, to spread clients and their pauses. Nothing depends on its quality.
pub(crate) fn fraction() -> f64 {
    f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX)
}
