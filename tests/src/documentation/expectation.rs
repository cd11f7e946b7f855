//! Comparing what was printed with what a page shows.

/// Stands for anything: within a line for any characters, alone on a line for any lines.
const ANYTHING: &str = "...";

/// Whether `printed` is what `shown` shows. Runs of spaces count as one: the width of a table's column follows what is
/// in it. Empty lines count for nothing.
pub fn fits(shown: &[String], printed: &str) -> bool {
    let shown: Vec<String> = shown.iter().map(|line| normal(line)).filter(|line| !line.is_empty()).collect();
    let printed: Vec<String> = printed.lines().map(normal).filter(|line| !line.is_empty()).collect();
    all_fit(&shown, &printed)
}

fn normal(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn all_fit(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == ANYTHING => {
            (0..=printed.len()).any(|skipped| all_fit(rest, &printed[skipped..]))
        }
        Some((first, rest)) => match printed.split_first() {
            Some((line, others)) => line_fits(first, line) && all_fit(rest, others),
            None => false,
        },
    }
}

fn line_fits(shown: &str, line: &str) -> bool {
    let mut parts = shown.split(ANYTHING);
    let first = parts.next().unwrap_or_default();
    let Some(mut left) = line.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return left.is_empty() };
    for part in parts {
        // The earliest place leaves most to what follows.
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(shown: &str, printed: &str) -> bool {
        let shown: Vec<String> = shown.lines().map(str::to_owned).collect();
        fits(&shown, printed)
    }

    #[test]
    fn what_is_shown_must_be_printed() {
        assert!(fit("a\nb", "a\nb\n"));
        assert!(!fit("a\nb", "a\n"));
        assert!(!fit("a", "a\nb\n"));
        assert!(!fit("a", "ab"));
        assert!(!fit("ab", "a"));
    }

    #[test]
    fn spaces_and_empty_lines_do_not_count() {
        assert!(fit("NAME   AGE\n\nr1  3s", "NAME AGE\nr1     3s\n\n"));
    }

    #[test]
    fn three_dots_stand_for_anything_within_a_line() {
        assert!(fit("uid: ..., age: ...s", "uid: 5f3a, age: 12s"));
        assert!(fit("...", ""));
        assert!(!fit("uid: ..., age: ...s", "uid: 5f3a, age: 12m"));
        assert!(!fit("a...b", "axc"));
        assert!(!fit("a...a", "a"));
    }

    #[test]
    fn three_dots_alone_stand_for_any_lines() {
        assert!(fit("first\n...\nlast", "first\nlast"));
        assert!(fit("first\n...\nlast", "first\nx\nlast\ny\nlast"));
        assert!(!fit("first\n...\nlast", "first\nx"));
    }
}
