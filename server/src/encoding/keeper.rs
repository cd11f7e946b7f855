//! Watches the applied state and has done what it asks for: see [`work`](super::work).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinSet, spawn_blocking},
    time::{Instant, sleep_until},
};

use super::{
    DamagedPart, EncodingSettings, HeldRound,
    damage::Damages,
    encoder::{self, EncoderError, Made},
    fetcher::{Arrival, Fetcher},
    files::EncodingFiles,
    rehash::{self, Finding},
    reporter,
    shelf::Shelf,
    stored,
    view::view,
    work::{Files, Possession, Sealing, Work, decide},
};
use crate::{
    consensus::Consensus,
    fence::Fence,
    ids::{Digest, RoundUid},
};

/// Pause after pairs could not be read or files not be written: a full disk does not empty itself in less.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// An encode under way.
struct Job {
    sealing: Sealing,
    result: oneshot::Receiver<Result<Made, EncoderError>>,
}

/// What the keeper works with.
pub(super) struct Parts {
    /// What is agreed.
    pub(super) consensus: Consensus,
    /// What is stored.
    pub(super) files: Arc<EncodingFiles>,
    /// What is held.
    pub(super) shelf: Arc<Shelf>,
    /// What is damaged.
    pub(super) damages: Arc<Damages>,
}

/// What changes the rounds held here. There is one a member.
pub(super) struct Keeper {
    consensus: Consensus,
    files: Arc<EncodingFiles>,
    settings: EncodingSettings,
    shelf: Arc<Shelf>,
    damages: Arc<Damages>,
    /// What was encoded here and is not held, with its number of reseals.
    made: BTreeMap<RoundUid, (u32, Made)>,
    job: Option<Job>,
    /// Ready rounds that were looked for on disk in vain.
    missing: BTreeSet<RoundUid>,
    /// No encode begins before.
    pause: Option<Instant>,
    /// The files that were kept when the directory was last tidied, and those that were kept aside; `None` if others
    /// may have come.
    tidied: Option<(BTreeSet<Digest>, BTreeSet<Digest>)>,
}

impl Keeper {
    pub(super) fn new(parts: Parts, settings: EncodingSettings) -> Self {
        let Parts { consensus, files, shelf, damages } = parts;
        Self {
            consensus,
            files,
            settings,
            shelf,
            damages,
            made: BTreeMap::new(),
            job: None,
            missing: BTreeSet::new(),
            pause: None,
            tidied: None,
        }
    }

    /// Loads what is stored of the Ready rounds, newest first. Blocks.
    pub(super) fn load(&mut self) {
        for wanted in self.decide().obtain {
            let Some((plan, limit)) = stored::agreed_plan(&self.consensus.state(), wanted.uid, wanted.agreed) else {
                continue;
            };
            let threads = encoder::threads(&self.settings, limit);
            match stored::load(&self.files, &self.damages, wanted.uid, &plan, wanted.agreed, threads) {
                Ok(Some(round)) => self.hold(Arc::new(round)),
                Ok(None) => drop(self.missing.insert(wanted.uid)),
                // It is tried again, and fetched, as any other that is missing.
                Err(error) => tracing::warn!(uid = %wanted.uid, %error, "a stored encoding cannot be read"),
            }
        }
    }

    /// Works until the member stops.
    pub(super) async fn run(mut self) {
        let (due, reports) = watch::channel(Vec::new());
        let (wanted, wanting) = watch::channel(Vec::new());
        let (arrived, mut arrivals) = mpsc::channel(1);
        // Dropping the set, as when this task is aborted, ends them.
        let mut helpers = JoinSet::new();
        helpers.spawn(reporter::report(self.consensus.clone(), reports));
        let (files, damages) = (Arc::clone(&self.files), Arc::clone(&self.damages));
        let fetcher = Fetcher::new(self.consensus.clone(), files, damages, self.settings.clone());
        helpers.spawn(fetcher.run(wanting, arrived));
        let (found, mut findings) = mpsc::channel(1);
        let (shelf, files) = (Arc::clone(&self.shelf), Arc::clone(&self.files));
        let (interval, observe) = (self.settings.rehash_interval, Arc::clone(&self.settings.observe_rehash));
        helpers.spawn(rehash::rehash(shelf, files, interval, observe, found));
        let (mut applied, mut destroyed) = (self.consensus.applied(), self.consensus.keys_destroyed());
        loop {
            applied.borrow_and_update();
            destroyed.borrow_and_update();
            let work = self.hold_what_is_agreed();
            self.set_aside(&work.deviant).await;
            self.drop_what_is_over(&work).await;
            replace(&due, work.reports);
            replace(&wanted, work.obtain);
            if let Some(sealing) = work.encode.filter(|_| self.pause.is_none()) {
                self.start_to_encode(sealing);
            }
            tokio::select! {
                Ok(()) = applied.changed() => {}
                Ok(()) = destroyed.changed() => {}
                Some(arrival) = arrivals.recv() => match arrival {
                    Arrival::Held(round) => {
                        self.tidied = None;
                        self.hold(round);
                    }
                    Arrival::Missing(uid) => drop(self.missing.insert(uid)),
                },
                Some(finding) = findings.recv() => self.repair(finding).await,
                (sealing, result) = finished(&mut self.job) => self.take(sealing, result),
                () = passed(self.pause) => self.pause = None,
                // All channels are closed: the member has stopped.
                else => return,
            }
        }
    }

    fn decide(&self) -> Work {
        let (member, fenced) = (self.consensus.member_id(), self.consensus.fence().is_some());
        let seen = view(&self.consensus.state(), member, fenced, |uid| self.consensus.has_round_key(uid));
        let files = |uid, encoding, hint| (uid, Files { encoding, hint });
        let held = self.shelf.all();
        let here = Possession {
            made: self.made.iter().map(|(uid, (reseal, made))| (*uid, (*reseal, made.outcome))).collect(),
            held: held.iter().map(|round| files(round.uid(), round.encoding_digest(), round.hint_digest())).collect(),
            missing: self.missing.clone(),
            encoding: self.job.as_ref().map(|job| job.sealing),
        };
        decide(&seen, &here)
    }

    /// Holds rounds that were made here and have become Ready so, unless this member turns out to have other pairs than
    /// the majority, and is fenced. Returns what else shall be done.
    fn hold_what_is_agreed(&mut self) -> Work {
        loop {
            let work = self.decide();
            if let Some(round) = work.differing {
                self.consensus.raise_fence(Fence::InputDiffers { round });
                if self.consensus.fence().is_none() {
                    // The only voter is the majority: what it has is what there is.
                    return work;
                }
                continue;
            }
            let agreed: Vec<_> = work.hold.iter().filter_map(|uid| self.made.remove(uid)?.1.round).collect();
            if agreed.is_empty() {
                return work;
            }
            for round in agreed {
                self.hold(round);
            }
        }
    }

    /// A round is here as it was agreed on.
    fn hold(&mut self, round: Arc<HeldRound>) {
        let uid = round.uid();
        self.shelf.put(round);
        self.missing.remove(&uid);
        self.damages.heal(uid);
    }

    /// Keeps the files of encodings that this member has made otherwise than the majority.
    async fn set_aside(&mut self, deviant: &[(RoundUid, Files)]) {
        for (uid, own) in deviant.iter().filter(|(uid, _)| !self.damages.has(*uid)) {
            self.damages.note(*uid, DamagedPart::OwnEncoding);
            let (files, digests) = (Arc::clone(&self.files), own.digests());
            let setting = spawn_blocking(move || digests.into_iter().try_for_each(|digest| files.set_aside(digest)));
            if let Ok(Err(error)) = setting.await {
                tracing::warn!(%uid, %error, "a deviant encoding cannot be kept");
            }
        }
    }

    /// Repairs a held round. What has changed in memory is dropped, and read or fetched again; a file is written again
    /// from memory that is sound.
    async fn repair(&mut self, finding: Finding) {
        let Finding { round, memory_is_sound, encoding_file_is_sound, hint_file_is_sound } = finding;
        let uid = round.uid();
        if !self.shelf.get(uid).is_some_and(|held| Arc::ptr_eq(&held, &round)) {
            return;
        }
        if !memory_is_sound {
            self.damages.note(uid, DamagedPart::Memory);
            self.shelf.remove(&round);
            return;
        }
        let mut damaged = Vec::new();
        if !hint_file_is_sound {
            self.damages.note(uid, DamagedPart::HintFile);
            damaged.push((round.hint_digest(), round.hint()));
        }
        if !encoding_file_is_sound {
            self.damages.note(uid, DamagedPart::EncodingFile);
            damaged.push((round.encoding_digest(), round.encoding()));
        }
        let files = Arc::clone(&self.files);
        let rewriting = spawn_blocking(move || {
            damaged.into_iter().try_for_each(|(digest, bytes)| {
                files.set_aside(digest)?;
                files.write(digest, &bytes)
            })
        });
        match rewriting.await {
            Ok(Ok(())) => self.damages.heal(uid),
            Ok(Err(error)) => tracing::warn!(%uid, %error, "a damaged file cannot be written again now"),
            // The runtime is shutting down.
            Err(_) => {}
        }
    }

    /// Drops rounds and removes files that nobody needs any more.
    async fn drop_what_is_over(&mut self, work: &Work) {
        self.made.retain(|uid, _| work.keep_made.contains(uid));
        self.shelf.retain(|round| work.keep_held.contains(&round.uid()));
        self.forget_damage(work);
        // Files are known by what was encoded. A crash may have come between a report, which is counted elsewhere, and
        // what would say so here: until the round is encoded again, they are what was reported. Only where that fails
        // for now, perhaps for want of space, room is made first.
        let kept = (work.keep_files.clone(), work.keep_damaged.clone());
        let unknown = self.job.is_some() || (work.encode.is_some() && self.pause.is_none());
        if unknown || self.tidied.as_ref() == Some(&kept) {
            return;
        }
        let (files, (needed, damaged)) = (Arc::clone(&self.files), kept.clone());
        match spawn_blocking(move || files.retain(&needed, &damaged)).await {
            Ok(Err(error)) => tracing::warn!(%error, "files of ended rounds cannot be removed"),
            Ok(Ok(())) => {}
            // The runtime is shutting down.
            Err(_) => return,
        }
        self.tidied = Some(kept);
    }

    /// Damage of rounds that are gone, or of a member that holds none any more, is no matter.
    fn forget_damage(&mut self, work: &Work) {
        let wanted = |uid| work.obtain.iter().any(|wanted| wanted.uid == uid);
        self.missing.retain(|uid| wanted(*uid));
        self.damages.retain(|uid| work.keep_held.contains(&uid) || wanted(uid));
    }

    /// Encodes on a thread of its own, which nobody waits for when the process ends.
    fn start_to_encode(&mut self, sealing: Sealing) {
        let (consensus, files, settings) = (self.consensus.clone(), Arc::clone(&self.files), self.settings.clone());
        let (done, result) = oneshot::channel();
        let encode = move || {
            // The receiver is gone if the member has stopped.
            done.send(encoder::encode(sealing, &consensus, &files, &settings)).ok();
        };
        match std::thread::Builder::new().name("encoder".to_owned()).spawn(encode) {
            Ok(_) => self.job = Some(Job { sealing, result }),
            Err(error) => {
                tracing::error!(%error, "no thread to encode on");
                self.pause = Some(Instant::now() + RETRY_PAUSE);
            }
        }
    }

    /// Takes the result of an encode.
    fn take(&mut self, (uid, reseal): Sealing, result: Result<Made, EncoderError>) {
        self.job = None;
        self.tidied = None;
        match result {
            Ok(made) => {
                tracing::info!(%uid, reseal, encoded = made.round.is_some(), "finished encoding");
                self.made.insert(uid, (reseal, made));
            }
            Err(EncoderError::Obsolete) => {}
            Err(EncoderError::Storage(error)) if self.consensus.has_lost_pairs(uid, reseal, &error) => {
                self.consensus.raise_fence(Fence::PairsUnreadable { round: uid, why: error.to_string() });
                // The others must know, or they would wait.
                self.made.insert(uid, (reseal, Made::failed()));
            }
            Err(error) => {
                tracing::warn!(%uid, reseal, %error, "the round cannot be encoded now");
                self.pause = Some(Instant::now() + RETRY_PAUSE);
            }
        }
    }
}

/// Waits for the end of an encode; forever, if there is none.
async fn finished(job: &mut Option<Job>) -> (Sealing, Result<Made, EncoderError>) {
    match job {
        // A thread that panicked says nothing, and would again: its member could not encode.
        Some(Job { sealing, result }) => (*sealing, result.await.unwrap_or_else(|_| Ok(Made::failed()))),
        None => std::future::pending().await,
    }
}

/// Waits until a pause is over; forever, if there is none.
async fn passed(pause: Option<Instant>) {
    match pause {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Tells a helper its list, if it is another one.
fn replace<T: PartialEq>(channel: &watch::Sender<T>, list: T) {
    channel.send_if_modified(|present| {
        let changed = *present != list;
        if changed {
            *present = list;
        }
        changed
    });
}

#[cfg(test)]
mod tests;
