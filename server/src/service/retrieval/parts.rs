//! A hint or an encoding in parts, from any offset.

use bytes::Bytes;

use crate::service::refusal::Refusal;

/// What follows `offset` in parts of `part_bytes`, which share the memory of `whole`.
pub(super) fn parts(
    whole: Bytes,
    offset: u64,
    part_bytes: usize,
) -> Result<impl Iterator<Item = Bytes> + Send + use<>, Refusal> {
    let total = whole.len();
    let start = usize::try_from(offset).ok().filter(|start| *start <= total);
    let start = start.ok_or(Refusal::OffsetOutOfRange { offset, total: total as u64 })?;
    let starts = (start..total).step_by(part_bytes);
    Ok(starts.map(move |start| whole.slice(start..total.min(start.saturating_add(part_bytes)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(offset: u64, part_bytes: usize) -> Result<Vec<Bytes>, Refusal> {
        parts(Bytes::from_static(b"0123456789"), offset, part_bytes).map(Iterator::collect)
    }

    #[test]
    fn parts_add_up_to_what_follows_the_offset() {
        assert_eq!(cut(0, 4).expect("parts"), ["0123", "4567", "89"]);
        assert_eq!(cut(3, 7).expect("parts"), ["3456789"]);
        assert_eq!(cut(9, usize::MAX).expect("parts"), ["9"]);
    }

    #[test]
    fn nothing_follows_the_end_and_what_is_past_it_is_refused() {
        assert_eq!(cut(10, 4), Ok(Vec::new()));
        for offset in [11, u64::MAX] {
            assert_eq!(cut(offset, 4), Err(Refusal::OffsetOutOfRange { offset, total: 10 }));
        }
    }
}
