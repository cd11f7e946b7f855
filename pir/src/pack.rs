//! Words of fewer than 32 bits, laid end to end: word `i` takes the bits from `i * bits` on, least significant first.
//!
//! A word is the most significant bits of one modulo `2^32`, rounded to nearest: [`round`] and [`widen`] go between
//! the two. Both are linear up to the rounding, wraps included. Nothing here depends on the words' values.

use crate::lwe::MODULUS_BITS;

/// Why bytes are not packed words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PackError {
    /// Fewer or more bytes than the words take.
    Length,
    /// Bits beyond the last word that are not zero.
    StrayBits,
}

/// Bytes that `words` words of `bits` bits take.
pub(crate) const fn packed_bytes(words: u64, bits: u32) -> u64 {
    (words * bits as u64).div_ceil(8)
}

/// The `bits` most significant bits of `word`, rounded to nearest. What rounds up past the modulus wraps.
pub(crate) const fn round(word: u32, bits: u32) -> u32 {
    let cut = MODULUS_BITS - bits;
    if cut == 0 { word } else { word.wrapping_add(1 << (cut - 1)) >> cut }
}

/// The word whose most significant bits these are.
pub(crate) const fn widen(rounded: u32, bits: u32) -> u32 {
    rounded << (MODULUS_BITS - bits)
}

/// Rounds words to `bits` bits and lays them end to end.
pub(crate) fn pack(words: &[u32], bits: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(packed_bytes(words.len() as u64, bits) as usize);
    let mut pending = 0_u64;
    let mut pending_bits = 0;
    for word in words {
        pending |= u64::from(round(*word, bits)) << pending_bits;
        pending_bits += bits;
        while pending_bits >= 8 {
            bytes.push(pending as u8);
            pending >>= 8;
            pending_bits -= 8;
        }
    }
    if pending_bits > 0 {
        bytes.push(pending as u8);
    }
    bytes
}

/// Reads `words` words of `bits` bits and widens them.
pub(crate) fn unpack(bytes: &[u8], words: usize, bits: u32) -> Result<Vec<u32>, PackError> {
    if bytes.len() as u64 != packed_bytes(words as u64, bits) {
        return Err(PackError::Length);
    }
    let mask = (1_u64 << bits) - 1;
    let mut bytes = bytes.iter();
    let mut pending = 0_u64;
    let mut pending_bits = 0;
    let unpacked = std::iter::repeat_with(|| {
        while pending_bits < bits {
            // The length was checked: there is a byte for every bit that is asked for.
            pending |= u64::from(*bytes.next().unwrap_or(&0)) << pending_bits;
            pending_bits += 8;
        }
        let rounded = (pending & mask) as u32;
        pending >>= bits;
        pending_bits -= bits;
        widen(rounded, bits)
    });
    let unpacked = unpacked.take(words).collect();
    if pending == 0 { Ok(unpacked) } else { Err(PackError::StrayBits) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_lie_end_to_end_with_their_least_significant_bits_first() {
        let words = [1, 2, 0x3ff_ffff].map(|rounded| widen(rounded, 26));
        assert_eq!(pack(&words, 26), [0x01, 0, 0, 0x08, 0, 0, 0xf0, 0xff, 0xff, 0x3f]);
    }

    #[test]
    fn words_are_rounded_to_nearest_and_wrap() {
        assert_eq!(round(0x0000_7fff, 16), 0);
        assert_eq!(round(0x0000_8000, 16), 1);
        assert_eq!(round(0xffff_8000, 16) & 0xffff, 0);
        assert_eq!(round(u32::MAX, 32), u32::MAX);
    }

    #[test]
    fn wrong_lengths_and_stray_bits_are_refused() {
        let packed = pack(&[u32::MAX << 6; 3], 26);
        assert_eq!(packed.len(), 10);
        assert_eq!(unpack(&packed[..9], 3, 26), Err(PackError::Length));
        assert_eq!(unpack(&[&packed[..], &[0]].concat(), 3, 26), Err(PackError::Length));
        for stray in [0x40, 0x80] {
            let mut packed = packed.clone();
            packed[9] |= stray;
            assert_eq!(unpack(&packed, 3, 26), Err(PackError::StrayBits));
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back_rounded(words in prop::collection::vec(any::<u32>(), 0..70), bits in 8_u32..=32) {
            let packed = pack(&words, bits);
            prop_assert_eq!(packed.len() as u64, packed_bytes(words.len() as u64, bits));
            let unpacked = unpack(&packed, words.len(), bits);
            let expected: Vec<u32> = words.iter().map(|word| widen(round(*word, bits), bits)).collect();
            prop_assert_eq!(unpacked.as_ref(), Ok(&expected));
            let half = (1_u64 << (32 - bits)) / 2;
            for (word, rounded) in words.iter().zip(&expected) {
                let error = i64::from(word.wrapping_sub(*rounded) as i32);
                prop_assert!(error.unsigned_abs() <= half, "{} became {}", word, rounded);
            }
            prop_assert_eq!(pack(&expected, bits), packed);
        }

        #[test]
        fn any_bytes_without_stray_bits_are_words(bytes in prop::collection::vec(any::<u8>(), 21)) {
            // 8 words of 21 bits.
            let words = unpack(&bytes, 8, 21);
            prop_assert_eq!(words.map(|words| pack(&words, 21)), Ok(bytes));
        }
    }
}
