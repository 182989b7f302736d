//! The store through its public face. `sqlite` is about its files; everything else runs on any backend, on the store that
//! [`fixture::store`] opens.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod batch;
mod commit;
mod component;
mod delete;
mod deployment;
mod fixture;
mod golden;
mod history;
mod namespace;
mod run;
mod schedule;
mod search_attribute;
mod sqlite;
mod task_queue;
mod visibility;
mod worker_deployment;
