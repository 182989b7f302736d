//! Timers.
//!
//! ```text
//! (none) --StartTimer--> open --its time comes--> (fired)
//!                        open --CancelTimer-----> (canceled)
//! ```

use std::time::Duration;

use wrt_model::{
    Time,
    proto::{
        EventAttributes, HistoryEvent,
        command::{CancelTimerCommandAttributes, StartTimerCommandAttributes},
        enums::WorkflowTaskFailedCause as Cause,
        history::{TimerCanceledEventAttributes, TimerFiredEventAttributes, TimerStartedEventAttributes},
    },
    run::Timer,
    time::{is_negative, span, span_nanos},
};

use crate::{
    Rejection, Turn,
    command::{CommandIds, bad},
};

impl Turn<'_> {
    pub(crate) fn check_start_timer(
        &self,
        command: &StartTimerCommandAttributes,
        ids: &mut CommandIds,
    ) -> Result<(), Rejection> {
        let id = &command.timer_id;
        let wrong = |message| Err(bad(Cause::BadStartTimerAttributes, message));
        if id.is_empty() {
            return wrong("TimerId is not set on a timer".into());
        }
        if command.start_to_fire_timeout.as_ref().is_none_or(is_negative) {
            return wrong(format!("StartToFireTimeout of timer {id} is missing or negative"));
        }
        let taken = self.open_timer(id).is_some() && !ids.canceled_timers.contains(id);
        if taken || !ids.timers.insert(id.clone()) {
            return Err(bad(
                Cause::StartTimerDuplicateId,
                format!("a timer with the id {id} is open already"),
            ));
        }
        Ok(())
    }

    pub(crate) fn check_cancel_timer(
        &self,
        command: &CancelTimerCommandAttributes,
        ids: &mut CommandIds,
    ) -> Result<(), Rejection> {
        let id = &command.timer_id;
        let known = ids.timers.remove(id) || self.open_timer(id).is_some() || self.has_buffered_firing(id);
        if !known || !ids.canceled_timers.insert(id.clone()) {
            let message = format!("no timer with the id {id} is open");
            return Err(bad(Cause::BadCancelTimerAttributes, message));
        }
        Ok(())
    }

    /// Carries out the command to start a timer. Its id is known to be free.
    pub(crate) fn start_timer(&mut self, command: StartTimerCommandAttributes, completed_event_id: i64) {
        let wait = command.start_to_fire_timeout.as_ref().map_or(Duration::ZERO, span);
        let fires_ns = self.now.nanos().saturating_add(span_nanos(wait));
        let started_event_id = self.append(EventAttributes::TimerStartedEventAttributes(
            TimerStartedEventAttributes {
                timer_id: command.timer_id.clone(),
                start_to_fire_timeout: command.start_to_fire_timeout,
                workflow_task_completed_event_id: completed_event_id,
            },
        ));
        self.run.timers.insert(
            started_event_id,
            Timer {
                timer_id: command.timer_id,
                fires_ns,
            },
        );
    }

    /// Carries out the command to cancel a timer, which is known to be open or to have fired while the task ran.
    pub(crate) fn cancel_timer(
        &mut self,
        command: CancelTimerCommandAttributes,
        completed_event_id: i64,
        identity: &str,
    ) {
        let started_event_id = match self.open_timer(&command.timer_id) {
            Some(started_event_id) => {
                self.run.timers.remove(&started_event_id);
                started_event_id
            }
            None => self.take_buffered_firing(&command.timer_id),
        };
        self.append(EventAttributes::TimerCanceledEventAttributes(
            TimerCanceledEventAttributes {
                timer_id: command.timer_id,
                started_event_id,
                workflow_task_completed_event_id: completed_event_id,
                identity: identity.to_owned(),
            },
        ));
    }

    /// The `started` event of an open timer.
    pub(crate) fn open_timer(&self, timer_id: &str) -> Option<i64> {
        let mut timers = self.run.timers.iter();
        timers.find_map(|(&event_id, timer)| (timer.timer_id == timer_id).then_some(event_id))
    }

    /// True when the timer fired while the workflow task was with a worker: the worker has not seen it yet.
    pub(crate) fn has_buffered_firing(&self, timer_id: &str) -> bool {
        self.run
            .buffered_events
            .values()
            .any(|event| fired(event).is_some_and(|fired| fired.timer_id == timer_id))
    }

    fn take_buffered_firing(&mut self, timer_id: &str) -> i64 {
        let is_meant = |event: &HistoryEvent| fired(event).is_some_and(|fired| fired.timer_id == timer_id);
        let mut buffered = self.run.buffered_events.iter();
        let number = buffered.find_map(|(&number, event)| is_meant(event).then_some(number));
        let firing = number.and_then(|number| self.run.buffered_events.remove(&number));
        let firing = firing.expect("commands are checked before they are carried out");
        fired(&firing).expect("found as a firing").started_event_id
    }

    /// Fires every timer whose time has come, in the order of their times.
    pub(crate) fn fire_timers(&mut self) {
        let mut due: Vec<(i64, i64)> = self
            .run
            .timers
            .iter()
            .filter(|(_, timer)| Time::from_nanos(timer.fires_ns) <= self.now)
            .map(|(&event_id, timer)| (timer.fires_ns, event_id))
            .collect();
        due.sort_unstable();
        for (_, started_event_id) in due {
            let timer = self.run.timers.remove(&started_event_id).expect("found above");
            self.append_outside(EventAttributes::TimerFiredEventAttributes(TimerFiredEventAttributes {
                timer_id: timer.timer_id,
                started_event_id,
            }));
            self.ensure_workflow_task();
        }
    }
}

fn fired(event: &wrt_model::proto::HistoryEvent) -> Option<&TimerFiredEventAttributes> {
    match &event.attributes {
        Some(EventAttributes::TimerFiredEventAttributes(fired)) => Some(fired),
        _ => None,
    }
}
