//! The rows of batch operations and of their targets.

use prost::Message;
use sqlx::Row as _;
use wrt_model::{BatchKey, BatchOperation, Time, batch::BatchTargets, proto::WorkflowExecution};

use crate::{
    Store, StoreError,
    run::OPEN,
    sqlite::{Row, Statement},
};

/// Targets that one row holds.
const TARGETS_PER_ROW: usize = 500;

/// One page of a list of batch operations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchPage {
    /// The operations, the youngest first.
    pub operations: Vec<BatchOperation>,
    /// What asks for the page that follows; empty on the last page.
    pub next_page_token: Vec<u8>,
}

/// The last operation of a page. Its encoding is the page token.
#[derive(Clone, PartialEq, Message)]
struct PageToken {
    #[prost(int64, tag = "1")]
    start_ns: i64,
    #[prost(string, tag = "2")]
    job_id: String,
}

impl Store {
    /// Adds a batch operation. Errors: [`StoreError::AlreadyExists`] when its namespace has one of this id.
    pub async fn batch_insert(&self, operation: &BatchOperation) -> Result<(), StoreError> {
        let key = operation.key();
        let statement = sqlx::query(
            "INSERT INTO batch_operation (namespace_id, job_id, start_ns, close_ns, data) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&key.namespace_id)
        .bind(&key.job_id)
        .bind(operation.start_ns)
        .bind(close_column(operation))
        .bind(operation.encode_to_vec());
        match self.database.write("add batch operation", statement).await? {
            0 => Err(StoreError::AlreadyExists {
                what: named(&key.job_id),
            }),
            _ => Ok(()),
        }
    }

    /// Replaces the batch operation of the same id. Errors: [`StoreError::NotFound`].
    pub async fn batch_update(&self, operation: &BatchOperation) -> Result<(), StoreError> {
        let key = operation.key();
        let statement =
            sqlx::query("UPDATE batch_operation SET close_ns = $3, data = $4 WHERE namespace_id = $1 AND job_id = $2")
                .bind(&key.namespace_id)
                .bind(&key.job_id)
                .bind(close_column(operation))
                .bind(operation.encode_to_vec());
        match self.database.write("update batch operation", statement).await? {
            0 => Err(StoreError::NotFound {
                what: named(&key.job_id),
            }),
            _ => Ok(()),
        }
    }

    /// One batch operation.
    pub async fn batch(&self, key: &BatchKey) -> Result<Option<BatchOperation>, StoreError> {
        let statement = sqlx::query("SELECT data FROM batch_operation WHERE namespace_id = $1 AND job_id = $2")
            .bind(&key.namespace_id)
            .bind(&key.job_id);
        Ok(self.batches_of(statement).await?.pop())
    }

    /// The batch operations of all namespaces that go on.
    pub async fn open_batches(&self) -> Result<Vec<BatchOperation>, StoreError> {
        let statement = sqlx::query("SELECT data FROM batch_operation WHERE close_ns = $1").bind(OPEN);
        self.batches_of(statement).await
    }

    /// The batch operations of a namespace, the youngest first. `page_token` is empty for the first page, then the
    /// `next_page_token` of the page before. Errors: [`StoreError::InvalidPageToken`].
    pub async fn batch_page(
        &self,
        namespace_id: &str,
        page_size: u32,
        page_token: &[u8],
    ) -> Result<BatchPage, StoreError> {
        // None begins so late.
        let after = match page_token {
            [] => PageToken {
                start_ns: i64::MAX,
                job_id: String::new(),
            },
            bytes => PageToken::decode(bytes).map_err(|_| StoreError::InvalidPageToken)?,
        };
        let page_size = page_size.max(1);
        let statement = sqlx::query(
            "SELECT data FROM batch_operation WHERE namespace_id = $1 AND (start_ns, job_id) < ($2, $3) \
             ORDER BY start_ns DESC, job_id DESC LIMIT $4",
        );
        let statement = statement.bind(namespace_id).bind(after.start_ns).bind(&after.job_id);
        // One more than asked for shows whether there is another page.
        let mut operations = self.batches_of(statement.bind(i64::from(page_size) + 1)).await?;
        let more = operations.len() > page_size as usize;
        operations.truncate(page_size as usize);
        let last = operations.last().filter(|_| more).map(|last| PageToken {
            start_ns: last.start_ns,
            job_id: last.request.job_id.clone(),
        });
        Ok(BatchPage {
            next_page_token: last.map(|last| last.encode_to_vec()).unwrap_or_default(),
            operations,
        })
    }

    /// Removes the batch operations of a namespace that ended before a time.
    pub async fn remove_batches(&self, namespace_id: &str, ended_before: Time) -> Result<(), StoreError> {
        let ended = "namespace_id = $1 AND close_ns < $2";
        for sql in [
            format!(
                "DELETE FROM batch_target WHERE (namespace_id, job_id) IN (SELECT namespace_id, job_id FROM batch_operation WHERE {ended})"
            ),
            format!("DELETE FROM batch_operation WHERE {ended}"),
        ] {
            let statement = sqlx::query(sqlx::AssertSqlSafe(sql));
            let statement = statement.bind(namespace_id).bind(ended_before.nanos());
            self.database.write("remove batch operations", statement).await?;
        }
        Ok(())
    }

    // === Targets ===

    /// Puts targets in the place of those that the batch operation had.
    pub async fn batch_targets_put(&self, key: &BatchKey, targets: &[WorkflowExecution]) -> Result<(), StoreError> {
        self.batch_targets_remove(key).await?;
        for (number, executions) in targets.chunks(TARGETS_PER_ROW).enumerate() {
            let page = BatchTargets {
                executions: executions.to_vec(),
            };
            let statement =
                sqlx::query("INSERT INTO batch_target (namespace_id, job_id, first, data) VALUES ($1, $2, $3, $4)")
                    .bind(&key.namespace_id)
                    .bind(&key.job_id)
                    .bind((number * TARGETS_PER_ROW) as i64)
                    .bind(page.encode_to_vec());
            self.database.write("add batch targets", statement).await?;
        }
        Ok(())
    }

    /// Some targets, from this number on, which counts from 0; none behind the last one.
    pub async fn batch_targets(&self, key: &BatchKey, from: i64) -> Result<Vec<WorkflowExecution>, StoreError> {
        let row = sqlx::query(
            "SELECT first, data FROM batch_target WHERE namespace_id = $1 AND job_id = $2 AND first <= $3 \
             ORDER BY first DESC LIMIT 1",
        )
        .bind(&key.namespace_id)
        .bind(&key.job_id)
        .bind(from)
        .fetch_optional(&mut *self.database.reader().await?)
        .await
        .map_err(|error| self.database.failure("load batch targets", error))?;
        let Some(row) = row else { return Ok(Vec::new()) };
        let first: i64 = row
            .try_get(0)
            .map_err(|error| self.database.failure("read batch targets", error))?;
        let page: BatchTargets = self.decode_batch(&row, 1)?;
        let skipped = usize::try_from(from - first).unwrap_or(usize::MAX);
        Ok(page.executions.into_iter().skip(skipped).collect())
    }

    /// Removes all targets of a batch operation.
    pub async fn batch_targets_remove(&self, key: &BatchKey) -> Result<(), StoreError> {
        let statement = sqlx::query("DELETE FROM batch_target WHERE namespace_id = $1 AND job_id = $2")
            .bind(&key.namespace_id)
            .bind(&key.job_id);
        self.database.write("remove batch targets", statement).await.map(drop)
    }

    async fn batches_of(&self, statement: Statement<'_>) -> Result<Vec<BatchOperation>, StoreError> {
        let rows = statement
            .fetch_all(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("load batch operations", error))?;
        rows.iter().map(|row| self.decode_batch(row, 0)).collect()
    }

    fn decode_batch<M: Message + Default>(&self, row: &Row, column: usize) -> Result<M, StoreError> {
        let data: &[u8] = row
            .try_get(column)
            .map_err(|error| self.database.failure("read batch operation", error))?;
        M::decode(data).map_err(|error| StoreError::Unreadable {
            what: "batch operation".to_owned(),
            cause: error.to_string(),
        })
    }
}

fn close_column(operation: &BatchOperation) -> i64 {
    if operation.is_open() { OPEN } else { operation.close_ns }
}

fn named(job_id: &str) -> String {
    format!("batch operation {job_id}")
}
