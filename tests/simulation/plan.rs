//! Plans and storms: plain data, so that a failing one shrinks to what matters.

use proptest::{collection::vec, option::weighted, prelude::*};

use crate::{
    happening::{Happening, happening},
    script::script,
};

/// More than a plan has, the start included.
const STEPS: usize = 40;

/// A workflow and what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What the guest does, a rule a line.
    pub(crate) script: Vec<String>,
    /// How long the run may take.
    pub(crate) run_timeout_seconds: Option<u16>,
    /// How local activities go, by their sequence numbers, round and round.
    pub(crate) local_activities: Vec<LocalPlan>,
    pub(crate) steps: Vec<Step>,
}

impl Plan {
    /// How the local activity with this sequence number goes.
    pub(crate) fn local_activity(&self, seq: u32) -> &LocalPlan {
        &self.local_activities[seq as usize % self.local_activities.len()]
    }
}

/// How a local activity goes.
#[derive(Clone, Debug)]
pub(crate) struct LocalPlan {
    /// Of those that run at the same time, the shortest ends first.
    pub(crate) length: u8,
    pub(crate) fails: bool,
}

/// What happens next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Time passes, and each deadline is met.
    Wait(u64),
    /// Time passes while nobody looks: all deadlines are met at once, later.
    Oversleep(u64),
    /// Messages come.
    Messages(Messages),
}

/// What one step of a lane takes together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Messages {
    /// What has come before the workflow's code runs.
    pub(crate) before: Vec<Happening>,
    /// What comes while it runs the first time.
    pub(crate) during: Vec<Happening>,
    /// What it decides the first time is lost.
    pub(crate) task_fails: bool,
}

/// What happens to the server in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Disturbance {
    Calm,
    /// The instance has to go; it comes back by a replay of so many commits at a time.
    Evict {
        page: usize,
    },
    /// Somebody asks the workflow about its state.
    Query,
    /// The process dies before the step is committed; whoever had sent something sends it again.
    CrashBeforeCommit {
        page: usize,
    },
    /// The process dies after the commit.
    CrashAfterCommit {
        page: usize,
    },
    /// The process dies, and of the run there is nothing left but its history. What left no event is forgotten, such as
    /// attempts of activities: this can be noticed.
    LoseRun {
        page: usize,
    },
}

pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let local = (any::<u8>(), any::<bool>()).prop_map(|(length, fails)| LocalPlan { length, fails });
    (
        script(),
        weighted(0.1, 1..200_u16),
        vec(local, 1..4),
        vec(step(), 0..STEPS),
    )
        .prop_map(|(script, run_timeout_seconds, local_activities, steps)| Plan {
            script,
            run_timeout_seconds,
            local_activities,
            steps,
        })
}

/// A disturbance for each step that no run notices; the first one is for the start.
pub(crate) fn storm() -> impl Strategy<Value = Vec<Disturbance>> {
    let page = || 1..4_usize;
    let disturbance = prop_oneof![
        2 => Just(Disturbance::Calm),
        2 => page().prop_map(|page| Disturbance::Evict { page }),
        1 => Just(Disturbance::Query),
        2 => page().prop_map(|page| Disturbance::CrashBeforeCommit { page }),
        1 => page().prop_map(|page| Disturbance::CrashAfterCommit { page }),
    ];
    vec(disturbance, 1..=STEPS)
}

/// Now and then the run is lost.
pub(crate) fn losses() -> impl Strategy<Value = Vec<Disturbance>> {
    let disturbance = prop_oneof![
        2 => Just(Disturbance::Calm),
        1 => (1..4_usize).prop_map(|page| Disturbance::LoseRun { page }),
    ];
    vec(disturbance, 1..=STEPS)
}

fn step() -> impl Strategy<Value = Step> {
    let messages = (vec(happening(), 1..5), vec(happening(), 0..2), weighted(0.1, Just(())));
    prop_oneof![
        2 => (1..40_u64).prop_map(Step::Wait),
        1 => (1..40_u64).prop_map(Step::Oversleep),
        7 => messages.prop_map(|(before, during, fails)| Step::Messages(Messages {
            before,
            during,
            task_fails: fails.is_some(),
        })),
    ]
}
