//! Writes one figure after another.

use std::fmt::Error;

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

/// Labels of a series.
pub(super) type Labels<'a, const COUNT: usize> = [(&'static str, &'a str); COUNT];

/// Writes one figure after another.
pub(super) struct Sheet<'a> {
    pub(super) encoder: DescriptorEncoder<'a>,
}

impl Sheet<'_> {
    /// A figure that goes up and down.
    pub(super) fn gauge<N>(&mut self, name: &str, help: &str, value: N) -> Result<(), Error>
    where
        ConstGauge<N>: EncodeMetric,
    {
        self.write(name, help, &ConstGauge::new(value))
    }

    /// A figure that only grows. The encoder adds `_total` to the name.
    pub(super) fn counter<N>(&mut self, name: &str, help: &str, value: N) -> Result<(), Error>
    where
        ConstCounter<N>: EncodeMetric,
    {
        self.write(name, help, &ConstCounter::new(value))
    }

    /// Figures that go up and down, by their labels.
    pub(super) fn gauges<'l, const COUNT: usize>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Labels<'l, COUNT>, u64)>,
    ) -> Result<(), Error> {
        self.family(name, help, MetricType::Gauge, series.into_iter().map(|(labels, n)| (labels, ConstGauge::new(n))))
    }

    /// Figures that only grow, by their labels.
    pub(super) fn counters<'l, const COUNT: usize>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = (Labels<'l, COUNT>, u64)>,
    ) -> Result<(), Error> {
        let series = series.into_iter().map(|(labels, n)| (labels, ConstCounter::new(n)));
        self.family(name, help, MetricType::Counter, series)
    }

    /// A metric as it is.
    pub(super) fn write(&mut self, name: &str, help: &str, metric: &impl EncodeMetric) -> Result<(), Error> {
        metric.encode(self.encoder.encode_descriptor(name, &sentence(help), None, metric.metric_type())?)
    }

    fn family<'l, const COUNT: usize, M: EncodeMetric>(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        series: impl Iterator<Item = (Labels<'l, COUNT>, M)>,
    ) -> Result<(), Error> {
        let help = sentence(help);
        let mut family = self.encoder.encode_descriptor(name, &help, None, kind)?;
        for (labels, metric) in series {
            metric.encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

/// Help as a registry writes it.
fn sentence(help: &str) -> String {
    format!("{help}.")
}
