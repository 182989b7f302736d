//! What leaves a lane after its commit: answers, tasks, timers and wake-ups.

use wrt_machine::next_deadline;
use wrt_model::{Time, task::ActivityToken};
use wrt_store::StoreError;

use crate::{
    Engine, clock,
    lane::{HotRun, Lane, Step},
    matching::{ActivityTask, QueueKey, Rank},
    watch::{End, Progress},
};

/// Who has heard of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Released {
    /// Somebody, whose task may wait for this one's thread.
    ToOthers,
    /// Nobody yet.
    Silently,
}

impl Lane {
    /// Lets the outside see what was committed.
    pub(crate) fn release(&mut self, step: Step) -> Released {
        let mut told = !step.releases.is_empty();
        if let Some(current) = &mut self.current {
            let dispatches = std::mem::take(&mut current.pending.dispatches);
            told |= !dispatches.is_empty() || current.pending.offers_workflow_task;
            let tasks = dispatches
                .into_iter()
                .filter_map(|scheduled| activity_task(&self.engine, current, scheduled));
            for (queue, task) in tasks {
                self.engine.inner.matching.add(&queue, task);
            }
            if std::mem::take(&mut current.pending.offers_workflow_task) {
                self.engine.offer_workflow_task(&current.run);
            }
            // Whoever goes on by itself need not be woken for it.
            let is_later = |time: &Time| !step.goes_on || *time > clock::now();
            let deadline = next_deadline(&current.run).filter(is_later);
            told |= self.engine.inner.timers.set(&self.key, deadline);
            if let Some(skipping) = &self.engine.inner.time_skipping {
                skipping.committed(&current.run);
            }
        }
        let mut superseded = step.superseded;
        for run in superseded.iter_mut().chain(self.current.as_deref_mut()) {
            told |= !run.pending.outgoing.is_empty() || !run.pending.cancellations.is_empty();
            if !run.pending.outgoing.is_empty() {
                let outgoing = std::mem::take(&mut run.pending.outgoing);
                self.engine.send_outgoing(run.run.key(), outgoing);
            }
            for scheduled_event_id in run.pending.cancellations.drain(..) {
                self.engine.inner.executions.cancel(&run.run.run_id, scheduled_event_id);
            }
            told |= self.engine.tell_watchers(run);
        }
        if self
            .current
            .as_ref()
            .is_some_and(|run| step.deleted.contains(&run.run.run_id))
        {
            self.unload();
        }
        for release in step.releases {
            release(Ok(()));
        }
        if told { Released::ToOthers } else { Released::Silently }
    }

    /// Tells the callers that nothing was committed.
    pub(crate) fn release_error(&self, step: Step, error: &StoreError) {
        tracing::error!(workflow = %self.key, %error, "commit");
        for release in step.releases {
            release(Err(error.clone().into()));
        }
        // Timers and tasks of the run are derived again from what the store holds.
        self.engine.recover_later(&self.key);
    }
}

impl Engine {
    /// True when there was somebody.
    fn tell_watchers(&self, run: &HotRun) -> bool {
        let (run_id, last_event_id, is_closed) = (&run.run.run_id, run.run.history_length(), !run.run.is_open());
        let watched = self.inner.growth.notify(run_id, || Progress {
            last_event_id,
            is_closed,
        });
        let awaited = is_closed
            && self.inner.ends.notify(run_id, || End {
                closing_event: run.event(last_event_id),
            });
        watched || awaited
    }
}

/// The task of an attempt that no worker holds.
fn activity_task(engine: &Engine, run: &HotRun, scheduled_event_id: i64) -> Option<(QueueKey, ActivityTask)> {
    let activity = run
        .run
        .activities
        .get(&scheduled_event_id)
        .filter(|activity| run.run.offers(activity))?;
    let queue = QueueKey::new(&run.run.namespace_id, &activity.task_queue);
    let token = ActivityToken::of(&run.run, scheduled_event_id, activity.attempt);
    Some((
        queue,
        ActivityTask {
            token,
            activity_type: activity.activity_type.clone(),
            directive: engine.activity_route(&run.run, activity).directive,
            rank: Rank::of(run.run.priority_of(activity).as_ref()),
            since: clock::instant_of(Time::from_nanos(activity.attempt_scheduled_ns)),
        },
    ))
}
