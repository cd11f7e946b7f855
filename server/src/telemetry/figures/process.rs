//! What the operating system says of this process.

use std::{fmt::Error, fs};

use super::Sheet;

/// Ticks a second in which Linux counts processor time for programs, whatever the kernel's own clock.
const TICKS_PER_SECOND: f64 = 100.0;

/// What the operating system says of this process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ProcessFigures {
    /// Time on processors.
    pub(super) cpu_seconds: f64,
    /// When it started, since 1970.
    pub(super) start_seconds: f64,
    /// Memory in use.
    pub(super) resident_bytes: u64,
    /// Open files and sockets.
    pub(super) open_files: u64,
    /// Threads.
    pub(super) threads: u64,
}

impl ProcessFigures {
    /// As they are now; `None` where there is no `/proc`.
    pub(super) fn read() -> Option<Self> {
        let open_files = fs::read_dir("/proc/self/fd").ok()?.count() as u64;
        Self::parse(
            &fs::read_to_string("/proc/self/stat").ok()?,
            &fs::read_to_string("/proc/self/status").ok()?,
            &fs::read_to_string("/proc/stat").ok()?,
            open_files,
        )
    }

    /// By the names that every Prometheus client library uses.
    pub(super) fn encode(&self, sheet: &mut Sheet<'_>) -> Result<(), Error> {
        sheet.counter("process_cpu_seconds", "Time on processors", self.cpu_seconds)?;
        sheet.gauge("process_start_time_seconds", "Start, since 1970", self.start_seconds)?;
        sheet.gauge("process_resident_memory_bytes", "Memory in use", self.resident_bytes)?;
        sheet.gauge("process_open_fds", "Open files and sockets", self.open_files)?;
        sheet.gauge("process_threads", "Threads", self.threads)
    }

    /// From the texts of `/proc/self/stat`, `/proc/self/status` and `/proc/stat`.
    fn parse(stat: &str, status: &str, system: &str, open_files: u64) -> Option<Self> {
        // The program's name is in parentheses and may hold anything, so fields count from the last one. They are
        // numbered from 1 in proc(5); the first after the name is number 3.
        let (_, fields) = stat.rsplit_once(')')?;
        let field = |number: usize| fields.split_whitespace().nth(number - 3)?.parse::<f64>().ok();
        let boot: f64 = number_after(system, "btime")?.parse().ok()?;
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) / TICKS_PER_SECOND,
            start_seconds: boot + field(22)? / TICKS_PER_SECOND,
            resident_bytes: number_after(status, "VmRSS:")?.parse::<u64>().ok()? * 1024,
            open_files,
            threads: number_after(status, "Threads:")?.parse().ok()?,
        })
    }
}

/// The first word after `name` at the beginning of a line.
fn number_after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_confuses_nobody() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4 9 0 0 0 250 50 0 0 20 0 3 0 1000 9 9";
        let figures = ProcessFigures::parse(stat, "Threads:\t3\nVmRSS:\t  12 kB\n", "cpu 1 2\nbtime 1000\n", 5);
        let expected = ProcessFigures {
            cpu_seconds: 3.0,
            start_seconds: 1010.0,
            resident_bytes: 12 << 10,
            open_files: 5,
            threads: 3,
        };
        assert_eq!(figures, Some(expected));
    }

    #[test]
    fn this_process_is_read() {
        assert!(ProcessFigures::read().is_some_and(|figures| figures.resident_bytes > 0));
    }
}
