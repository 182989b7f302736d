//! The rows of components, named by the digest of their bytes.

use wrt_model::{Component, Digest};

use crate::{Store, StoreError, json};

impl Store {
    /// Adds a component with its bytes. Does nothing when it is there already: the same digest is the same component.
    pub async fn component_insert(&self, component: &Component, bytes: &[u8]) -> Result<(), StoreError> {
        let statement = sqlx::query(
            "INSERT INTO component (digest, description, bytes) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING",
        )
        .bind(component.digest.as_str())
        .bind(json::encode(component))
        .bind(bytes);
        self.database.write("add component", statement).await.map(drop)
    }

    /// What a component says about itself.
    pub async fn component(&self, digest: &Digest) -> Result<Option<Component>, StoreError> {
        let description: Option<String> = sqlx::query_scalar("SELECT description FROM component WHERE digest = $1")
            .bind(digest.as_str())
            .fetch_optional(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("load component", error))?;
        description
            .map(|text| json::decode(&text, || format!("component {digest}")))
            .transpose()
    }

    /// The bytes of a component.
    pub async fn component_bytes(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        sqlx::query_scalar("SELECT bytes FROM component WHERE digest = $1")
            .bind(digest.as_str())
            .fetch_optional(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("load bytes of component", error))
    }

    /// Removes a component, and says whether it was there. Whether a run or a deployment still needs it is for the
    /// caller to know.
    pub async fn component_delete(&self, digest: &Digest) -> Result<bool, StoreError> {
        let statement = sqlx::query("DELETE FROM component WHERE digest = $1").bind(digest.as_str());
        Ok(self.database.write("remove component", statement).await? > 0)
    }
}
