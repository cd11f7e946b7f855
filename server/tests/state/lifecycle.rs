//! Deadlines, shredding, retention, deletion, tombstones.

use std::num::NonZeroUsize;

use silhouette_server::{
    encoding::Recipe,
    ids::MemberId,
    state::{
        Command, Due, EndCause, ExpectedPhase, OnDeadline, Phase, PhaseName, Rejection, Reply, RoundSecret, RoundSpec,
    },
};

use crate::machine::{Machine, encoded, round_id, spec, uid, worker};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

fn delete(n: u8) -> Command {
    Command::DeleteRound { uid: uid(n) }
}

fn shred(n: u8) -> Command {
    Command::Shred { uid: uid(n) }
}

fn expire(n: u8) -> Command {
    Command::Expire { uid: uid(n) }
}

#[test]
fn a_round_fails_at_its_deadline() {
    let mut machine = Machine::cluster();
    machine.start(1, RoundSpec { deadline_ms: Some(5_000), ..spec(2) }).unwrap();
    machine.publish(1, "a", 1, &[("k", "v")]).unwrap();
    machine.wait(4_999);
    assert_eq!(machine.due(), []);
    assert_eq!(machine.next_deadline(), Some(machine.now.after(1)));
    machine.wait(1);
    let [Due::Command(fail)] = &machine.due()[..] else { panic!("{:?}", machine.due()) };
    machine.apply(fail.clone()).unwrap();
    let Phase::Failed { reason, .. } = machine.round(uid(1)).unwrap().phase() else { panic!() };
    assert_eq!(reason, "its deadline passed when 1 of 2 workers had published");
    assert!(machine.chunks().is_empty(), "nobody will encode them");
    assert_eq!(machine.due(), [Due::Command(shred(1))]);
    machine.unchanged(|machine| machine.apply(fail.clone()).unwrap());
    let closed = Rejection::RoundClosed { id: round_id(1), phase: PhaseName::Failed };
    assert_eq!(machine.publish(1, "a", 1, &[("k", "v")]), Err(closed), "even what was published is gone");
}

#[test]
fn a_round_may_be_sealed_at_its_deadline_instead() {
    let mut machine = Machine::cluster();
    machine.start(1, RoundSpec { deadline_ms: Some(5_000), on_deadline: OnDeadline::Seal, ..spec(2) }).unwrap();
    machine.wait(5_000);
    assert_eq!(machine.due(), [Due::Seal { uid: uid(1), reseal: 0 }]);
}

#[test]
fn whoever_publishes_last_before_the_round_is_closed_completes_it() {
    let mut machine = Machine::cluster();
    machine.start(1, RoundSpec { deadline_ms: Some(5_000), ..spec(2) }).unwrap();
    machine.publish(1, "a", 1, &[]).unwrap();
    machine.wait(5_000);
    let [Due::Command(fail)] = &machine.due()[..] else { panic!("{:?}", machine.due()) };
    machine.publish(1, "b", 1, &[]).unwrap();
    machine.unchanged(|machine| assert_eq!(machine.apply(fail.clone()), Ok(Reply::Done)));
    assert_eq!(machine.due(), [Due::Seal { uid: uid(1), reseal: 0 }], "its deadline passed, but nobody is missing");
}

#[test]
fn a_round_fails_neither_before_its_deadline_nor_without_one() {
    for (deadline_ms, on_deadline) in
        [(None, OnDeadline::Fail), (Some(5_000), OnDeadline::Fail), (Some(1), OnDeadline::Seal)]
    {
        let mut machine = Machine::cluster();
        machine.start(1, RoundSpec { deadline_ms, on_deadline, ..spec(2) }).unwrap();
        machine.wait(4_999);
        machine.apply(Command::Tick).unwrap();
        let fail = Command::Fail { uid: uid(1), expected: ExpectedPhase::Open, reason: "early".to_owned() };
        machine.unchanged(|machine| assert_eq!(machine.apply(fail), Ok(Reply::Done)));
    }
}

#[test]
fn what_is_staged_at_the_deadline_is_dropped() {
    for on_deadline in [OnDeadline::Fail, OnDeadline::Seal] {
        let mut machine = Machine::cluster();
        machine.start(1, RoundSpec { deadline_ms: Some(5_000), on_deadline, ..spec(2) }).unwrap();
        machine.publish(1, "a", 1, &[("a", "1")]).unwrap();
        machine.append(1, "b", 1, 0, &[("b", "2")]).unwrap();
        machine.wait(5_000);
        if let [Due::Command(fail)] = &machine.due()[..] {
            machine.apply(fail.clone()).unwrap();
            assert_eq!((machine.phase(1), machine.chunks().len()), (PhaseName::Failed, 0));
        } else {
            machine.seal(1, 0).unwrap();
            assert_eq!((machine.phase(1), machine.chunks().len()), (PhaseName::Sealed, 1));
            assert_eq!(machine.round(uid(1)).unwrap().pairs(), 1);
        }
        let closed = Rejection::RoundClosed { id: round_id(1), phase: machine.phase(1) };
        machine.unchanged(|machine| assert_eq!(machine.commit(1, "b", 1, 1, &[("b", "2")]), Err(closed)));
    }
}

#[test]
fn a_round_that_nobody_published_to_is_sealed_and_encoded_like_any() {
    let mut machine = Machine::cluster();
    machine.start(1, RoundSpec { deadline_ms: Some(5_000), on_deadline: OnDeadline::Seal, ..spec(2) }).unwrap();
    machine.append(1, "b", 1, 0, &[("b", "2")]).unwrap();
    machine.wait(5_000);
    machine.seal(1, 0).unwrap();
    let recipe = Recipe::of(machine.round(uid(1)).unwrap()).unwrap();
    assert!(recipe.chunks().is_empty());
    let pairs = recipe.gather(std::iter::empty()).unwrap();
    let held = recipe.encode(&pairs, NonZeroUsize::MIN).unwrap();
    assert_eq!(held.parameters().shape().capacity(), 1_024, "it looks like any small round");
}

#[test]
fn the_clock_never_goes_back() {
    let mut machine = Machine::cluster();
    machine.wait(10_000);
    machine.apply(Command::Tick).unwrap();
    let latest = machine.now;
    machine.now.0 = 5;
    machine.apply(Command::Tick).unwrap();
    assert_eq!(machine.clock(), latest);
}

#[test]
fn an_idle_cluster_without_rounds_has_no_timer() {
    let mut machine = Machine::cluster();
    assert_eq!(machine.next_deadline(), None);
    machine.start(1, spec(1)).unwrap();
    assert_eq!(machine.next_deadline(), None, "an open round without deadline waits for its workers");
}

#[test]
fn shredding_leaves_nothing_secret() {
    let mut machine = Machine::cluster();
    machine.make_ready(1, spec(1));
    assert!(machine.round(uid(1)).unwrap().encoding_plan().is_some());
    machine.apply(shred(1)).unwrap();
    let round = machine.round(uid(1)).unwrap();
    assert!(round.is_shredded() && round.encoding_plan().is_none() && round.secret == RoundSecret::default());
    assert!(machine.chunks().is_empty() && machine.chunk_keys().is_empty());
    machine.unchanged(|machine| machine.apply(shred(1)).unwrap());

    machine.apply(Command::ReportDestroyed { uid: uid(1), member: MemberId(2) }).unwrap();
    let round = machine.round(uid(1)).unwrap();
    assert!(round.is_destroyed_by(MemberId(2)) && !round.is_destroyed_by(MemberId(1)));
    assert_eq!(round.phase().name(), PhaseName::Ready);
}

#[test]
fn what_is_kept_of_a_shredded_round_does_not_tell_how_many_pairs_there_were() {
    let record = |pairs: &[(&str, &str)]| {
        let mut machine = Machine::cluster();
        machine.start(1, spec(1)).unwrap();
        machine.publish(1, "worker", 1, &[]).ok().filter(|_| pairs.is_empty()).or_else(|| {
            machine = Machine::cluster();
            machine.start(1, spec(1)).unwrap();
            machine.publish(1, "worker", 1, pairs).ok()
        });
        machine.seal(1, 0).unwrap();
        machine.report(1, 0, 1, encoded(1));
        machine.report(1, 0, 2, encoded(1));
        machine.apply(shred(1)).unwrap();
        let mut record = machine.round(uid(1)).unwrap().record.clone();
        record.revision.0 = 0;
        rmp_serde::to_vec_named(&record).unwrap()
    };
    assert_eq!(record(&[]), record(&[("a", "1"), ("b", "2"), ("c", "3")]));
}

#[test]
fn the_pairs_of_a_round_that_needs_them_cannot_be_shredded() {
    let mut machine = Machine::cluster();
    machine.start(1, spec(1)).unwrap();
    machine.unchanged(|machine| machine.apply(shred(1)).unwrap());
    machine.publish(1, "w", 1, &[("k", "v")]).unwrap();
    machine.seal(1, 0).unwrap();
    machine.unchanged(|machine| machine.apply(shred(1)).unwrap());
    machine.unchanged(|machine| machine.apply(shred(9)).unwrap());
}

#[test]
fn a_ready_round_expires_when_its_retention_has_passed() {
    let mut machine = Machine::cluster();
    machine.make_ready(1, RoundSpec { retention_ms: 100_000, ..spec(1) });
    machine.apply(shred(1)).unwrap();
    machine.wait(99_999);
    assert_eq!(machine.due(), []);
    assert_eq!(machine.next_deadline(), Some(machine.now.after(1)));
    machine.unchanged(|machine| {
        let before = machine.clock();
        machine.now = before;
        machine.apply(expire(1)).unwrap()
    });
    machine.now.0 = machine.clock().0 + 100_000;
    assert_eq!(machine.due(), [Due::Command(expire(1))]);
    machine.apply(expire(1)).unwrap();
    assert!(matches!(machine.round(uid(1)).unwrap().phase(), Phase::Ended { cause: EndCause::Expired, .. }));
    assert!(machine.live_round(uid(1)).is_none() && machine.round_by_id(&round_id(1)).is_none());
    assert_eq!(machine.live_rounds().count(), 0);
    assert_eq!(machine.due(), []);
}

#[test]
fn a_failed_round_expires_too() {
    let mut machine = Machine::cluster();
    machine.start(1, RoundSpec { deadline_ms: Some(1), retention_ms: 100_000, ..spec(2) }).unwrap();
    machine.wait(1);
    let [Due::Command(fail)] = &machine.due()[..] else { panic!() };
    machine.apply(fail.clone()).unwrap();
    machine.apply(shred(1)).unwrap();
    machine.wait(100_000);
    assert_eq!(machine.due(), [Due::Command(expire(1))]);
}

#[test]
fn a_round_can_be_deleted_in_any_phase_and_is_shredded_before_it_is_forgotten() {
    let prepare: [fn(&mut Machine); 4] = [
        |machine| {
            machine.append(1, "w", 1, 0, &[("a", "b")]).unwrap();
        },
        |machine| {
            machine.publish(1, "w", 1, &[("a", "b")]).unwrap();
            machine.seal(1, 0).unwrap();
        },
        |machine| {
            machine.publish(1, "w", 1, &[("a", "b")]).unwrap();
            machine.seal(1, 0).unwrap();
            machine.report(1, 0, 1, encoded(1));
            machine.report(1, 0, 2, encoded(1));
        },
        |machine| {
            machine.wait(5);
            let [Due::Command(fail)] = &machine.due()[..] else { panic!() };
            machine.apply(fail.clone()).unwrap();
        },
    ];
    for prepare in prepare {
        let mut machine = Machine::cluster();
        machine.start(1, RoundSpec { deadline_ms: Some(5), ..spec(1) }).unwrap();
        prepare(&mut machine);
        machine.apply(delete(1)).unwrap();
        assert!(machine.chunks().is_empty());
        machine.unchanged(|machine| assert_eq!(machine.apply(delete(1)), Ok(Reply::Done), "deleting again is fine"));
        assert_eq!(machine.due(), [Due::Command(shred(1))]);
        assert!(machine.next_deadline().unwrap() <= machine.now);
        machine.apply(shred(1)).unwrap();
        assert_eq!((machine.due(), machine.next_deadline()), (vec![], None));
    }
}

#[test]
fn a_deleted_id_stays_dead_for_a_day() {
    let mut machine = Machine::cluster();
    machine.make_ready(1, spec(1));
    machine.apply(delete(1)).unwrap();
    let retired = Err(Rejection::RoundIdRetired { id: round_id(1) });
    let restart = Command::StartRound { uid: uid(2), id: round_id(1), spec: spec(1) };
    machine.unchanged(|machine| assert_eq!(machine.apply(restart.clone()), retired));
    assert!(machine.tombstone(&round_id(1)).is_some());
    machine.apply(shred(1)).unwrap();
    machine.restart();
    machine.wait(DAY_MS - 1);
    assert_eq!(machine.apply(restart.clone()), retired);
    assert_eq!(machine.append(1, "w", 1, 0, &[]), Err(Rejection::RoundNotFound { uid: uid(1) }));
    machine.wait(1);
    assert_eq!(machine.apply(restart), Ok(Reply::Round { uid: uid(2) }));
    assert!(machine.round(uid(1)).is_none(), "then nothing is left of it");
    assert_eq!(machine.apply(delete(1)), Err(Rejection::RoundNotFound { uid: uid(1) }));
    assert_eq!(machine.round_by_id(&round_id(1)).unwrap().uid(), uid(2));
}

#[test]
fn a_name_is_not_free_before_its_pairs_are_destroyed() {
    let mut machine = Machine::cluster();
    machine.start(1, spec(1)).unwrap();
    machine.apply(delete(1)).unwrap();
    machine.wait(2 * DAY_MS);
    machine.apply(Command::Tick).unwrap();
    let restart = Command::StartRound { uid: uid(2), id: round_id(1), spec: spec(1) };
    assert_eq!(machine.apply(restart.clone()), Err(Rejection::RoundIdRetired { id: round_id(1) }));
    machine.apply(shred(1)).unwrap();
    assert_eq!(machine.apply(restart), Ok(Reply::Round { uid: uid(2) }));
}

#[test]
fn deleting_what_never_was_is_an_error() {
    let mut machine = Machine::cluster();
    machine.unchanged(|machine| assert_eq!(machine.apply(delete(9)), Err(Rejection::RoundNotFound { uid: uid(9) })));
}

#[test]
fn commands_of_timers_for_rounds_that_moved_on_change_nothing() {
    let mut machine = Machine::cluster();
    machine.start(1, spec(1)).unwrap();
    machine.start(2, spec(1)).unwrap();
    machine.apply(delete(2)).unwrap();
    machine.unchanged(|machine| {
        for command in [expire(1), expire(2), expire(9), Command::ReportHeld { uid: uid(2), member: MemberId(1) }] {
            assert_eq!(machine.apply(command), Ok(Reply::Done));
        }
        assert!(machine.seal_plan(uid(2), [0; 32], [0; 32]).is_err());
    });
}

#[test]
fn each_change_of_a_round_gives_it_a_new_revision() {
    let mut machine = Machine::cluster();
    let mut last = silhouette_server::ids::LogIndex(0);
    let mut rose = |machine: &Machine| {
        let revision = machine.round(uid(1)).unwrap().record.revision;
        let rose = revision > last;
        last = revision;
        rose
    };
    machine.start(1, spec(1)).unwrap();
    assert!(rose(&machine));
    machine.append(1, "w", 1, 0, &[("a", "b")]).unwrap();
    assert!(rose(&machine));
    machine.append(1, "w", 1, 0, &[("a", "b")]).unwrap();
    assert!(!rose(&machine), "nothing happened");
    machine.commit(1, "w", 1, 1, &[("a", "b")]).unwrap();
    assert!(rose(&machine));
    assert!(machine.round(uid(1)).unwrap().record.published.contains_key(&worker("w")));
    machine.seal(1, 0).unwrap();
    assert!(rose(&machine));
    machine.report(1, 0, 1, encoded(1));
    assert!(rose(&machine));
}
