//! Bytes that are no query, hint or answer are refused by name, and nothing else happens.

use std::num::NonZeroUsize;

use proptest::prelude::*;
use silhouette_pir::okvs::{CellSeed, Encoding, HashSeed, Shape, ValueLayout, encode};
use silhouette_pir::{
    AnswerError, Client, ClientError, Database, Hint, HintError, LweParameters, Plan, PlanError, QueryError, Sigma,
};

/// 1,127 rows: a query's 26-bit words leave two bits over, and nine columns' 15-bit words leave one.
fn plan() -> Plan {
    let shape = Shape::plan(1_024, 1, ValueLayout::Fixed { bytes: 1 }).expect("plans");
    Plan::from_parts(shape, LweParameters::new(Sigma::ThirtyTwo, 26, 21, 15).expect("valid")).expect("within the bound")
}

fn encoding(plan: &Plan) -> Encoding {
    let (hash_seed, cell_seed) = (HashSeed::from_bytes([1; 32]), CellSeed::from_bytes([2; 32]));
    let accept = |encoding: &_| plan.accepts(encoding);
    encode(&[("key", [7])], plan.shape(), &hash_seed, &cell_seed, NonZeroUsize::MIN, accept).expect("encodes")
}

fn server(plan: &Plan) -> (Database, Client) {
    let encoding = encoding(plan);
    let database = Database::new(plan, &encoding).expect("fits");
    let client = Client::new(*plan, *encoding.parameters(), database.hint(NonZeroUsize::MIN));
    (database, client.expect("belong together"))
}

#[test]
fn queries_of_another_length_are_refused() {
    let plan = plan();
    let (database, client) = server(&plan);
    let (query, _) = client.query(b"key").expect("randomness");
    for found in [0, 1, query.len() - 1, query.len() + 1, 2 * query.len()] {
        let wrong: Vec<u8> = query.iter().copied().cycle().take(found).collect();
        let refused = QueryError::Length { expected: plan.query_bytes(), found: found as u64 };
        assert_eq!(database.answer(&wrong), Err(refused));
    }
}

#[test]
fn queries_with_stray_bits_are_refused() {
    let (database, client) = server(&plan());
    let (query, _) = client.query(b"key").expect("randomness");
    for stray in [0x40, 0x80, 0xc0] {
        let mut wrong = query.clone();
        *wrong.last_mut().expect("not empty") |= stray;
        assert_eq!(database.answer(&wrong), Err(QueryError::StrayBits));
    }
    assert!(database.answer(&query).is_ok());
}

#[test]
fn answers_of_another_length_or_with_stray_bits_are_refused() {
    let plan = plan();
    let (database, client) = server(&plan);
    let open = |change: &dyn Fn(&mut Vec<u8>)| {
        let (query, pending) = client.query(b"key").expect("randomness");
        let mut answer = database.answer(&query).expect("a query");
        change(&mut answer);
        pending.open(&answer)
    };
    let refused = |found| Err(AnswerError::Length { expected: 17, found });
    assert_eq!(open(&Vec::clear), refused(0));
    assert_eq!(open(&|answer| answer.truncate(16)), refused(16));
    assert_eq!(open(&|answer| answer.push(0)), refused(18));
    assert_eq!(open(&|answer| answer[16] |= 0x80), Err(AnswerError::StrayBits));
    assert_eq!(open(&|_| ()), Ok(Some(vec![7])));
}

#[test]
fn an_answer_to_another_query_reads_as_absent() {
    let (database, client) = server(&plan());
    let (query, _) = client.query(b"key").expect("randomness");
    let (_, pending) = client.query(b"key").expect("randomness");
    assert_eq!(pending.open(&database.answer(&query).expect("a query")), Ok(None));
}

#[test]
fn hints_of_another_length_are_refused() {
    let plan = plan();
    let hint = server(&plan).0.hint(NonZeroUsize::MIN).to_bytes();
    for found in [0, 1, hint.len() - 1, hint.len() + 1] {
        let wrong: Vec<u8> = hint.iter().copied().cycle().take(found).collect();
        let refused = HintError::Length { expected: plan.hint_bytes(), found: found as u64 };
        assert_eq!(Hint::from_bytes(&plan, &wrong), Err(refused));
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let plan = plan();
    let encoding = encoding(&plan);
    let hint = Database::new(&plan, &encoding).expect("fits").hint(NonZeroUsize::MIN);
    let longer = Plan::new(1_024, ValueLayout::Fixed { bytes: 2 }, 6).expect("plans");
    assert_eq!(Database::new(&longer, &encoding).map(|_| ()), Err(PlanError::OtherShape));
    let client = |plan, hint| Client::new(plan, *encoding.parameters(), hint).map(|_| ());
    assert_eq!(client(longer, hint.clone()), Err(ClientError::OtherShape));

    let other_words = LweParameters::new(Sigma::ThirtyTwo, 26, 22, 15).expect("valid");
    let finer = Plan::from_parts(*plan.shape(), other_words).expect("within the bound");
    assert_eq!(client(finer, hint.clone()), Err(ClientError::OtherHint));
    assert_eq!(client(plan, hint), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered_or_refused(query in prop::collection::vec(any::<u8>(), 3_660..3_667)) {
        let plan = plan();
        // Whether bytes are a query is a matter of their length and last bits.
        let expected = query.len() as u64 == plan.query_bytes() && query[query.len() - 1] < 0x40;
        let database = DATABASE.with(|database| database.answer(&query));
        prop_assert_eq!(database.is_ok(), expected);
        if let Ok(answer) = database {
            prop_assert_eq!(answer.len() as u64, plan.answer_bytes());
        }
    }
}

thread_local! {
    static DATABASE: Database = server(&plan()).0;
}
