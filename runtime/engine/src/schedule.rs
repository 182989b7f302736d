//! Schedules: creating, changing, describing and listing them. They act in `turns`, and what they start is in `runs`.

mod runs;
mod turns;

use wrt_machine::schedule::{NewSchedule, ScheduleTurn, ScheduleUpdate, create, describe, list_entry, matching_times};
use wrt_model::{
    Namespace, Schedule, ScheduleKey, Time,
    proto::{
        schedule::{ScheduleListEntry, SchedulePatch, schedule_action::Action},
        workflowservice::{CreateScheduleResponse, DescribeScheduleResponse, ListScheduleMatchingTimesResponse},
    },
};
use wrt_store::{ScheduleCount, StoreError};

use crate::{Engine, EngineError, clock, search_attribute::set_types};

pub(crate) use turns::Schedules;

/// Schedules that are read at a time.
const PAGE: u32 = 500;

impl Engine {
    /// Creates a schedule, and does at once what `patch` asks for. The same request again finds what it has created.
    pub async fn create_schedule(
        &self,
        new: NewSchedule,
        patch: SchedulePatch,
    ) -> Result<CreateScheduleResponse, EngineError> {
        let engine = self.clone();
        let created = self
            .apart(async move { engine.begin_schedule(new, patch).await })
            .await?;
        let conflict_token = describe(&created, clock::now()).conflict_token;
        Ok(CreateScheduleResponse { conflict_token })
    }

    async fn begin_schedule(&self, new: NewSchedule, patch: SchedulePatch) -> Result<Schedule, EngineError> {
        let request_id = new.request_id.clone();
        let now = clock::now();
        let mut schedule = create(new, now)?;
        let key = schedule.key();
        let _turn = self.inner.schedules.lock(&key).await;
        let mut turn = ScheduleTurn::new(&mut schedule, now);
        turn.patch(patch, "")?;
        let transition = turn.finish();
        match self.inner.store.schedule_insert(&schedule).await {
            Ok(()) => {
                self.release_schedule(&schedule, transition);
                Ok(schedule)
            }
            Err(StoreError::AlreadyExists { .. }) => {
                let existing = self.stored_schedule(&key).await?;
                if !request_id.is_empty() && existing.create_request_id == request_id {
                    return Ok(existing);
                }
                Err(EngineError::ScheduleAlreadyExists {
                    schedule_id: existing.schedule_id,
                    create_request_id: existing.create_request_id,
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces what a schedule does when.
    pub async fn update_schedule(
        &self,
        namespace: &Namespace,
        schedule_id: &str,
        update: ScheduleUpdate,
    ) -> Result<(), EngineError> {
        let key = ScheduleKey::new(&*namespace.id, schedule_id);
        self.decide_schedule(&key, |turn| turn.update(update)).await
    }

    /// Triggers, backfills, pauses or unpauses a schedule. The same request again changes nothing.
    pub async fn patch_schedule(
        &self,
        namespace: &Namespace,
        schedule_id: &str,
        patch: SchedulePatch,
        request_id: String,
    ) -> Result<(), EngineError> {
        let key = ScheduleKey::new(&*namespace.id, schedule_id);
        let patched = self.decide_schedule(&key, move |turn| turn.patch(patch, &request_id));
        patched.await
    }

    /// Deletes a schedule. What it has started goes on.
    pub async fn delete_schedule(&self, namespace: &Namespace, schedule_id: &str) -> Result<(), EngineError> {
        let key = ScheduleKey::new(&*namespace.id, schedule_id);
        let _turn = self.inner.schedules.lock(&key).await;
        if !self.forget_schedule(&key).await? {
            return Err(EngineError::ScheduleNotFound(key.schedule_id));
        }
        Ok(())
    }

    /// Everything about a schedule.
    pub async fn describe_schedule(
        &self,
        namespace: &Namespace,
        schedule_id: &str,
    ) -> Result<DescribeScheduleResponse, EngineError> {
        let schedule = self
            .stored_schedule(&ScheduleKey::new(&*namespace.id, schedule_id))
            .await?;
        let mut described = describe(&schedule, clock::now());
        tell_types(namespace, &mut described);
        Ok(described)
    }

    /// The times after `start` until `end` at which a schedule acts, or would if it were not paused.
    pub async fn schedule_matching_times(
        &self,
        namespace: &Namespace,
        schedule_id: &str,
        start: Time,
        end: Time,
    ) -> Result<ListScheduleMatchingTimesResponse, EngineError> {
        let schedule = self
            .stored_schedule(&ScheduleKey::new(&*namespace.id, schedule_id))
            .await?;
        Ok(ListScheduleMatchingTimesResponse {
            start_time: matching_times(&schedule, start, end),
        })
    }

    /// A page of the schedules that match a query.
    pub async fn list_schedules(
        &self,
        namespace: &Namespace,
        query: &str,
        page_size: u32,
        page_token: &[u8],
    ) -> Result<(Vec<ScheduleListEntry>, Vec<u8>), EngineError> {
        let store = &self.inner.store;
        let now = clock::now();
        let page = store
            .schedule_page(&namespace.id, query, page_size, page_token, now)
            .await?;
        let entries = page.schedules.iter().map(|schedule| list_entry(schedule, now));
        Ok((entries.collect(), page.next_page_token))
    }

    /// How many schedules match a query, in groups when it asks for them.
    pub async fn count_schedules(&self, namespace: &Namespace, query: &str) -> Result<ScheduleCount, EngineError> {
        Ok(self
            .inner
            .store
            .schedule_count(&namespace.id, query, clock::now())
            .await?)
    }

    /// Takes up all schedules after a start: timers are set, what was missed is decided about, starts that may be lost
    /// are made again, and workflows that are open are watched.
    pub(crate) async fn recover_schedules(&self) -> Result<(), EngineError> {
        let mut after: Option<ScheduleKey> = None;
        loop {
            let schedules = self.inner.store.schedules(after.as_ref(), PAGE).await?;
            let Some(last) = schedules.last() else { return Ok(()) };
            after = Some(last.key());
            for schedule in &schedules {
                self.report_to_schedule(schedule.key(), |turn| turn.recover());
            }
        }
    }

    async fn stored_schedule(&self, key: &ScheduleKey) -> Result<Schedule, EngineError> {
        let stored = self.inner.store.schedule(key).await?;
        stored.ok_or_else(|| EngineError::ScheduleNotFound(key.schedule_id.clone()))
    }
}

/// Says of which types the search attributes are that a schedule has, and gives to what it starts.
fn tell_types(namespace: &Namespace, described: &mut DescribeScheduleResponse) {
    if let Some(attributes) = &mut described.search_attributes {
        set_types(namespace, attributes);
    }
    let action = described
        .schedule
        .as_mut()
        .and_then(|schedule| schedule.action.as_mut());
    if let Some(Action::StartWorkflow(start)) = action.and_then(|action| action.action.as_mut())
        && let Some(attributes) = &mut start.search_attributes
    {
        set_types(namespace, attributes);
    }
}
