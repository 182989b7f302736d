//! The rows of deployments.

use wrt_model::Deployment;

use crate::{Store, StoreError, json};

impl Store {
    /// Adds a deployment, or replaces the one of the same namespace and name.
    pub async fn deployment_put(&self, deployment: &Deployment) -> Result<(), StoreError> {
        let statement = sqlx::query(
            "INSERT INTO deployment (namespace_id, name, data) VALUES ($1, $2, $3) \
             ON CONFLICT (namespace_id, name) DO UPDATE SET data = excluded.data",
        )
        .bind(&deployment.namespace_id)
        .bind(&deployment.name)
        .bind(json::encode(deployment));
        self.database.write("put deployment", statement).await.map(drop)
    }

    /// One deployment.
    pub async fn deployment(&self, namespace_id: &str, name: &str) -> Result<Option<Deployment>, StoreError> {
        let data: Option<String> =
            sqlx::query_scalar("SELECT data FROM deployment WHERE namespace_id = $1 AND name = $2")
                .bind(namespace_id)
                .bind(name)
                .fetch_optional(&mut *self.database.reader().await?)
                .await
                .map_err(|error| self.database.failure("load deployment", error))?;
        data.map(|text| json::decode(&text, || format!("deployment {name}")))
            .transpose()
    }

    /// All deployments of all namespaces, by namespace id and name. There are few.
    pub async fn deployments(&self) -> Result<Vec<Deployment>, StoreError> {
        let rows: Vec<String> = sqlx::query_scalar("SELECT data FROM deployment ORDER BY namespace_id, name")
            .fetch_all(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("list deployments", error))?;
        rows.iter()
            .map(|text| json::decode(text, || "deployment".to_owned()))
            .collect()
    }

    /// Removes a deployment, and says whether it was there.
    pub async fn deployment_delete(&self, namespace_id: &str, name: &str) -> Result<bool, StoreError> {
        let statement = sqlx::query("DELETE FROM deployment WHERE namespace_id = $1 AND name = $2")
            .bind(namespace_id)
            .bind(name);
        Ok(self.database.write("remove deployment", statement).await? > 0)
    }
}
