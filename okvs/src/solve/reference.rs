//! The naive twin of the solver: the same choice of pivots on a dense matrix, no bands, no buffers.
//!
//! Given the cells of free columns a solvable system has one solution, so both must agree to the byte.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::{Arena, Dimensions, FreeCells, Singular, System, solve};

#[derive(Clone, Debug)]
struct Equation {
    start: usize,
    coefficients: Vec<u8>,
    row: Vec<u8>,
}

impl System for &[Equation] {
    fn len(&self) -> usize {
        <[Equation]>::len(self)
    }

    fn start(&self, index: usize) -> u32 {
        self[index].start as u32
    }

    fn write(&mut self, index: usize, coefficients: &mut [u8], row: &mut [u8]) {
        coefficients.copy_from_slice(&self[index].coefficients);
        row.copy_from_slice(&self[index].row);
    }
}

/// Free cells that anybody can recompute.
struct PatternCells;

impl FreeCells for PatternCells {
    fn fill(&mut self, column: u32, row: &mut [u8]) {
        for (index, cell) in (0_u32..).zip(row) {
            *cell = (column * 31 + index * 7 + 3) as u8;
        }
    }
}

/// Solves by whole rows of a dense matrix; the right-hand sides are its last `row_bytes` columns.
fn solve_densely(equations: &[Equation], dimensions: Dimensions) -> Result<Vec<u8>, Singular> {
    let (columns, row_bytes) = (dimensions.rows, dimensions.row_bytes);
    let mut waiting: Vec<Vec<u8>> = equations
        .iter()
        .map(|equation| {
            let mut dense = vec![0; columns];
            dense[equation.start..][..dimensions.band].copy_from_slice(&equation.coefficients);
            dense.extend(&equation.row);
            dense
        })
        .collect();
    let mut pivots = Vec::new();
    let mut unknowns = vec![vec![0_u8; row_bytes]; columns];
    for column in 0..columns {
        if let Some(index) = waiting.iter().position(|dense| dense[column] % 2 == 1) {
            let pivot = waiting.remove(index);
            let inverse = (1..=255_u8).find(|x| x.wrapping_mul(pivot[column]) == 1).expect("odd");
            for dense in &mut waiting {
                let factor = dense[column].wrapping_mul(inverse);
                for (entry, other) in dense.iter_mut().zip(&pivot) {
                    *entry = entry.wrapping_sub(factor.wrapping_mul(*other));
                }
            }
            pivots.push((column, pivot));
        } else {
            PatternCells.fill(column as u32, &mut unknowns[column]);
            for dense in &mut waiting {
                let entry = std::mem::take(&mut dense[column]);
                for (byte, cell) in dense[columns..].iter_mut().zip(&unknowns[column]) {
                    *byte = byte.wrapping_sub(entry.wrapping_mul(*cell));
                }
            }
        }
    }
    if !waiting.is_empty() {
        return Err(Singular);
    }
    for (column, pivot) in pivots.iter().rev() {
        let inverse = (1..=255_u8).find(|x| x.wrapping_mul(pivot[*column]) == 1).expect("odd");
        for byte in 0..row_bytes {
            let known = (column + 1..columns)
                .fold(0_u8, |sum, later| sum.wrapping_add(pivot[later].wrapping_mul(unknowns[later][byte])));
            unknowns[*column][byte] = pivot[columns + byte].wrapping_sub(known).wrapping_mul(inverse);
        }
    }
    Ok(unknowns.concat())
}

/// Random systems from hopeless to easy: bands of 1 to 40 columns, loads up to full.
fn systems() -> impl Strategy<Value = (Dimensions, Vec<Equation>)> {
    (1_usize..40, 0_usize..120, 0_usize..40, 1_usize..40).prop_flat_map(|(band, equations, spare, row_bytes)| {
        let rows = (equations + spare).max(band);
        let dimensions = Dimensions { equations, rows, band, row_bytes };
        let equation =
            (0..=rows - band, prop::collection::vec(0..=1_u8, band), prop::collection::vec(any::<u8>(), row_bytes))
                .prop_map(|(start, coefficients, row)| Equation { start, coefficients, row });
        prop::collection::vec(equation, equations).prop_map(move |mut equations| {
            equations.sort_by_key(|equation| equation.start);
            (dimensions, equations)
        })
    })
}

proptest! {
    #![proptest_config(Config { cases: 2_000, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_banded_solver_agrees_with_dense_elimination((dimensions, equations) in systems()) {
        let mut arena = Arena::new(dimensions);
        // What a shard left behind must not matter to the next.
        arena.active.fill(0xa5);
        arena.pivots.fill(0xa5);
        arena.unknowns.fill(0xa5);
        let mut cells = vec![0; dimensions.rows * dimensions.row_bytes];
        let solved = solve(&mut equations.as_slice(), &mut PatternCells, &mut arena, &mut cells);
        prop_assert_eq!(solved.map(|()| cells), solve_densely(&equations, dimensions));
    }
}

#[test]
fn the_random_systems_are_both_solvable_and_singular_often_enough() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(1), ..Config::default() });
    let strategy = systems();
    let solvable = (0..500)
        .filter(|_| {
            let (dimensions, equations) = strategy.new_tree(&mut runner).expect("generates").current();
            equations.len() > 5 && solve_densely(&equations, dimensions).is_ok()
        })
        .count();
    assert!((50..450).contains(&solvable), "{solvable} of 500 are solvable");
}
