//! A schedule in a world in which time passes and workflows start and close as a test wants.

use std::{collections::VecDeque, time::Duration};

use wrt_model::{
    Schedule, Time,
    proto::{
        Failure, Payloads, WorkflowExecution,
        enums::{ScheduleOverlapPolicy as Policy, WorkflowExecutionStatus as Status},
        schedule::{
            BackfillRequest, Schedule as Definition, ScheduleAction, SchedulePatch, SchedulePolicies, ScheduleSpec,
            ScheduleState, TriggerImmediatelyRequest, schedule_action::Action,
        },
        workflow::NewWorkflowExecutionInfo,
    },
};

use super::{text, time};
use crate::schedule::{
    End, NewSchedule, ScheduleEffect, ScheduleTurn, ScheduleUpdate, ScheduledRunClose, StartOutcome, create,
};

pub(super) struct World {
    pub(super) schedule: Schedule,
    pub(super) now: Time,
    pub(super) wake_up: Option<Time>,
    /// How starts go.
    pub(super) outcome: fn(WorkflowExecution) -> Option<StartOutcome>,
    /// The starts that were asked for, in order.
    pub(super) starts: Vec<wrt_model::proto::workflowservice::StartWorkflowExecutionRequest>,
}

/// A definition that starts the workflow `w` at the times of a cron string.
pub(super) fn definition(cron: &str, overlap: Policy) -> Definition {
    Definition {
        spec: Some(ScheduleSpec {
            cron_string: Vec::from_iter((!cron.is_empty()).then(|| cron.to_owned())),
            ..Default::default()
        }),
        action: Some(ScheduleAction {
            action: Some(Action::StartWorkflow(NewWorkflowExecutionInfo {
                workflow_id: "w".to_owned(),
                ..Default::default()
            })),
        }),
        policies: Some(SchedulePolicies {
            overlap_policy: overlap as i32,
            ..Default::default()
        }),
        state: Some(ScheduleState::default()),
    }
}

impl World {
    /// The schedule is created at midnight of New Year 2024.
    pub(super) fn new(definition: Definition) -> Self {
        let now = time("2024-01-01T00:00:00Z");
        let new = NewSchedule {
            schedule_id: "s".to_owned(),
            definition,
            ..Default::default()
        };
        let mut world = World {
            schedule: create(new, now).unwrap(),
            now,
            wake_up: None,
            outcome: |execution| Some(StartOutcome::Started(execution)),
            starts: Vec::new(),
        };
        world.turn(|_| ());
        world
    }

    /// A schedule that acts once a minute.
    pub(super) fn every_minute(overlap: Policy) -> Self {
        World::new(definition("@every 1m", overlap))
    }

    /// Lets something happen, and all that follows from it at once. Returns the effects: `start 00:01:00`,
    /// `cancel 00:01:00`, named by the time in the workflow's id.
    pub(super) fn turn(&mut self, happens: impl FnOnce(&mut ScheduleTurn<'_>)) -> Vec<String> {
        let (mut effects, mut outcomes) = self.one_turn(happens);
        while let Some((number, outcome)) = outcomes.pop_front() {
            let (more, follow) = self.one_turn(|turn| turn.started(number, outcome));
            effects.extend(more);
            outcomes.extend(follow);
        }
        effects
    }

    /// One turn, its effects, and how the starts among them went.
    fn one_turn(
        &mut self,
        happens: impl FnOnce(&mut ScheduleTurn<'_>),
    ) -> (Vec<String>, VecDeque<(i64, StartOutcome)>) {
        let mut turn = ScheduleTurn::new(&mut self.schedule, self.now);
        happens(&mut turn);
        let transition = turn.finish();
        self.wake_up = transition.wake_up;
        let (mut effects, mut outcomes) = (Vec::new(), VecDeque::new());
        for effect in transition.effects {
            effects.push(match effect {
                ScheduleEffect::Start { number, request } => {
                    let word = format!("start {}", name(&request.workflow_id));
                    let execution = WorkflowExecution {
                        workflow_id: request.workflow_id.clone(),
                        run_id: format!("run-{number}"),
                    };
                    self.starts.push(*request);
                    outcomes.extend((self.outcome)(execution).map(|outcome| (number, outcome)));
                    word
                }
                ScheduleEffect::End(execution, End::Cancel) => format!("cancel {}", name(&execution.workflow_id)),
                ScheduleEffect::End(execution, End::Terminate) => format!("terminate {}", name(&execution.workflow_id)),
                ScheduleEffect::Delete => "delete".to_owned(),
            });
        }
        (effects, outcomes)
    }

    /// Lets time pass. The schedule is looked at exactly when it wants to be. Returns all effects.
    pub(super) fn wait(&mut self, seconds: u64) -> Vec<String> {
        let end = self.now.plus(Duration::from_secs(seconds));
        let mut effects = Vec::new();
        while let Some(wake_up) = self.wake_up.filter(|wake_up| *wake_up <= end) {
            self.now = self.now.max(wake_up);
            effects.extend(self.turn(|_| ()));
        }
        self.now = end;
        effects
    }

    /// Lets time pass while nobody looks, as when the server is down.
    pub(super) fn sleep(&mut self, seconds: u64) -> Vec<String> {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self.turn(|_| ())
    }

    pub(super) fn patch(&mut self, patch: SchedulePatch) -> Vec<String> {
        self.turn(|turn| turn.patch(patch, "").unwrap())
    }

    pub(super) fn update(&mut self, definition: Definition) -> Vec<String> {
        let update = ScheduleUpdate {
            definition,
            ..Default::default()
        };
        self.turn(|turn| turn.update(update).unwrap())
    }

    /// The oldest open workflow closes.
    pub(super) fn close(&mut self, status: Status) -> Vec<String> {
        self.close_with(status, None, None)
    }

    pub(super) fn close_with(
        &mut self,
        status: Status,
        result: Option<Payloads>,
        failure: Option<Failure>,
    ) -> Vec<String> {
        let execution = self.schedule.running().next().expect("a workflow is open").clone();
        self.turn(|turn| {
            turn.closed(ScheduledRunClose {
                execution,
                status,
                result,
                failure,
            });
        })
    }
}

/// The time of day in a workflow's id, or the whole id.
fn name(workflow_id: &str) -> &str {
    workflow_id
        .split_once('T')
        .map_or(workflow_id, |(_, time)| time.trim_end_matches('Z'))
}

/// The time of day at which the schedule wants to be looked at.
pub(super) fn wake_up(world: &World) -> Option<String> {
    world.wake_up.map(|time| name(&text(time)).to_owned())
}

// === What a schedule is told ===

pub(super) fn trigger(policy: Policy) -> SchedulePatch {
    SchedulePatch {
        trigger_immediately: Some(TriggerImmediatelyRequest {
            overlap_policy: policy as i32,
            scheduled_time: None,
        }),
        ..Default::default()
    }
}

pub(super) fn backfill(start: &str, end: &str, policy: Policy) -> SchedulePatch {
    SchedulePatch {
        backfill_request: vec![BackfillRequest {
            start_time: Some(time(start).into()),
            end_time: Some(time(end).into()),
            overlap_policy: policy as i32,
        }],
        ..Default::default()
    }
}

pub(super) fn pause(notes: &str) -> SchedulePatch {
    SchedulePatch {
        pause: notes.to_owned(),
        ..Default::default()
    }
}

pub(super) fn unpause(notes: &str) -> SchedulePatch {
    SchedulePatch {
        unpause: notes.to_owned(),
        ..Default::default()
    }
}

pub(super) fn with_policies(policies: SchedulePolicies) -> Definition {
    Definition {
        policies: Some(policies),
        ..definition("@every 1m", Policy::Skip)
    }
}

pub(super) fn with_state(state: ScheduleState) -> Definition {
    Definition {
        state: Some(state),
        ..definition("@every 1m", Policy::Skip)
    }
}
