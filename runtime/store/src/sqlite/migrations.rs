//! The tables, as the files of migrations/sqlite make them, each one at most once for a database.

use std::sync::LazyLock;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The names of the files, in their order, and what stands in them.
const FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

pub(super) static MIGRATIONS: LazyLock<Migrator> =
    LazyLock::new(|| Migrator::with_migrations(FILES.iter().map(|(name, sql)| migration(name, sql)).collect()));

fn migration(name: &str, sql: &'static str) -> Migration {
    let parts = name.strip_suffix(".sql").and_then(|name| name.split_once('_'));
    let (version, description) = parts.expect("a migration is named as 0001_store.sql");
    Migration::new(
        version.parse().expect("the name of a migration begins with its number"),
        description.replace('_', " ").into(),
        MigrationType::Simple,
        sql.into_sql_str(),
        false,
    )
}
