//! Three statistics of byte columns: histogram, mean of each column, serial correlation within columns.

/// Two-sided normal quantile for `p = 1e-6`.
const SINGLE_QUANTILE: f64 = 4.892;

/// The same for sixteen comparisons at once: `p = 1e-6 / 16`.
const SIXTEENTH_QUANTILE: f64 = 5.412;

const UNIFORM_MEAN: f64 = 127.5;
const UNIFORM_VARIANCE: f64 = (256.0 * 256.0 - 1.0) / 12.0;

/// A statistic beyond its quantile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deviation {
    Histogram,
    Mean { column: usize },
    SerialCorrelation,
}

/// Counts over the rows of any number of encodings.
pub(super) struct Columns {
    histogram: [u64; 256],
    sums: Vec<u64>,
    rows: u64,
    /// Products of each byte's and its lower neighbour's distance from the uniform mean, and their number.
    products: f64,
    neighbours: u64,
}

impl Columns {
    pub(super) fn new(row_bytes: usize) -> Self {
        Self { histogram: [0; 256], sums: vec![0; row_bytes], rows: 0, products: 0.0, neighbours: 0 }
    }

    pub(super) fn add(&mut self, cells: &[u8]) {
        let row_bytes = self.sums.len();
        for row in cells.chunks_exact(row_bytes) {
            self.rows += 1;
            for (byte, sum) in row.iter().zip(&mut self.sums) {
                self.histogram[usize::from(*byte)] += 1;
                *sum += u64::from(*byte);
            }
        }
        for (byte, below) in cells.iter().zip(cells.iter().skip(row_bytes)) {
            self.products += (f64::from(*byte) - UNIFORM_MEAN) * (f64::from(*below) - UNIFORM_MEAN);
            self.neighbours += 1;
        }
    }

    fn bytes(&self) -> f64 {
        self.rows as f64 * self.sums.len() as f64
    }

    fn mean(&self, column: usize) -> f64 {
        self.sums[column] as f64 / self.rows as f64
    }

    /// The sum of products in standard deviations of what uniform bytes give.
    fn correlation(&self) -> f64 {
        self.products / (UNIFORM_VARIANCE * (self.neighbours as f64).sqrt())
    }

    /// Compares with uniformly random bytes.
    pub(super) fn deviations_from_uniform(&self) -> Vec<Deviation> {
        let expected = self.bytes() / 256.0;
        let chi_square = self.histogram.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();
        let mean_deviation = (UNIFORM_VARIANCE / self.rows as f64).sqrt();
        let means = (0..self.sums.len()).map(|column| (self.mean(column) - UNIFORM_MEAN) / mean_deviation);
        deviations(chi_square, means, self.correlation())
    }

    /// Compares with other encodings.
    pub(super) fn deviations_from(&self, other: &Self) -> Vec<Deviation> {
        let (ours, theirs) = (self.bytes(), other.bytes());
        let chi_square = self.histogram.iter().zip(&other.histogram).map(|(our, their)| {
            let (our, their) = (*our as f64, *their as f64);
            (our * (theirs / ours).sqrt() - their * (ours / theirs).sqrt()).powi(2) / (our + their)
        });
        let mean_deviation = (UNIFORM_VARIANCE * (1.0 / self.rows as f64 + 1.0 / other.rows as f64)).sqrt();
        let means = (0..self.sums.len()).map(|column| (self.mean(column) - other.mean(column)) / mean_deviation);
        let correlation = (self.correlation() - other.correlation()) / 2.0_f64.sqrt();
        deviations(chi_square.sum(), means, correlation)
    }
}

fn deviations(chi_square: f64, means: impl Iterator<Item = f64>, correlation: f64) -> Vec<Deviation> {
    let histogram = (chi_square_to_normal(chi_square, 255.0).abs() > SINGLE_QUANTILE).then_some(Deviation::Histogram);
    let means = means
        .enumerate()
        .filter(|(_, deviation)| deviation.abs() > SIXTEENTH_QUANTILE)
        .map(|(column, _)| Deviation::Mean { column });
    let correlation = (correlation.abs() > SINGLE_QUANTILE).then_some(Deviation::SerialCorrelation);
    histogram.into_iter().chain(means).chain(correlation).collect()
}

/// Wilson and Hilferty's cube root: a chi-square variable with many degrees of freedom as a standard normal one.
fn chi_square_to_normal(chi_square: f64, freedom: f64) -> f64 {
    let variance = 2.0 / (9.0 * freedom);
    ((chi_square / freedom).cbrt() - (1.0 - variance)) / variance.sqrt()
}

#[test]
fn chi_square_quantiles_are_those_of_the_tables() {
    // 255 degrees of freedom: the median is 254.33, the upper 0.1 % begins at 330.52.
    assert!(chi_square_to_normal(254.33, 255.0).abs() < 0.01);
    assert!((chi_square_to_normal(330.52, 255.0) - 3.090).abs() < 0.01);
}
