//! What is requested: decided from public numbers alone, before anything is. Pure.

use silhouette_pir::{Method as Cheaper, choose_method, padded_lookups};

use super::Shape;
use crate::Downloads;

/// How values are read, if it is not left to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Whatever takes fewer bytes, by the round's shape and the padded number of keys.
    #[default]
    Auto,
    /// Private queries.
    Pir,
    /// The masked encoding, whole.
    Download,
}

/// What will be requested.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Planned {
    Queries { lookups: u64 },
    Download,
}

/// Decides what is requested, from public numbers and the padded number of keys alone.
pub(super) fn plan(shape: &Shape, keys: u64, mode: Mode) -> Planned {
    let lookups = padded_lookups(keys, shape.expected_lookups());
    let cheaper = match mode {
        Mode::Auto => choose_method(shape.plan(), lookups, shape.downloads() == Downloads::Allowed),
        Mode::Pir => Cheaper::Queries,
        Mode::Download => Cheaper::Download,
    };
    match cheaper {
        Cheaper::Queries => Planned::Queries { lookups },
        Cheaper::Download => Planned::Download,
    }
}

#[cfg(test)]
mod tests {
    use silhouette_proto::v1;

    use super::*;
    use crate::retrieval::shape::tests::wire;

    fn shape(pairs: u64, downloads: v1::Downloads) -> Shape {
        let wire = v1::Shape { downloads: downloads.into(), ..wire(1, pairs) };
        Shape::from_wire(&wire).expect("a description")
    }

    #[test]
    fn the_plan_follows_from_the_padded_number_of_keys() {
        let shape = shape(1 << 17, v1::Downloads::Forbidden);
        for (keys, lookups) in [(1, 6), (6, 6), (7, 12), (12, 12), (13, 18)] {
            assert_eq!(plan(&shape, keys, Mode::Auto), Planned::Queries { lookups }, "{keys} keys");
            assert_eq!(plan(&shape, keys, Mode::Pir), Planned::Queries { lookups }, "{keys} keys");
        }
    }

    #[test]
    fn the_cheaper_way_is_taken_unless_one_is_demanded_or_forbidden() {
        let (small, large) = (shape(100, v1::Downloads::Allowed), shape(1 << 18, v1::Downloads::Allowed));
        assert_eq!(plan(&small, 1, Mode::Auto), Planned::Download);
        assert_eq!(plan(&large, 1, Mode::Auto), Planned::Queries { lookups: 6 });
        assert_eq!(plan(&large, 100_000, Mode::Auto), Planned::Download);
        assert_eq!(plan(&small, 1, Mode::Pir), Planned::Queries { lookups: 6 });
        assert_eq!(plan(&large, 1, Mode::Download), Planned::Download);
        let closed = shape(100, v1::Downloads::Forbidden);
        assert_eq!(plan(&closed, 1, Mode::Auto), Planned::Queries { lookups: 6 });
    }
}
