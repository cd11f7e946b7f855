//! Operators: they look, sometimes at an old picture, plan, and carry out one step, which may hang and land much later,
//! or never.

use std::{collections::VecDeque, rc::Rc};

use silhouette_operator::{
    observed::Observed,
    plan::{Action, Guard, Identity, plan_with},
    status::Conditions,
};

use crate::{
    carry::carry_out,
    eviction::Refused,
    invariants::{LONGEST_HANG, Violation, broken, conditions_hold_together, new_places_are_empty},
    observe::{desired, observe},
    world::World,
};

/// Seconds for which an operator may still look at a picture: a pass that takes longer is given up.
const REMEMBERED: u64 = 15;

/// Pictures of the last seconds, for looks at a cache. Kept in rough weather only: nobody looks at them in calm, and
/// making them is most of the simulation's work.
#[derive(Default)]
pub(crate) struct Pictures(VecDeque<(u64, Rc<Observed>)>);

impl Pictures {
    /// Adds a picture of now.
    pub(crate) fn take(&mut self, world: &World) {
        self.0.push_back((world.now, Rc::new(observe(world, None))));
        while self.0.front().is_some_and(|(at, _)| *at + REMEMBERED < world.now) {
            self.0.pop_front();
        }
    }
}

/// What a step was planned from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) at: u64,
    /// Whether it missed nothing, and the step was carried out at once.
    pub(crate) is_fresh: bool,
}

impl Look {
    /// Whether it showed what is so since then.
    pub(crate) fn saw(self, since: Option<u64>) -> bool {
        since.is_some_and(|since| self.is_fresh || since < self.at)
    }
}

/// One operator's process.
pub(crate) struct Operator {
    pub(crate) name: &'static str,
    /// It does nothing before.
    pub(crate) sleeps_until: u64,
    /// Whether its last look found nothing to do.
    rests: bool,
    /// Steps that hang, and when they land.
    hanging: Vec<(u64, Action, Look)>,
}

/// How disturbed an operator's work is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    Rough,
    Calm,
}

impl Operator {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, sleeps_until: 0, rests: false, hanging: Vec::new() }
    }

    /// Whether no step of it may still land.
    pub(crate) fn is_idle(&self) -> bool {
        self.hanging.is_empty()
    }

    /// Whether its last look found nothing to do.
    pub(crate) fn rests(&self) -> bool {
        self.rests
    }

    /// One second.
    pub(crate) fn tick(
        &mut self,
        world: &mut World,
        guards: &[Guard],
        pictures: &Pictures,
        weather: Weather,
    ) -> Result<(), Violation> {
        self.land(world)?;
        if self.sleeps_until > world.now || !world.resource.exists {
            return Ok(());
        }
        self.sleeps_until = world.now + world.rng.u64(1..4);
        let rough = weather == Weather::Rough;
        let hangs = (rough && world.once_in(20)).then(|| world.rng.u32(..5));
        if rough && world.once_in(6) {
            let (at, picture) = &pictures.0[world.rng.usize(..pictures.0.len())];
            world.saw("stale cache");
            self.pass(world, guards, picture, Look { at: *at, is_fresh: false }, rough)
        } else {
            let picture = observe(world, hangs);
            if hangs.is_some() {
                world.saw("node hung");
            }
            let look = Look { at: world.now, is_fresh: hangs.is_none() };
            self.pass(world, guards, &picture, look, rough)
        }
    }

    fn pass(
        &mut self,
        world: &mut World,
        guards: &[Guard],
        picture: &Observed,
        mut look: Look,
        rough: bool,
    ) -> Result<(), Violation> {
        let plan = plan_with(guards, &desired(world), picture);
        let fresh = look.is_fresh;
        if let (Identity::Known(id), true) = (&plan.identity, fresh) {
            // The status follows what was seen.
            world.resource.recorded = Some(id.0.clone());
        }
        self.rests = plan.next().is_none();
        if fresh {
            conditions_hold_together(&Conditions::judge(&desired(world), picture, &plan))?;
        }
        let Some(step) = plan.next() else { return Ok(()) };
        if self.name == "second" {
            world.saw("second operator acted");
        }
        // However old or incomplete a look is: what it shows of two clusters ends it. So while there are two only steps
        // are carried out that were planned from a look that did not show them: one from before, or one that the node
        // which could have told did not answer.
        if shows_two_clusters(world, picture) {
            return broken("two ids mean no action", format!("{:?}", step.action));
        }
        if fresh && world.rolling_elsewhere && matches!(step.action, Action::Evict { .. }) {
            return broken("one cluster rolls at a time", format!("{:?}", step.action));
        }
        if let (Action::ApplySet { replicas, .. }, true, Some(_)) = (&step.action, fresh, picture.led()) {
            // Without a leader's word a place may be just what is missing for a leader.
            new_places_are_empty(world, *replicas)?;
        }
        if step.action.needs_second_look() && !fresh {
            let picture = observe(world, None);
            let again = plan_with(guards, &desired(world), &picture);
            if again.next().is_none_or(|again| again.action != step.action) {
                return Ok(());
            }
            if shows_two_clusters(world, &picture) {
                return broken("two ids mean no action", format!("{:?}, looked at twice", step.action));
            }
            look = Look { at: world.now, is_fresh: true };
        }
        if rough && world.once_in(30) {
            world.saw("operator crashed");
            world.note(format!("{} crashes before {:?}", self.name, step.action));
            self.sleeps_until = world.now + world.rng.u64(2..15);
            return Ok(());
        }
        if rough && world.once_in(15) {
            let lands = world.now + world.rng.u64(3..LONGEST_HANG);
            world.note(format!("{}: {:?} hangs until {lands}", self.name, step.action));
            world.saw("call hung");
            world.hanging += 1;
            self.hanging.push((lands, step.action.clone(), Look { is_fresh: false, ..look }));
            self.sleeps_until = world.now + 10;
            return Ok(());
        }
        let sight = if look.is_fresh { "seen now" } else { "seen earlier" };
        let carried = carry_out(world, &step.action, look).map_err(|violation| Violation {
            what: format!("{} (by {:?}, {sight}, because {})", violation.what, step.action, step.reason),
            ..violation
        })?;
        world.note(format!("{}: {:?} because {} -> {carried:?}", self.name, step.action, step.reason));
        match carried {
            // The budget counts whoever drains, which no look shows.
            Ok(()) | Err(Refused::TooManyRequests | Refused::Unreachable) => Ok(()),
            // Nor does a budget that is not counted with yet matter where fewer than three vote.
            Err(Refused::NotCounted) if picture.cluster.as_ref().is_none_or(|cluster| cluster.voters().count() < 3) => {
                Ok(())
            }
            Err(refused) if look.is_fresh => {
                broken("what was seen now is not refused", format!("{:?}: {refused:?}", step.action))
            }
            Err(_) => Ok(()),
        }
    }

    /// Steps that hung reach the API server or the node.
    fn land(&mut self, world: &mut World) -> Result<(), Violation> {
        let now = world.now;
        let landing: Vec<_> = self.hanging.extract_if(.., |(at, ..)| *at <= now).collect();
        for (_, action, look) in landing {
            world.hanging -= 1;
            let carried = carry_out(world, &action, look)?;
            world.note(format!("{}: {action:?} lands -> {carried:?}", self.name));
        }
        Ok(())
    }
}

/// Whether a look shows disks or memories of two clusters, but for the one that people gave up.
pub(crate) fn shows_two_clusters(world: &World, seen: &Observed) -> bool {
    let forgiven = |id: &str| world.resource.start_again_without.as_deref() == Some(id);
    let mut ids = seen.answered_ids();
    ids.extend(seen.remembered_ids().into_iter().filter(|id| !forgiven(&id.0)));
    ids.len() > 1
}
