//! A hint or an encoding in parts, from any offset.

use bytes::Bytes;

use crate::service::refusal::Refusal;

/// What follows `offset` of the `total` bytes that `look` finds, in parts of `part_bytes`.
///
/// Parts are cut when they are asked for and share the memory of the whole, which is looked for anew each time: a
/// reader that is slow, or has stopped reading, keeps no copy of it, nor the memory of a round that is gone meanwhile.
pub(super) fn parts(
    total: usize,
    offset: u64,
    part_bytes: usize,
    look: impl Fn() -> Result<Bytes, Refusal> + Send,
) -> Result<impl Iterator<Item = Result<Bytes, Refusal>> + Send, Refusal> {
    let start = usize::try_from(offset).ok().filter(|start| *start <= total);
    let start = start.ok_or(Refusal::OffsetOutOfRange { offset, total: total as u64 })?;
    let starts = (start..total).step_by(part_bytes);
    Ok(starts.map(move |start| Ok(look()?.slice(start..total.min(start.saturating_add(part_bytes))))))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const WHOLE: &[u8] = b"0123456789";

    fn cut(offset: u64, part_bytes: usize) -> Result<Vec<Bytes>, Refusal> {
        parts(WHOLE.len(), offset, part_bytes, || Ok(Bytes::from_static(WHOLE)))?.collect()
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

    #[test]
    fn parts_share_the_memory_of_the_whole() {
        let whole = Bytes::from(vec![7; 1_000]);
        let parts = parts(whole.len(), 0, 100, || Ok(whole.clone())).expect("parts");
        let memory = whole.as_ptr_range();
        assert!(parts.map(|part| part.expect("it is there")).all(|part| memory.contains(&part.as_ptr())));
    }

    #[test]
    fn what_is_gone_is_not_kept_for_whoever_reads_it() {
        let held = AtomicBool::new(true);
        let look = || if held.load(Ordering::Relaxed) { Ok(Bytes::from_static(WHOLE)) } else { Err(Refusal::Busy) };
        let mut parts = parts(WHOLE.len(), 0, 4, look).expect("parts");
        assert_eq!(parts.next(), Some(Ok(Bytes::from_static(b"0123"))));
        held.store(false, Ordering::Relaxed);
        assert_eq!(parts.next(), Some(Err(Refusal::Busy)));
    }
}
