//! The rows of schedules.

mod filter;

use prost::Message;
use sqlx::Row as _;
use wrt_model::{Schedule, ScheduleKey, Time};

use crate::{
    Store, StoreError,
    sqlite::{Row, Statement},
};

use filter::Filter;

/// Schedules that are read at a time while a query looks for those that it matches.
const READ_AT_A_TIME: u32 = 500;

/// One page of a list of schedules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchedulePage {
    /// The schedules, the youngest first.
    pub schedules: Vec<Schedule>,
    /// What asks for the page that follows; empty on the last page.
    pub next_page_token: Vec<u8>,
}

/// How many schedules match a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScheduleCount {
    /// All of them.
    pub total: i64,
    /// With `GROUP BY TemporalSchedulePaused`: how many there are of those that are paused and of those that are not, if
    /// there are any.
    pub groups: Vec<(bool, i64)>,
}

/// The last schedule of a page. Its encoding is the page token.
#[derive(Clone, PartialEq, Message)]
struct PageToken {
    #[prost(int64, tag = "1")]
    created_ns: i64,
    #[prost(string, tag = "2")]
    schedule_id: String,
    /// Pages of another query do not follow.
    #[prost(string, tag = "3")]
    query: String,
}

impl Store {
    /// Adds a schedule. Errors: [`StoreError::AlreadyExists`] when its namespace has one of this id.
    pub async fn schedule_insert(&self, schedule: &Schedule) -> Result<(), StoreError> {
        let statement = sqlx::query(
            "INSERT INTO schedule (namespace_id, schedule_id, created_ns, data) VALUES ($1, $2, $3, $4) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&schedule.namespace_id)
        .bind(&schedule.schedule_id)
        .bind(schedule.created_ns)
        .bind(schedule.encode_to_vec());
        match self.database.write("add schedule", statement).await? {
            0 => Err(StoreError::AlreadyExists {
                what: named(&schedule.schedule_id),
            }),
            _ => Ok(()),
        }
    }

    /// Replaces the schedule of the same id. Errors: [`StoreError::NotFound`].
    pub async fn schedule_update(&self, schedule: &Schedule) -> Result<(), StoreError> {
        let statement = sqlx::query("UPDATE schedule SET data = $3 WHERE namespace_id = $1 AND schedule_id = $2")
            .bind(&schedule.namespace_id)
            .bind(&schedule.schedule_id)
            .bind(schedule.encode_to_vec());
        match self.database.write("update schedule", statement).await? {
            0 => Err(StoreError::NotFound {
                what: named(&schedule.schedule_id),
            }),
            _ => Ok(()),
        }
    }

    /// Removes a schedule, and says whether it was there.
    pub async fn schedule_delete(&self, key: &ScheduleKey) -> Result<bool, StoreError> {
        let statement = sqlx::query("DELETE FROM schedule WHERE namespace_id = $1 AND schedule_id = $2")
            .bind(&key.namespace_id)
            .bind(&key.schedule_id);
        Ok(self.database.write("remove schedule", statement).await? > 0)
    }

    /// One schedule.
    pub async fn schedule(&self, key: &ScheduleKey) -> Result<Option<Schedule>, StoreError> {
        let statement = sqlx::query("SELECT data FROM schedule WHERE namespace_id = $1 AND schedule_id = $2")
            .bind(&key.namespace_id)
            .bind(&key.schedule_id);
        Ok(self.schedules_of(statement).await?.pop())
    }

    /// At most `limit` schedules of all namespaces, by namespace id and schedule id, from the one that follows `after`, or
    /// from the first.
    pub async fn schedules(&self, after: Option<&ScheduleKey>, limit: u32) -> Result<Vec<Schedule>, StoreError> {
        // No id is empty, so every id follows the empty one.
        let (namespace_id, schedule_id) = after.map_or(("", ""), |key| (&key.namespace_id, &key.schedule_id));
        let statement = sqlx::query(
            "SELECT data FROM schedule WHERE (namespace_id, schedule_id) > ($1, $2) \
             ORDER BY namespace_id, schedule_id LIMIT $3",
        );
        self.schedules_of(statement.bind(namespace_id).bind(schedule_id).bind(limit))
            .await
    }

    /// Schedules of a namespace that match a query, for instance `TemporalSchedulePaused = true`, the youngest first; an
    /// empty one matches all. It may name `ScheduleId`, `TemporalSchedulePaused` and search attributes. Spans in it are
    /// counted back from `now`.
    ///
    /// `page_token` is empty for the first page, then the `next_page_token` of the page before.
    ///
    /// Errors: [`StoreError::InvalidQuery`] and [`StoreError::InvalidPageToken`].
    pub async fn schedule_page(
        &self,
        namespace_id: &str,
        query: &str,
        page_size: u32,
        page_token: &[u8],
        now: Time,
    ) -> Result<SchedulePage, StoreError> {
        let schema = self.schemas.get(namespace_id);
        let filter = Filter::parse(query, &schema, now)?;
        if filter.group_by_paused {
            return Err(StoreError::InvalidQuery(
                "GROUP BY is for counting; leave it out to list".to_owned(),
            ));
        }
        let mut after = match page_token {
            [] => None,
            bytes => Some(PageToken::open(bytes, query)?),
        };
        let page_size = usize::try_from(page_size.max(1)).unwrap_or(usize::MAX);
        let mut schedules: Vec<Schedule> = Vec::new();
        // One more than asked for shows whether there is another page.
        while schedules.len() <= page_size {
            let read = self.schedules_by_age(namespace_id, after.as_ref()).await?;
            let Some(last) = read.last() else { break };
            after = Some(PageToken::of(last, query));
            schedules.extend(read.into_iter().filter(|schedule| filter.matches(schedule)));
        }
        let more = schedules.len() > page_size;
        schedules.truncate(page_size);
        let next_page_token = match schedules.last().filter(|_| more) {
            Some(last) => PageToken::of(last, query).encode_to_vec(),
            None => Vec::new(),
        };
        Ok(SchedulePage {
            schedules,
            next_page_token,
        })
    }

    /// How many schedules of a namespace match a query, which may end with `GROUP BY TemporalSchedulePaused`.
    ///
    /// Errors: [`StoreError::InvalidQuery`].
    pub async fn schedule_count(
        &self,
        namespace_id: &str,
        query: &str,
        now: Time,
    ) -> Result<ScheduleCount, StoreError> {
        let schema = self.schemas.get(namespace_id);
        let filter = Filter::parse(query, &schema, now)?;
        let mut counts = [0, 0];
        let mut after = None;
        loop {
            let read = self.schedules_by_age(namespace_id, after.as_ref()).await?;
            let Some(last) = read.last() else { break };
            after = Some(PageToken::of(last, query));
            for schedule in read.iter().filter(|schedule| filter.matches(schedule)) {
                counts[usize::from(schedule.state.paused)] += 1;
            }
        }
        let groups = [false, true].into_iter().zip(counts).filter(|(_, count)| *count > 0);
        Ok(ScheduleCount {
            total: counts.iter().sum(),
            groups: groups.filter(|_| filter.group_by_paused).collect(),
        })
    }

    async fn schedules_by_age(
        &self,
        namespace_id: &str,
        after: Option<&PageToken>,
    ) -> Result<Vec<Schedule>, StoreError> {
        // No schedule is created so late.
        let (created_ns, schedule_id) = after.map_or((i64::MAX, ""), |last| (last.created_ns, &last.schedule_id));
        let statement = sqlx::query(
            "SELECT data FROM schedule WHERE namespace_id = $1 AND (created_ns, schedule_id) < ($2, $3) \
             ORDER BY created_ns DESC, schedule_id DESC LIMIT $4",
        );
        let statement = statement.bind(namespace_id).bind(created_ns).bind(schedule_id);
        self.schedules_of(statement.bind(READ_AT_A_TIME)).await
    }

    async fn schedules_of(&self, statement: Statement<'_>) -> Result<Vec<Schedule>, StoreError> {
        let rows = statement
            .fetch_all(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("load schedules", error))?;
        rows.iter().map(|row| self.decode_schedule(row)).collect()
    }

    fn decode_schedule(&self, row: &Row) -> Result<Schedule, StoreError> {
        let data: &[u8] = row
            .try_get(0)
            .map_err(|error| self.database.failure("read schedule", error))?;
        Schedule::decode(data).map_err(|error| StoreError::Unreadable {
            what: "schedule".to_owned(),
            cause: error.to_string(),
        })
    }
}

impl PageToken {
    fn of(last: &Schedule, query: &str) -> Self {
        PageToken {
            created_ns: last.created_ns,
            schedule_id: last.schedule_id.clone(),
            query: query.to_owned(),
        }
    }

    fn open(bytes: &[u8], query: &str) -> Result<Self, StoreError> {
        match PageToken::decode(bytes) {
            Ok(token) if token.query == query => Ok(token),
            _ => Err(StoreError::InvalidPageToken),
        }
    }
}

fn named(schedule_id: &str) -> String {
    format!("schedule {schedule_id}")
}
