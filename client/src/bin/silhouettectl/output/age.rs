//! Durations at a glance, as kubectl shows them: two units at most, and the second only while it matters.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// An age, such as `90s`, `3m20s`, `45m`, `3h5m`, `20h`, `2d5h` or `10d`.
pub(crate) fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let with = |first: u64, first_unit: &str, second: u64, second_unit: &str| match second {
        0 => format!("{first}{first_unit}"),
        second => format!("{first}{first_unit}{second}{second_unit}"),
    };
    match seconds {
        ..120 => format!("{seconds}s"),
        120..600 => with(seconds / MINUTE, "m", seconds % MINUTE, "s"),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => with(seconds / HOUR, "h", seconds % HOUR / MINUTE, "m"),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => with(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
        691_200.. => format!("{}d", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_as_kubectl_shows_them() {
        let shown = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (200, "3m20s"),
            (2_700, "45m"),
            (11_100, "3h5m"),
            (72_000, "20h"),
            (190_800, "2d5h"),
            (864_000, "10d"),
        ];
        for (seconds, text) in shown {
            assert_eq!(age(Duration::from_secs(seconds)), text);
        }
    }
}
