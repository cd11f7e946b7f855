//! What this member shall do now about encodings: a pure function of what the state says and of what is here.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ids::{ClusterTime, Digest, MemberId, RoundUid},
    state::{Command, EncodingOutcome},
};

/// Digests of a round's two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Files {
    /// Of the encoding.
    pub(super) encoding: Digest,
    /// Of the hint.
    pub(super) hint: Digest,
}

impl Files {
    /// The files of an outcome, unless it failed.
    pub(super) fn of(outcome: EncodingOutcome) -> Option<Self> {
        match outcome {
            EncodingOutcome::Encoded { encoding, hint, .. } => Some(Self { encoding, hint }),
            EncodingOutcome::Failed => None,
        }
    }

    /// Both.
    pub(super) fn digests(self) -> [Digest; 2] {
        [self.encoding, self.hint]
    }
}

/// What the state says of a Sealed or Ready round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RoundView {
    /// The round.
    pub(super) uid: RoundUid,
    /// 0 for the cluster's first round, ..
    pub(super) order: u64,
    /// How often it was sealed again.
    pub(super) reseal: u32,
    /// What this member has reported of this sealing.
    pub(super) reported: Option<EncodingOutcome>,
    /// Where it is in its life.
    pub(super) phase: PhaseView,
}

/// A Sealed or Ready round's phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PhaseView {
    /// To be encoded.
    Sealed {
        /// Since when.
        sealed_at: ClusterTime,
        /// Whether its pairs can be read here.
        readable: bool,
    },
    /// To be held.
    Ready {
        /// The agreed files.
        agreed: Files,
        /// Digest of the pairs that they were made of.
        input: Digest,
        /// Whether the state lists this member as a holder.
        listed: bool,
        /// Other members, those first that the state lists as holders.
        sources: Vec<MemberId>,
    },
}

/// What the state says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// This member.
    pub(super) member: MemberId,
    /// Whether it is in the configuration, so that its reports count.
    pub(super) counts: bool,
    /// Whether it is fenced.
    pub(super) fenced: bool,
    /// The Sealed and Ready rounds.
    pub(super) rounds: Vec<RoundView>,
    /// Shredded rounds whose key is gone here, which the state does not know yet.
    pub(super) destroyed: Vec<RoundUid>,
}

/// One sealing of a round.
pub(super) type Sealing = (RoundUid, u32);

/// What is here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Possession {
    /// What came of this member's own encoding, of rounds that are not held.
    pub(super) made: BTreeMap<RoundUid, (u32, EncodingOutcome)>,
    /// Held rounds.
    pub(super) held: BTreeMap<RoundUid, Files>,
    /// Ready rounds that were looked for on disk in vain.
    pub(super) missing: BTreeSet<RoundUid>,
    /// What is being encoded.
    pub(super) encoding: Option<Sealing>,
}

/// A Ready round that is to be fetched, or read from disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The round.
    pub(super) uid: RoundUid,
    /// The agreed files.
    pub(super) agreed: Files,
    /// Whom to ask, best first.
    pub(super) sources: Vec<MemberId>,
}

/// What shall be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Work {
    /// What to encode next.
    pub(super) encode: Option<Sealing>,
    /// Rounds made here that have become Ready so: to be held.
    pub(super) hold: Vec<RoundUid>,
    /// What to obtain, newest first.
    pub(super) obtain: Vec<Wanted>,
    /// What the state does not say of this member yet.
    pub(super) reports: Vec<Command>,
    /// Rounds whose made encoding may still be needed.
    pub(super) keep_made: BTreeSet<RoundUid>,
    /// Rounds that stay held.
    pub(super) keep_held: BTreeSet<RoundUid>,
    /// Files that may still be needed.
    pub(super) keep_files: BTreeSet<Digest>,
    /// Files that are kept if they were set aside: those of rounds that are still there.
    pub(super) keep_damaged: BTreeSet<Digest>,
    /// Rounds of which this member has made other files of the same pairs, and its own files: not to be held, but kept
    /// for whoever wants to know why.
    pub(super) deviant: Vec<(RoundUid, Files)>,
    /// A Ready round of which this member has other pairs than the majority: it must be fenced.
    pub(super) differing: Option<RoundUid>,
}

/// Decides what shall be done now.
pub(super) fn decide(view: &View, here: &Possession) -> Work {
    if view.fenced {
        return decide_fenced(view);
    }
    let mut work = Work::default();
    let mut newest_first: Vec<&RoundView> = view.rounds.iter().collect();
    newest_first.sort_unstable_by_key(|round| std::cmp::Reverse(round.order));
    for round in newest_first {
        let made = here.made.get(&round.uid).filter(|(reseal, _)| *reseal == round.reseal).map(|(_, outcome)| *outcome);
        let due = match &round.phase {
            PhaseView::Sealed { .. } => {
                if made.is_some() {
                    work.keep_made.insert(round.uid);
                }
                let files = made.or(round.reported).and_then(Files::of);
                work.keep_files.extend(files.into_iter().flat_map(Files::digests));
                made.filter(|outcome| round.reported != Some(*outcome)).map(|outcome| report(view, round, outcome))
            }
            PhaseView::Ready { agreed, input, listed, sources } => {
                work.keep_files.extend(agreed.digests());
                work.keep_damaged.extend(agreed.digests());
                let own = made.or(round.reported);
                if own.is_some_and(|own| own.is_of_other_pairs(*input)) {
                    work.differing = Some(round.uid);
                }
                let deviant = own.and_then(Files::of).filter(|own| own != agreed);
                work.keep_damaged.extend(deviant.into_iter().flat_map(Files::digests));
                if here.held.get(&round.uid) == Some(agreed) {
                    work.keep_held.insert(round.uid);
                    (!listed).then_some(Command::ReportHeld { uid: round.uid, member: view.member })
                } else {
                    work.deviant.extend(deviant.map(|own| (round.uid, own)));
                    if made.and_then(Files::of) == Some(*agreed) {
                        work.keep_made.insert(round.uid);
                        work.hold.push(round.uid);
                    } else if here.encoding != Some((round.uid, round.reseal)) {
                        let (uid, agreed, sources) = (round.uid, *agreed, sources.clone());
                        work.obtain.push(Wanted { uid, agreed, sources });
                    }
                    // Too late for the agreement, and still worth knowing: whoever did not agree may be fenced.
                    let late = made.filter(|made| round.reported.is_none() && Files::of(*made) != Some(*agreed));
                    if late.is_some() {
                        work.keep_made.insert(round.uid);
                    }
                    // One that was just not read yet is not lost.
                    let lost = *listed && here.missing.contains(&round.uid);
                    let lost = lost.then(|| Command::ReportLost { uid: round.uid, member: view.member });
                    late.map(|outcome| report(view, round, outcome)).or(lost)
                }
            }
        };
        work.reports.extend(due);
    }
    work.add_destroyed(view);
    if here.encoding.is_none() {
        work.encode = next_to_encode(view, here);
    }
    work
}

/// What a fenced member does: it says of each sealed round that it has not encoded it, so that the others need not
/// wait, and of each Ready round that it holds it no more, so that nobody counts on it; and it keeps its files for
/// whoever wants to know what happened.
fn decide_fenced(view: &View) -> Work {
    let mut work = Work::default();
    for round in &view.rounds {
        let agreed = match &round.phase {
            PhaseView::Sealed { .. } => {
                if round.reported.is_none() {
                    work.reports.push(report(view, round, EncodingOutcome::Failed));
                }
                None
            }
            PhaseView::Ready { agreed, listed, .. } => {
                if *listed {
                    work.reports.push(Command::ReportLost { uid: round.uid, member: view.member });
                }
                Some(*agreed)
            }
        };
        let files = agreed.into_iter().chain(round.reported.and_then(Files::of));
        work.keep_files.extend(files.flat_map(Files::digests));
    }
    work.keep_damaged = work.keep_files.clone();
    work.add_destroyed(view);
    work
}

impl Work {
    /// Adds reports of destroyed keys, and drops all reports if they do not count.
    fn add_destroyed(&mut self, view: &View) {
        let destroyed = view.destroyed.iter();
        self.reports.extend(destroyed.map(|uid| Command::ReportDestroyed { uid: *uid, member: view.member }));
        if !view.counts {
            self.reports.clear();
        }
    }
}

fn report(view: &View, round: &RoundView, outcome: EncodingOutcome) -> Command {
    Command::ReportEncoding { uid: round.uid, reseal: round.reseal, member: view.member, outcome }
}

/// The round that was sealed first among those that were not encoded here. One that was reported before a restart is
/// on disk; nobody asks for more until it is Ready.
fn next_to_encode(view: &View, here: &Possession) -> Option<Sealing> {
    let waiting = view.rounds.iter().filter_map(|round| match round.phase {
        PhaseView::Sealed { sealed_at, readable: true }
            if round.reported.is_none()
                && here.made.get(&round.uid).is_none_or(|(reseal, _)| *reseal != round.reseal) =>
        {
            Some((sealed_at, round.order, (round.uid, round.reseal)))
        }
        _ => None,
    });
    waiting.min().map(|(_, _, sealing)| sealing)
}

#[cfg(test)]
mod tests;
