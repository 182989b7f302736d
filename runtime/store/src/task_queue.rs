//! The rows of task queues: what operators have set.

use prost::Message;
use sqlx::Row as _;
use wrt_model::proto::{enums::TaskQueueType, taskqueue::TaskQueueConfig};

use crate::{Store, StoreError, sqlite::Row};

/// The configuration of a task queue.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTaskQueue {
    /// The namespace's id.
    pub namespace_id: String,
    /// The queue's name.
    pub name: String,
    /// The kind of tasks that it is about.
    pub kind: TaskQueueType,
    /// What is set.
    pub config: TaskQueueConfig,
}

impl Store {
    /// Adds the configuration of a task queue, or replaces it.
    pub async fn task_queue_put(&self, queue: &StoredTaskQueue) -> Result<(), StoreError> {
        let statement = sqlx::query(
            "INSERT INTO task_queue (namespace_id, name, kind, config) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (namespace_id, name, kind) DO UPDATE SET config = excluded.config",
        )
        .bind(&queue.namespace_id)
        .bind(&queue.name)
        .bind(queue.kind as i32)
        .bind(queue.config.encode_to_vec());
        self.database.write("put task queue", statement).await.map(drop)
    }

    /// What is set for a task queue; nothing for one that nobody has configured.
    pub async fn task_queue_config(
        &self,
        namespace_id: &str,
        name: &str,
        kind: TaskQueueType,
    ) -> Result<TaskQueueConfig, StoreError> {
        let row = sqlx::query("SELECT config FROM task_queue WHERE namespace_id = $1 AND name = $2 AND kind = $3")
            .bind(namespace_id)
            .bind(name)
            .bind(kind as i32)
            .fetch_optional(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("load task queue", error))?;
        row.map_or_else(|| Ok(TaskQueueConfig::default()), |row| self.decode_config(&row, 0))
    }

    /// Everything that is set for task queues of this kind, of all namespaces. There are few.
    pub async fn task_queues(&self, kind: TaskQueueType) -> Result<Vec<StoredTaskQueue>, StoreError> {
        let rows = sqlx::query(
            "SELECT namespace_id, name, config FROM task_queue WHERE kind = $1 ORDER BY namespace_id, name",
        )
        .bind(kind as i32)
        .fetch_all(&mut *self.database.reader().await?)
        .await
        .map_err(|error| self.database.failure("list task queues", error))?;
        let text = |row: &Row, column| {
            row.try_get(column)
                .map_err(|error| self.database.failure("read task queue", error))
        };
        let decoded = rows.iter().map(|row| {
            Ok(StoredTaskQueue {
                namespace_id: text(row, 0)?,
                name: text(row, 1)?,
                kind,
                config: self.decode_config(row, 2)?,
            })
        });
        decoded.collect()
    }

    fn decode_config(&self, row: &Row, column: usize) -> Result<TaskQueueConfig, StoreError> {
        let config: &[u8] = row
            .try_get(column)
            .map_err(|error| self.database.failure("read task queue", error))?;
        TaskQueueConfig::decode(config).map_err(|error| StoreError::Unreadable {
            what: "task queue".to_owned(),
            cause: error.to_string(),
        })
    }
}
