//! How a value lies in a row: `tag (8 bytes) || [length (2 or 4 bytes)] || value || zeros`, masked.
//!
//! The mask is a pseudorandom function of the key's digest and as long as the row. The tag is zero before masking,
//! so that a masked row begins with eight pseudorandom bytes which only the right digest produces: any other row
//! passes with probability `2^-64`.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of the tag that tells a published key from any other.
pub const TAG_BYTES: u32 = 8;

/// Longest value in bytes (1 MiB), a bound against nonsense.
pub const MAX_VALUE_BYTES: u32 = 1 << 20;

/// How values lie in rows; public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueLayout {
    /// All values have exactly this length; rows carry none.
    Fixed {
        /// Length of every value in bytes.
        bytes: u32,
    },
    /// Values have any length up to a maximum; each row hides its own.
    Variable {
        /// Greatest length of a value in bytes.
        max_bytes: u32,
    },
}

impl ValueLayout {
    /// The greatest length of a value in bytes.
    pub const fn max_bytes(self) -> u32 {
        match self {
            Self::Fixed { bytes } => bytes,
            Self::Variable { max_bytes } => max_bytes,
        }
    }

    /// Bytes that the length takes in a row: none, 2, or 4 where 2 do not suffice.
    pub const fn length_bytes(self) -> u32 {
        match self {
            Self::Fixed { .. } => 0,
            Self::Variable { max_bytes } if max_bytes <= u16::MAX as u32 => 2,
            Self::Variable { .. } => 4,
        }
    }

    /// Bytes of a row: tag, length and value.
    pub const fn row_bytes(self) -> u32 {
        TAG_BYTES + self.length_bytes() + self.max_bytes()
    }

    /// Whether a value of `bytes` bytes fits.
    pub(crate) const fn admits(self, bytes: usize) -> bool {
        match self {
            Self::Fixed { bytes: exact } => bytes == exact as usize,
            Self::Variable { max_bytes } => bytes <= max_bytes as usize,
        }
    }

    /// Turns a mask of `row_bytes` bytes into the masked row of `value`, which must fit.
    pub(crate) fn seal(self, value: &[u8], mask_to_row: &mut [u8]) {
        let body = &mut mask_to_row[TAG_BYTES as usize..];
        let (length, rest) = body.split_at_mut(self.length_bytes() as usize);
        xor_into(length, &(value.len() as u32).to_le_bytes());
        xor_into(rest, value);
    }

    /// Removes the mask from `row` and returns the value if tag and length are right.
    ///
    /// The tag is compared in constant time; that it was right, and the value's length, are not hidden from whoever
    /// can time this very process.
    pub(crate) fn open(self, row: &[u8], mask: &[u8]) -> Option<Vec<u8>> {
        if row.len() != self.row_bytes() as usize || mask.len() != row.len() {
            return None;
        }
        let mut plain = Zeroizing::new(row.to_vec());
        xor_into(&mut plain, mask);
        let (tag, body) = plain.split_at(TAG_BYTES as usize);
        if !bool::from(tag.ct_eq(&[0; TAG_BYTES as usize])) {
            return None;
        }
        let (length, value) = body.split_at(self.length_bytes() as usize);
        let length = match self {
            Self::Fixed { .. } => value.len(),
            Self::Variable { .. } => little_endian(length),
        };
        value.get(..length).map(<[u8]>::to_vec)
    }
}

fn xor_into(target: &mut [u8], source: &[u8]) {
    for (byte, other) in target.iter_mut().zip(source) {
        *byte ^= other;
    }
}

fn little_endian(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(layout: ValueLayout) -> Vec<u8> {
        (0..layout.row_bytes()).map(|i| (i * 37 + 11) as u8).collect()
    }

    #[test]
    fn a_fixed_row_is_the_tag_and_the_value_under_the_mask() {
        let layout = ValueLayout::Fixed { bytes: 3 };
        let mut row = mask(layout);
        layout.seal(&[1, 2, 4], &mut row);
        // The mask ends in 51, 88, 125.
        assert_eq!(row, [11, 48, 85, 122, 159, 196, 233, 14, 50, 90, 121]);
        assert_eq!(layout.open(&row, &mask(layout)), Some(vec![1, 2, 4]));
    }

    #[test]
    fn variable_rows_carry_two_or_four_bytes_of_length() {
        assert_eq!(ValueLayout::Variable { max_bytes: 65_535 }.row_bytes(), 8 + 2 + 65_535);
        assert_eq!(ValueLayout::Variable { max_bytes: 65_536 }.row_bytes(), 8 + 4 + 65_536);
        for max_bytes in [0, 1, 300, 65_535, 65_536, 70_000] {
            let layout = ValueLayout::Variable { max_bytes };
            for length in [0, max_bytes / 2, max_bytes] {
                let value = vec![0x5a; length as usize];
                let mut row = mask(layout);
                layout.seal(&value, &mut row);
                assert_eq!(layout.open(&row, &mask(layout)), Some(value));
            }
        }
    }

    #[test]
    fn any_wrong_bit_of_the_tag_means_absent() {
        let layout = ValueLayout::Fixed { bytes: 1 };
        for bit in 0..64 {
            let mut row = mask(layout);
            row[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(layout.open(&row, &mask(layout)), None);
        }
    }

    #[test]
    fn a_length_beyond_the_row_means_absent() {
        let layout = ValueLayout::Variable { max_bytes: 4 };
        let mut row = mask(layout);
        xor_into(&mut row[8..10], &5_u16.to_le_bytes());
        assert_eq!(layout.open(&row, &mask(layout)), None);
    }

    #[test]
    fn a_row_of_another_length_means_absent() {
        let layout = ValueLayout::Fixed { bytes: 2 };
        let row = mask(layout);
        assert_eq!(layout.open(&row[..9], &mask(layout)), None);
        assert_eq!(layout.open(&[], &mask(layout)), None);
    }
}
