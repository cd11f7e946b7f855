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

/// One operator's process.
pub(crate) struct Operator {
    pub(crate) name: &'static str,
    /// It does nothing before.
    pub(crate) sleeps_until: u64,
    /// Whether its last look found nothing to do.
    rests: bool,
    /// Steps that hang, and when they land.
    hanging: Vec<(u64, Action)>,
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
            let (_, picture) = &pictures.0[world.rng.usize(..pictures.0.len())];
            self.pass(world, guards, picture, false, rough)
        } else {
            let picture = observe(world, hangs);
            self.pass(world, guards, &picture, hangs.is_none(), rough)
        }
    }

    fn pass(
        &mut self,
        world: &mut World,
        guards: &[Guard],
        picture: &Observed,
        fresh: bool,
        rough: bool,
    ) -> Result<(), Violation> {
        let plan = plan_with(guards, &desired(world), picture);
        if let (Identity::Known(id), true) = (&plan.identity, fresh) {
            // The status follows what was seen.
            world.resource.recorded = Some(id.0.clone());
        }
        self.rests = plan.next().is_none();
        if fresh {
            conditions_hold_together(&Conditions::judge(&desired(world), picture, &plan))?;
        }
        let Some(step) = plan.next() else { return Ok(()) };
        if fresh && matches!(plan.identity, Identity::Conflict(_)) {
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
            let again = plan_with(guards, &desired(world), &observe(world, None));
            if again.next().is_none_or(|again| again.action != step.action) {
                return Ok(());
            }
        }
        if rough && world.once_in(30) {
            world.note(format!("{} crashes before {:?}", self.name, step.action));
            self.sleeps_until = world.now + world.rng.u64(2..15);
            return Ok(());
        }
        if rough && world.once_in(15) {
            let lands = world.now + world.rng.u64(3..LONGEST_HANG);
            world.note(format!("{}: {:?} hangs until {lands}", self.name, step.action));
            self.hanging.push((lands, step.action.clone()));
            self.sleeps_until = world.now + 10;
            return Ok(());
        }
        let sight = if fresh { "seen now" } else { "seen earlier" };
        let carried = carry_out(world, &step.action).map_err(|violation| Violation {
            what: format!("{} (by {:?}, {sight}, because {})", violation.what, step.action, step.reason),
            ..violation
        })?;
        world.note(format!("{}: {:?} because {} -> {carried:?}", self.name, step.action, step.reason));
        match carried {
            // The budget's controller may have seen what the operator could not.
            Ok(()) | Err(Refused::TooManyRequests | Refused::Unreachable) => Ok(()),
            Err(refused) if fresh => {
                broken("what was seen now is not refused", format!("{:?}: {refused:?}", step.action))
            }
            Err(_) => Ok(()),
        }
    }

    /// Steps that hung reach the API server or the node.
    fn land(&mut self, world: &mut World) -> Result<(), Violation> {
        let now = world.now;
        let landing: Vec<Action> =
            self.hanging.extract_if(.., |(at, _)| *at <= now).map(|(_, action)| action).collect();
        for action in landing {
            let carried = carry_out(world, &action)?;
            world.note(format!("{}: {action:?} lands -> {carried:?}", self.name));
        }
        Ok(())
    }
}
