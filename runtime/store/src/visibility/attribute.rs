//! What runs can be found by.

use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, query_builder::Separated};
use wrt_model::{Time, proto::enums::WorkflowExecutionStatus};

use crate::{StoreError, sqlite::Backend};

/// A search attribute that every run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    WorkflowId,
    RunId,
    WorkflowType,
    TaskQueue,
    ExecutionStatus,
    StartTime,
    ExecutionTime,
    CloseTime,
    HistoryLength,
}

/// A literal of a query, and a column of the row where a page ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Value {
    Number(i64),
    Text(String),
}

/// A literal as it is written in a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Number(String),
    Text(String),
}

use Attribute::*;

impl Attribute {
    pub(super) const ALL: [Attribute; 9] = [
        WorkflowId,
        RunId,
        WorkflowType,
        TaskQueue,
        ExecutionStatus,
        StartTime,
        ExecutionTime,
        CloseTime,
        HistoryLength,
    ];

    /// The name in queries.
    pub(super) fn name(self) -> &'static str {
        match self {
            WorkflowId => "WorkflowId",
            RunId => "RunId",
            WorkflowType => "WorkflowType",
            TaskQueue => "TaskQueue",
            ExecutionStatus => "ExecutionStatus",
            StartTime => "StartTime",
            ExecutionTime => "ExecutionTime",
            CloseTime => "CloseTime",
            HistoryLength => "HistoryLength",
        }
    }

    /// The column of table `run`.
    pub(super) fn column(self) -> &'static str {
        match self {
            WorkflowId => "workflow_id",
            RunId => "run_id",
            WorkflowType => "workflow_type",
            TaskQueue => "task_queue",
            ExecutionStatus => "status",
            StartTime => "start_ns",
            ExecutionTime => "execution_ns",
            CloseTime => "close_ns",
            HistoryLength => "history_length",
        }
    }

    /// True when the column holds text, false when it holds a number.
    pub(super) fn is_text(self) -> bool {
        match self {
            WorkflowId | RunId | WorkflowType | TaskQueue => true,
            ExecutionStatus | StartTime | ExecutionTime | CloseTime | HistoryLength => false,
        }
    }

    /// The attribute of this name, as queries write it.
    pub(super) fn named(name: &str) -> Result<Self, StoreError> {
        Attribute::ALL
            .into_iter()
            .find(|attribute| attribute.name() == name)
            .ok_or_else(|| {
                StoreError::InvalidQuery(format!(
                    "unknown search attribute {name}; known are {}",
                    Attribute::ALL.map(Attribute::name).join(", ")
                ))
            })
    }

    /// A literal of a query as the column holds it.
    pub(super) fn value(self, literal: &Literal) -> Result<Value, StoreError> {
        let value = match (self, literal) {
            (WorkflowId | RunId | WorkflowType | TaskQueue, Literal::Text(text)) => Some(Value::Text(text.clone())),
            (ExecutionStatus, Literal::Text(text)) => status(text).map(|status| Value::Number(status as i64)),
            (StartTime | ExecutionTime | CloseTime, Literal::Text(text)) => time(text),
            // Temporal takes nanoseconds since the epoch as well.
            (StartTime | ExecutionTime | CloseTime | HistoryLength, Literal::Number(digits)) => {
                digits.parse().ok().map(Value::Number)
            }
            (WorkflowId | RunId | WorkflowType | TaskQueue | ExecutionStatus, Literal::Number(_))
            | (HistoryLength, Literal::Text(_)) => None,
        };
        value.ok_or_else(|| {
            StoreError::InvalidQuery(format!(
                "{} cannot be {literal}; it takes {}",
                self.name(),
                self.takes()
            ))
        })
    }

    fn takes(self) -> String {
        match self {
            WorkflowId | RunId | WorkflowType | TaskQueue => "a text in single quotes".to_owned(),
            ExecutionStatus => format!("one of {}", STATUSES.map(|(name, _)| format!("'{name}'")).join(", ")),
            StartTime | ExecutionTime | CloseTime => "a time like '2026-01-31T12:00:00Z'".to_owned(),
            HistoryLength => "a whole number".to_owned(),
        }
    }
}

const STATUSES: [(&str, WorkflowExecutionStatus); 8] = [
    ("Running", WorkflowExecutionStatus::Running),
    ("Completed", WorkflowExecutionStatus::Completed),
    ("Failed", WorkflowExecutionStatus::Failed),
    ("Canceled", WorkflowExecutionStatus::Canceled),
    ("Terminated", WorkflowExecutionStatus::Terminated),
    ("ContinuedAsNew", WorkflowExecutionStatus::ContinuedAsNew),
    ("TimedOut", WorkflowExecutionStatus::TimedOut),
    ("Paused", WorkflowExecutionStatus::Paused),
];

/// Clients write `Running`, `running` and `WORKFLOW_EXECUTION_STATUS_RUNNING`.
fn status(text: &str) -> Option<WorkflowExecutionStatus> {
    STATUSES
        .into_iter()
        .find(|(name, status)| name.eq_ignore_ascii_case(text) || status.as_str_name() == text)
        .map(|(_, status)| status)
}

fn time(text: &str) -> Option<Value> {
    let timestamp: prost_types::Timestamp = text.parse().ok()?;
    Some(Value::Number(Time::from(&timestamp).nanos()))
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Literal::Number(digits) => f.write_str(digits),
            Literal::Text(text) => write!(f, "'{text}'"),
        }
    }
}

// === Binding ===

impl Value {
    /// Binds the value as the next one of a list.
    pub(super) fn push_bind(self, list: &mut Separated<'_, Backend, &'static str>) {
        match self {
            Value::Number(number) => list.push_bind(number),
            Value::Text(text) => list.push_bind(text),
        };
    }

    /// Binds the value at the end of a statement.
    pub(super) fn push(&self, statement: &mut QueryBuilder<Backend>) {
        match self {
            Value::Number(number) => statement.push_bind(*number),
            Value::Text(text) => statement.push_bind(text.as_str()),
        };
    }
}
