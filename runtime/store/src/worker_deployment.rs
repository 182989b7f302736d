//! The rows of worker deployments.

use prost::Message;
use sqlx::Row as _;
use wrt_model::{WorkerDeployment, WorkerDeploymentKey};

use crate::{Store, StoreError, sqlite::Row};

impl Store {
    /// Adds a worker deployment, or replaces the one of the same namespace and name.
    pub async fn worker_deployment_put(&self, deployment: &WorkerDeployment) -> Result<(), StoreError> {
        let statement = sqlx::query(
            "INSERT INTO worker_deployment (namespace_id, name, data) VALUES ($1, $2, $3) \
             ON CONFLICT (namespace_id, name) DO UPDATE SET data = excluded.data",
        )
        .bind(&deployment.namespace_id)
        .bind(&deployment.name)
        .bind(deployment.encode_to_vec());
        self.database.write("put worker deployment", statement).await.map(drop)
    }

    /// All worker deployments of all namespaces, by namespace id and name. There are few.
    pub async fn worker_deployments(&self) -> Result<Vec<WorkerDeployment>, StoreError> {
        let rows = sqlx::query("SELECT data FROM worker_deployment ORDER BY namespace_id, name")
            .fetch_all(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("list worker deployments", error))?;
        rows.iter().map(|row| self.decode_worker_deployment(row)).collect()
    }

    /// Removes a worker deployment, and says whether it was there.
    pub async fn worker_deployment_delete(&self, key: &WorkerDeploymentKey) -> Result<bool, StoreError> {
        let statement = sqlx::query("DELETE FROM worker_deployment WHERE namespace_id = $1 AND name = $2")
            .bind(&key.namespace_id)
            .bind(&key.name);
        Ok(self.database.write("remove worker deployment", statement).await? > 0)
    }

    fn decode_worker_deployment(&self, row: &Row) -> Result<WorkerDeployment, StoreError> {
        let data: &[u8] = row
            .try_get(0)
            .map_err(|error| self.database.failure("read worker deployment", error))?;
        WorkerDeployment::decode(data).map_err(|error| StoreError::Unreadable {
            what: "worker deployment".to_owned(),
            cause: error.to_string(),
        })
    }
}
