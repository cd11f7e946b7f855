//! The two texts in which metrics are scraped: `OpenMetrics`, and the format of before it, which `promtool` and many
//! collectors read.

/// How a scrape wants its metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposition {
    /// `OpenMetrics` 1.0.
    OpenMetrics,
    /// Prometheus' text format 0.0.4.
    Prometheus,
}

impl Exposition {
    /// What the header `Accept` asks for; without a word of `OpenMetrics` it is the older format, which everybody
    /// reads.
    pub(crate) fn asked_by(accept: Option<&str>) -> Self {
        let asks = accept.is_some_and(|accept| accept.contains("application/openmetrics-text"));
        if asks { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// The header `Content-Type`.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// Puts `OpenMetrics` text into this format.
    pub(crate) fn write(self, openmetrics: String) -> String {
        match self {
            Self::OpenMetrics => openmetrics,
            Self::Prometheus => to_prometheus(&openmetrics),
        }
    }
}

/// The older format declares a counter under its whole name, knows no `info`, no units and no end. Samples are alike.
fn to_prometheus(openmetrics: &str) -> String {
    let mut text = String::with_capacity(openmetrics.len());
    let mut help = "";
    for line in openmetrics.lines() {
        if line.starts_with("# HELP ") {
            // It is declared under the same name as the type, which follows.
            help = line.rsplit_once("# HELP ").and_then(|(_, rest)| rest.split_once(' ')).map_or("", |(_, help)| help);
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            let (suffix, kind) = match kind {
                "counter" => ("_total", kind),
                "info" => ("_info", "gauge"),
                "unknown" => ("", "untyped"),
                _ => ("", kind),
            };
            for part in ["# HELP ", name, suffix, " ", help, "\n# TYPE ", name, suffix, " ", kind, "\n"] {
                text.push_str(part);
            }
        } else if !line.starts_with("# UNIT ") && line != "# EOF" {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_format_is_for_whoever_does_not_ask_for_openmetrics() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        assert_eq!(Exposition::asked_by(Some(prometheus)), Exposition::OpenMetrics);
        for older in [None, Some("*/*"), Some("text/plain;version=0.0.4")] {
            assert_eq!(Exposition::asked_by(older), Exposition::Prometheus, "{older:?}");
        }
    }

    #[test]
    fn the_older_format_declares_what_it_shows() {
        let openmetrics = "# HELP a_seconds Time.\n# TYPE a_seconds histogram\n# UNIT a_seconds seconds\n\
                           a_seconds_sum 1.0\n# HELP b Count.\n# TYPE b counter\nb_total{c=\"d\"} 2\n\
                           # HELP e The program.\n# TYPE e info\ne_info{version=\"1\"} 1\n# EOF\n";
        let older = "# HELP a_seconds Time.\n# TYPE a_seconds histogram\na_seconds_sum 1.0\n\
                     # HELP b_total Count.\n# TYPE b_total counter\nb_total{c=\"d\"} 2\n\
                     # HELP e_info The program.\n# TYPE e_info gauge\ne_info{version=\"1\"} 1\n";
        assert_eq!(Exposition::Prometheus.write(openmetrics.to_owned()), older);
        assert_eq!(Exposition::OpenMetrics.write(openmetrics.to_owned()), openmetrics);
    }
}
