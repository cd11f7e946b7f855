//! Queries against the formula, noise against its bound, and vectors that pin every byte.

use std::num::NonZeroUsize;

use silhouette_okvs::{Shape, ValueLayout};

use super::*;
use crate::lwe::{LweParameters, Sigma};
use crate::noise::{planned_squares, within_bound};
use crate::{Database, hint_digest, reference};

fn plan(capacity: u64, shards: u32, bytes: u32, lwe: LweParameters) -> Plan {
    let shape = Shape::plan(capacity, shards, ValueLayout::Fixed { bytes }).expect("plans");
    Plan::from_parts(shape, lwe).expect("within the bound")
}

fn client(plan: &Plan) -> (Client, silhouette_okvs::Encoding, Database) {
    let (encoding, database) = reference::database(plan, plan.shape().capacity());
    let hint = Hint::from_bytes(plan, &database.hint(NonZeroUsize::MIN).to_bytes()).expect("a hint");
    let client = Client::new(*plan, *encoding.parameters(), hint).expect("belong together");
    (client, encoding, database)
}

/// A seed that no other query of a test has.
fn seed(number: u64) -> QuerySeed {
    QuerySeed::known(*blake3::hash(&number.to_le_bytes()).as_bytes())
}

#[test]
fn a_query_is_the_public_matrix_times_the_secret_plus_error_plus_coefficients() {
    for lwe in Sigma::ALL.map(LweParameters::planned) {
        let plan = plan(3_000, 1, 8, lwe);
        let (client, encoding, _) = client(&plan);
        let (query, _) = client.query_from(b"a key", seed(1));

        let (secret, errors) = seed(1).expand(lwe.sigma(), plan.rows());
        let mut words: Vec<u32> = PublicMatrix::expand(encoding.parameters().hash_seed(), plan.rows())
            .polynomials()
            .flat_map(|polynomial| reference::negacyclic_product(&polynomial, secret.coefficients()))
            .collect();
        let probe = encoding.parameters().probe(b"a key");
        for (row, word) in words.iter_mut().enumerate().take(plan.rows()) {
            *word = word.wrapping_add(errors[row].cast_unsigned());
            if let Some(column) = row.checked_sub(probe.start() as usize)
                && column < plan.shape().band_width() as usize
                && probe.coefficients()[column / 64] >> (column % 64) & 1 == 1
            {
                *word = word.wrapping_add(1 << 24);
            }
        }
        assert!(query == pack(&words[..plan.rows()], 26));
    }
}

#[test]
fn secret_and_error_are_independent_of_each_other_and_of_other_seeds() {
    let (secret, errors) = seed(1).expand(Sigma::ThirtyTwo, 2_000);
    let (other, _) = seed(2).expand(Sigma::ThirtyTwo, 2_000);
    assert_eq!((secret.coefficients().len(), errors.len()), (DIMENSION, 2_000));
    let correlation = |left: &[i32], right: &[i32]| {
        let products: i64 = left.iter().zip(right).map(|(left, right)| i64::from(left * right)).sum();
        products as f64 / (32.0_f64.powi(2) * (DIMENSION as f64).sqrt())
    };
    for other in [&errors[..DIMENSION], &errors[2_000 - DIMENSION..], other.coefficients()] {
        let deviations = correlation(secret.coefficients(), other);
        assert!(deviations.abs() < 5.0, "{deviations}");
    }
    assert!(correlation(secret.coefficients(), secret.coefficients()) > 25.0, "a negative control");
}

/// What an answer's noise is made of, by the formula of the noise's bound, for a column with these squares.
fn variance(lwe: &LweParameters, squares: f64) -> f64 {
    let rounding = |bits: u32| if bits == 32 { 0.0 } else { 4.0_f64.powi(32 - bits as i32) / 12.0 };
    let gaussian = f64::from(lwe.sigma().value()).powi(2) + 1.0 / 12.0;
    let hint = DIMENSION as f64 * gaussian * rounding(lwe.hint_bits());
    (gaussian + rounding(lwe.query_bits())) * squares + hint + rounding(lwe.answer_bits())
}

/// Mean of the squared noise over its variance, and the greatest noise in standard deviations, over so many queries.
fn measure(plan: &Plan, queries: u64) -> (f64, f64) {
    let (client, encoding, database) = client(plan);
    let columns = reference::columns(&encoding);
    let squares = columns.iter().map(|column| column.iter().map(|byte| f64::from(byte.cast_signed()).powi(2)).sum());
    let deviations: Vec<f64> = squares.map(|squares| variance(plan.lwe(), squares).sqrt()).collect();
    let (mut sum, mut greatest) = (0.0, 0.0_f64);
    for number in 0..queries {
        let key = number.to_le_bytes();
        let (query, pending) = client.query_from(&key, seed(number));
        let phases = pending.phases(&database.answer(&query).expect("a query")).expect("an answer");
        let selection = Selection::place(&encoding.parameters().probe(&key), plan.rows());
        let selected: Vec<u32> = selection.bits().collect();
        for ((column, phase), deviation) in columns.iter().zip(&*phases).zip(&deviations) {
            let digit =
                column.iter().zip(&selected).fold(0, |sum: u32, (byte, bit)| sum.wrapping_add(u32::from(*byte) * bit));
            let noise = f64::from(phase.wrapping_sub(digit << DIGIT_SHIFT).cast_signed()) / deviation;
            sum += noise * noise;
            greatest = greatest.max(noise.abs());
        }
    }
    (sum / (queries * columns.len() as u64) as f64, greatest)
}

#[test]
fn noise_is_what_the_bound_is_computed_from() {
    let coarse = |query, hint, answer| LweParameters::new(Sigma::ThirtyTwo, query, hint, answer).expect("valid");
    let plans = [
        plan(1_024, 1, 8, LweParameters::planned(Sigma::Sixteen)),
        plan(30_000, 1, 40, LweParameters::planned(Sigma::ThirtyTwo)),
        plan(4_000, 3, 24, coarse(32, 32, 32)),
        // One kind of rounding each that outweighs all else.
        plan(4_000, 3, 24, coarse(23, 32, 32)),
        plan(4_000, 3, 24, coarse(32, 21, 32)),
        plan(4_000, 3, 24, coarse(32, 32, 12)),
    ];
    for plan in plans {
        let (mean, greatest) = measure(&plan, 150);
        assert!((0.85..1.15).contains(&mean), "{mean} times the variance with {:?}", plan.lwe());
        assert!(greatest < 6.0, "{greatest} standard deviations with {:?}", plan.lwe());
    }
}

/// The bound as it is stated: `row_bytes erfc(2^23 / sqrt(2 Var)) <= 2^-40`, by a continued fraction of `erfc`.
#[test]
fn what_passes_the_bound_passes_it_in_floating_point() {
    let complement = |x: f64| {
        let fraction = (1..=80).rev().fold(x, |rest, term| x + f64::from(term) / 2.0 / rest);
        (-x * x).exp() / (fraction * std::f64::consts::PI.sqrt())
    };
    for lwe in Sigma::ALL.map(LweParameters::planned) {
        for row_bytes in [8, 16, 1_032, 1 << 20] {
            for rows in (1_000..400_000).step_by(97) {
                let deviation = variance(&lwe, planned_squares(rows) as f64).sqrt();
                let error = f64::from(row_bytes) * complement(2_f64.powi(23) / (2_f64.sqrt() * deviation));
                let passes = within_bound(&lwe, row_bytes, planned_squares(rows));
                assert!(!passes || error <= 2_f64.powi(-40), "{rows} rows of {row_bytes} bytes: {error}");
                assert!(passes || error >= 0.95 * 2_f64.powi(-40), "{rows} rows of {row_bytes} bytes: {error}");
            }
        }
    }
}

/// Pearson's statistic of a query's bytes, in standard deviations above its mean.
fn unevenness(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let expected = bytes.len() as f64 / 256.0;
    let statistic: f64 = counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
    (statistic - 255.0) / 510_f64.sqrt()
}

#[test]
fn queries_look_uniform_whatever_the_key() {
    let lwe = LweParameters::new(Sigma::ThirtyTwo, 32, 21, 16).expect("valid");
    let plan = plan(30_000, 1, 8, lwe);
    let (client, encoding, _) = client(&plan);
    for (number, key) in [&b"a"[..], b"another key", &5_u64.to_le_bytes(), &[0; 1_000]].into_iter().enumerate() {
        let (query, _) = client.query_from(key, seed(number as u64));
        assert!(unevenness(&query).abs() < 5.5, "key {number}");
    }
    // Error and coefficients alone are caught.
    let (_, errors) = seed(1).expand(Sigma::ThirtyTwo, plan.rows());
    let selection = Selection::place(&encoding.parameters().probe(b"a"), plan.rows());
    let bare: Vec<u32> =
        errors.iter().zip(selection.bits()).map(|(error, bit)| error.cast_unsigned().wrapping_add(bit << 24)).collect();
    assert!(unevenness(&pack(&bare, 32)) > 5.5);
}

#[test]
fn two_queries_for_a_key_have_nothing_in_common() {
    let (client, ..) = client(&plan(1_024, 1, 8, LweParameters::planned(Sigma::ThirtyTwo)));
    let (first, _) = client.query(b"key").expect("randomness");
    let (second, _) = client.query(b"key").expect("randomness");
    let equal = first.iter().zip(&second).filter(|(first, second)| first == second).count();
    // A 256th of 3,663 bytes, and five standard deviations.
    assert!(equal < 34, "{equal} of {} bytes", first.len());
}

#[test]
fn nothing_secret_is_printed() {
    let (client, ..) = client(&plan(1_024, 1, 8, LweParameters::planned(Sigma::ThirtyTwo)));
    let (_, pending) = client.query(b"key").expect("randomness");
    assert_eq!(format!("{pending:?}"), "PendingAnswer(redacted)");
}

#[test]
fn vectors_pin_hint_query_and_answer() {
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let digest = |bytes: &[u8]| hex(&blake3::hash(bytes).as_bytes()[..8]);
    let expected = [
        (Sigma::ThirtyTwo, [-44, -8, -2, -44], "ff4292b714f5925e", "fa4355bddd7e28f6"),
        (Sigma::Sixteen, [-22, -4, -1, -22], "324953df9c8c993f", "73cece02ae84c776"),
    ];
    for (sigma, secrets, expected_query, expected_answer) in expected {
        let (client, encoding, database) = client(&plan(2_500, 2, 4, LweParameters::planned(sigma)));
        let matrix = PublicMatrix::expand(encoding.parameters().hash_seed(), 1);
        assert_eq!(matrix.polynomials().next().expect("a block")[0], 17_291_294);
        let hint = database.hint(NonZeroUsize::MIN).to_bytes();
        assert_eq!(
            (digest(&hint), hex(&hint_digest(&hint)[..8])),
            ("87d74a4531bf8121".into(), "1ec9ad26a91e131f".into())
        );

        let (secret, _) = QuerySeed::known([9; 32]).expand(sigma, 0);
        assert_eq!(secret.coefficients()[..4], secrets);
        let (query, pending) = client.query_from(&17_u64.to_le_bytes(), QuerySeed::known([9; 32]));
        let answer = database.answer(&query).expect("a query");
        assert_eq!((&*digest(&query), &*digest(&answer)), (expected_query, expected_answer));
        assert_eq!(pending.open(&answer), Ok(Some(vec![17, 0, 0, 0])));
    }
}
