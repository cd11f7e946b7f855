//! What is done, and what is not, in each phase of a round.

use super::*;

const ME: MemberId = MemberId(1);
const FILES: Files = Files { encoding: Digest([1; 32]), hint: Digest([2; 32]) };
const INPUT: Digest = Digest([9; 32]);
const OTHERS: Files = Files { encoding: Digest([3; 32]), hint: Digest([4; 32]) };

fn uid(number: u8) -> RoundUid {
    RoundUid([number; 16])
}

fn outcome(files: Files) -> EncodingOutcome {
    EncodingOutcome::Encoded { input: INPUT, encoding: files.encoding, hint: files.hint }
}

fn sealed(number: u8, sealed_at: u64) -> RoundView {
    let phase = PhaseView::Sealed { sealed_at: ClusterTime(sealed_at), readable: true };
    RoundView { uid: uid(number), order: number.into(), reseal: 0, reported: None, phase }
}

fn ready(number: u8, listed: bool) -> RoundView {
    let phase = PhaseView::Ready { agreed: FILES, input: INPUT, listed, sources: vec![MemberId(2), MemberId(3)] };
    RoundView { uid: uid(number), order: number.into(), reseal: 0, reported: None, phase }
}

fn view(rounds: Vec<RoundView>) -> View {
    View { member: ME, counts: true, fenced: false, rounds, destroyed: Vec::new() }
}

fn made(number: u8, reseal: u32, outcome: EncodingOutcome) -> Possession {
    Possession { made: BTreeMap::from([(uid(number), (reseal, outcome))]), ..Possession::default() }
}

fn held(number: u8) -> Possession {
    Possession { held: BTreeMap::from([(uid(number), FILES)]), ..Possession::default() }
}

#[test]
fn nothing_is_done_about_no_rounds() {
    let here = Possession { held: held(1).held, ..made(2, 0, outcome(FILES)) };
    assert_eq!(decide(&view(Vec::new()), &here), Work::default());
}

#[test]
fn rounds_are_encoded_one_at_a_time_in_the_order_in_which_they_were_sealed() {
    let view = view(vec![sealed(1, 20), sealed(2, 10), sealed(3, 30)]);
    assert_eq!(decide(&view, &Possession::default()).encode, Some((uid(2), 0)));
    let busy = Possession { encoding: Some((uid(2), 0)), ..Possession::default() };
    assert_eq!(decide(&view, &busy).encode, None);
    assert_eq!(decide(&view, &made(2, 0, outcome(FILES))).encode, Some((uid(1), 0)));
}

#[test]
fn a_round_whose_pairs_are_not_here_is_not_encoded() {
    let mut round = sealed(1, 10);
    round.phase = PhaseView::Sealed { sealed_at: ClusterTime(10), readable: false };
    assert_eq!(decide(&view(vec![round]), &Possession::default()), Work::default());
}

#[test]
fn what_was_made_is_reported_until_the_state_says_so() {
    let mut round = sealed(1, 10);
    let here = made(1, 0, outcome(FILES));
    let report = Command::ReportEncoding { uid: uid(1), reseal: 0, member: ME, outcome: outcome(FILES) };
    assert_eq!(decide(&view(vec![round.clone()]), &here).reports, vec![report]);
    round.reported = Some(outcome(FILES));
    assert_eq!(decide(&view(vec![round]), &here).reports, Vec::new());
}

#[test]
fn a_failure_is_reported_and_not_tried_again() {
    let work = decide(&view(vec![sealed(1, 10)]), &made(1, 0, EncodingOutcome::Failed));
    let failed = EncodingOutcome::Failed;
    assert_eq!(work.reports, [Command::ReportEncoding { uid: uid(1), reseal: 0, member: ME, outcome: failed }]);
    assert_eq!(work.encode, None);
}

#[test]
fn a_round_that_is_sealed_again_is_encoded_again_and_what_was_made_is_dropped() {
    let round = RoundView { reseal: 1, ..sealed(1, 10) };
    let work = decide(&view(vec![round]), &made(1, 0, outcome(FILES)));
    assert_eq!(work, Work { encode: Some((uid(1), 1)), ..Work::default() });
}

#[test]
fn what_was_reported_before_a_restart_keeps_its_files_and_is_not_encoded_again() {
    let round = RoundView { reported: Some(outcome(FILES)), ..sealed(1, 10) };
    let work = decide(&view(vec![round]), &Possession::default());
    assert_eq!(work, Work { keep_files: FILES.digests().into(), ..Work::default() });
}

#[test]
fn what_was_made_is_held_once_it_is_agreed() {
    let work = decide(&view(vec![ready(1, true)]), &made(1, 0, outcome(FILES)));
    assert_eq!(work.hold, [uid(1)]);
    assert_eq!((work.deviant, work.obtain), (Vec::new(), Vec::new()));
    assert_eq!(work.keep_files, FILES.digests().into());
}

#[test]
fn another_encoding_than_the_agreed_one_is_set_aside_and_dropped_and_the_agreed_one_obtained() {
    let round = RoundView { reported: Some(outcome(OTHERS)), ..ready(1, false) };
    let work = decide(&view(vec![round.clone()]), &made(1, 0, outcome(OTHERS)));
    assert_eq!(work.deviant, [(uid(1), OTHERS)]);
    assert_eq!(work.differing, None);
    assert_eq!(work.hold, Vec::new());
    assert!(work.keep_made.is_empty());
    let sources = vec![MemberId(2), MemberId(3)];
    assert_eq!(work.obtain, [Wanted { uid: uid(1), agreed: FILES, sources }]);
    assert_eq!(work.keep_files, FILES.digests().into());
    assert_eq!(work.keep_damaged, FILES.digests().into_iter().chain(OTHERS.digests()).collect());
    // After a restart only the report tells; once the agreed one is held, nothing is left to do.
    assert_eq!(decide(&view(vec![round.clone()]), &Possession::default()).deviant, [(uid(1), OTHERS)]);
    let work = decide(&view(vec![round]), &held(1));
    assert_eq!((work.deviant, work.obtain), (Vec::new(), Vec::new()));
    assert_eq!(work.keep_damaged, FILES.digests().into_iter().chain(OTHERS.digests()).collect());
}

#[test]
fn what_came_too_late_to_agree_is_reported_if_it_differs() {
    let round = ready(1, false);
    for late in [outcome(OTHERS), EncodingOutcome::Failed] {
        let work = decide(&view(vec![round.clone()]), &made(1, 0, late));
        assert_eq!(work.reports, [Command::ReportEncoding { uid: uid(1), reseal: 0, member: ME, outcome: late }]);
        assert!(work.keep_made.contains(&uid(1)), "until the state says so");
        let told = RoundView { reported: Some(late), ..round.clone() };
        assert_eq!(decide(&view(vec![told]), &made(1, 0, late)).reports, []);
    }
}

#[test]
fn a_member_with_other_pairs_than_the_majority_is_to_be_fenced() {
    let EncodingOutcome::Encoded { encoding, hint, .. } = outcome(OTHERS) else { unreachable!() };
    let other = EncodingOutcome::Encoded { input: Digest([8; 32]), encoding, hint };
    assert_eq!(decide(&view(vec![ready(1, false)]), &made(1, 0, other)).differing, Some(uid(1)));
    let reported = RoundView { reported: Some(other), ..ready(1, false) };
    assert_eq!(decide(&view(vec![reported.clone()]), &Possession::default()).differing, Some(uid(1)));
    assert_eq!(decide(&view(vec![reported]), &held(1)).differing, Some(uid(1)), "even if it has fetched what is right");
    assert_eq!(decide(&view(vec![ready(1, false)]), &made(1, 1, other)).differing, None, "of another sealing");
}

#[test]
fn a_fenced_member_says_that_it_encodes_nothing_and_holds_nothing_and_keeps_its_files() {
    let reported = RoundView { reported: Some(outcome(OTHERS)), ..sealed(2, 10) };
    let rounds = vec![sealed(1, 20), reported, ready(3, true)];
    let view = View { fenced: true, destroyed: vec![uid(4)], ..view(rounds) };
    let here = Possession { held: held(3).held, ..made(1, 0, outcome(FILES)) };
    let files: BTreeSet<_> = FILES.digests().into_iter().chain(OTHERS.digests()).collect();
    let reports = vec![
        Command::ReportEncoding { uid: uid(1), reseal: 0, member: ME, outcome: EncodingOutcome::Failed },
        Command::ReportLost { uid: uid(3), member: ME },
        Command::ReportDestroyed { uid: uid(4), member: ME },
    ];
    assert_eq!(
        decide(&view, &here),
        Work { reports, keep_files: files.clone(), keep_damaged: files, ..Work::default() }
    );
}

#[test]
fn the_newest_ready_round_is_obtained_first() {
    let work = decide(&view(vec![ready(1, false), ready(3, false), ready(2, false)]), &Possession::default());
    assert_eq!(work.obtain.iter().map(|wanted| wanted.uid).collect::<Vec<_>>(), [uid(3), uid(2), uid(1)]);
}

#[test]
fn a_ready_round_that_is_being_encoded_here_is_not_fetched() {
    let here = Possession { encoding: Some((uid(1), 0)), ..Possession::default() };
    assert_eq!(decide(&view(vec![ready(1, false)]), &here).obtain, Vec::new());
}

#[test]
fn a_held_round_is_reported_until_the_state_lists_this_member() {
    let work = decide(&view(vec![ready(1, false)]), &held(1));
    assert_eq!(work.reports, [Command::ReportHeld { uid: uid(1), member: ME }]);
    assert_eq!(work.keep_held, BTreeSet::from([uid(1)]));
    assert_eq!(decide(&view(vec![ready(1, true)]), &held(1)).reports, Vec::new());
}

#[test]
fn a_round_that_is_not_on_disk_any_more_is_reported_and_obtained() {
    let gone = Possession { missing: BTreeSet::from([uid(1)]), ..Possession::default() };
    let work = decide(&view(vec![ready(1, true)]), &gone);
    assert_eq!(work.reports, [Command::ReportLost { uid: uid(1), member: ME }]);
    assert_eq!(work.obtain.len(), 1);
    assert_eq!(decide(&view(vec![ready(1, false)]), &gone).reports, [], "the state knows");
    let unread = decide(&view(vec![ready(1, true)]), &Possession::default());
    assert_eq!((unread.reports, unread.obtain.len()), (Vec::new(), 1), "it may still be on disk");
    let again = Possession { missing: gone.missing, ..held(1) };
    assert_eq!(decide(&view(vec![ready(1, true)]), &again).reports, []);
}

#[test]
fn a_destroyed_key_is_reported() {
    let view = View { destroyed: vec![uid(1)], ..view(Vec::new()) };
    assert_eq!(decide(&view, &Possession::default()).reports, [Command::ReportDestroyed { uid: uid(1), member: ME }]);
}

#[test]
fn a_member_outside_of_the_configuration_encodes_and_fetches_but_does_not_report() {
    let view = View { counts: false, destroyed: vec![uid(3)], ..view(vec![ready(1, false), sealed(2, 1)]) };
    let work = decide(&view, &held(1));
    assert_eq!(work.reports, Vec::new());
    assert_eq!(work.encode, Some((uid(2), 0)));
}
