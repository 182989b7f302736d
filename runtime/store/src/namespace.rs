//! The rows of namespaces.

use prost::Message;
use sqlx::Row as _;
use wrt_model::Namespace;

use crate::{
    Store, StoreError,
    sqlite::{Row, Statement},
};

impl Store {
    /// Adds a namespace. Errors: [`StoreError::AlreadyExists`] when its id or its name is taken.
    pub async fn namespace_insert(&self, namespace: &Namespace) -> Result<(), StoreError> {
        let statement =
            sqlx::query("INSERT INTO namespace (id, name, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(&namespace.id)
                .bind(&namespace.name)
                .bind(namespace.encode_to_vec());
        match self.database.write("add namespace", statement).await? {
            0 => Err(StoreError::AlreadyExists {
                what: format!("namespace {}", namespace.name),
            }),
            _ => {
                self.schemas.put(namespace);
                Ok(())
            }
        }
    }

    /// Replaces the namespace of the same id. Errors: [`StoreError::NotFound`].
    pub async fn namespace_update(&self, namespace: &Namespace) -> Result<(), StoreError> {
        let statement = sqlx::query("UPDATE namespace SET name = $2, data = $3 WHERE id = $1")
            .bind(&namespace.id)
            .bind(&namespace.name)
            .bind(namespace.encode_to_vec());
        match self.database.write("update namespace", statement).await? {
            0 => Err(StoreError::NotFound {
                what: format!("namespace {}", namespace.name),
            }),
            _ => {
                self.schemas.put(namespace);
                Ok(())
            }
        }
    }

    /// The namespace that clients call `name`.
    pub async fn namespace_by_name(&self, name: &str) -> Result<Option<Namespace>, StoreError> {
        self.namespace(sqlx::query("SELECT data FROM namespace WHERE name = $1").bind(name))
            .await
    }

    /// The namespace of this id.
    pub async fn namespace_by_id(&self, id: &str) -> Result<Option<Namespace>, StoreError> {
        self.namespace(sqlx::query("SELECT data FROM namespace WHERE id = $1").bind(id))
            .await
    }

    /// At most `limit` namespaces by name, from the one that follows the name `after`, or from the first.
    pub async fn namespaces(&self, after: Option<&str>, limit: u32) -> Result<Vec<Namespace>, StoreError> {
        // No name is empty, so every name follows the empty one.
        let rows = sqlx::query("SELECT data FROM namespace WHERE name > $1 ORDER BY name LIMIT $2")
            .bind(after.unwrap_or_default())
            .bind(limit)
            .fetch_all(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("list namespaces", error))?;
        rows.iter().map(|row| self.decode_namespace(row)).collect()
    }

    /// Takes over the search attributes of all namespaces.
    pub(crate) async fn load_schemas(&self) -> Result<(), StoreError> {
        for namespace in self.namespaces(None, u32::MAX).await? {
            self.schemas.put(&namespace);
        }
        Ok(())
    }

    async fn namespace(&self, statement: Statement<'_>) -> Result<Option<Namespace>, StoreError> {
        statement
            .fetch_optional(&mut *self.database.reader().await?)
            .await
            .map_err(|error| self.database.failure("load namespace", error))?
            .map(|row| self.decode_namespace(&row))
            .transpose()
    }

    fn decode_namespace(&self, row: &Row) -> Result<Namespace, StoreError> {
        let data: &[u8] = row
            .try_get(0)
            .map_err(|error| self.database.failure("read namespace", error))?;
        Namespace::decode(data).map_err(|error| StoreError::Unreadable {
            what: "namespace".to_owned(),
            cause: error.to_string(),
        })
    }
}
