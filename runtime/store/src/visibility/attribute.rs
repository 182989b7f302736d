//! What runs can be found by.

use wrt_model::{
    Time,
    proto::enums::{IndexedValueType, WorkflowExecutionStatus},
};

use super::{
    literal::{Literal, span_ns},
    value::{Storage, Value},
};
use crate::{
    StoreError,
    search_attribute::{Schema, SearchAttribute},
};

/// A search attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// One that every run has as a column.
    Run(RunAttribute),
    /// One that runs can be given.
    Given(SearchAttribute),
}

/// A search attribute that every run has, except that open runs have not closed and some have no parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunAttribute {
    WorkflowId,
    RunId,
    WorkflowType,
    TaskQueue,
    ExecutionStatus,
    StartTime,
    ExecutionTime,
    CloseTime,
    ExecutionDuration,
    HistoryLength,
    HistorySizeBytes,
    StateTransitionCount,
    ParentWorkflowId,
    ParentRunId,
    RootWorkflowId,
    RootRunId,
}

use RunAttribute::*;

// === impl Attribute ===

impl Attribute {
    /// The attribute of this name, as queries write it.
    pub(crate) fn named(name: &str, schema: &Schema) -> Result<Self, StoreError> {
        let of_every_run = RunAttribute::ALL.into_iter().find(|attribute| attribute.name() == name);
        of_every_run
            .map(Attribute::Run)
            .or_else(|| schema.get(name).cloned().map(Attribute::Given))
            .ok_or_else(|| unknown(name, schema))
    }

    /// The name in queries.
    pub(super) fn name(&self) -> &str {
        match self {
            Attribute::Run(attribute) => attribute.name(),
            Attribute::Given(attribute) => &attribute.name,
        }
    }

    /// True when its values are found by their words.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Attribute::Given(attribute) if attribute.is_text())
    }

    /// How the database holds its values.
    pub(super) fn storage(&self) -> Storage {
        match self {
            Attribute::Run(attribute) => attribute.storage(),
            Attribute::Given(attribute) => match attribute.value_type {
                IndexedValueType::Double => Storage::Real,
                IndexedValueType::Int | IndexedValueType::Bool | IndexedValueType::Datetime => Storage::Number,
                _ => Storage::Text,
            },
        }
    }

    /// A literal of a query as the database holds it. `now` is the time that spans are counted back from.
    pub(crate) fn value(&self, literal: &Literal, now: Time) -> Result<Value, StoreError> {
        let value = match self {
            Attribute::Run(attribute) => attribute.value(literal, now),
            Attribute::Given(attribute) => given_value(attribute.value_type, literal, now),
        };
        value.ok_or_else(|| {
            StoreError::InvalidQuery(format!(
                "{} cannot be {literal}; it takes {}",
                self.name(),
                self.takes()
            ))
        })
    }

    fn takes(&self) -> String {
        match self {
            Attribute::Run(ExecutionStatus) => {
                format!("one of {}", STATUSES.map(|(name, _)| format!("'{name}'")).join(", "))
            }
            Attribute::Run(ExecutionDuration) => SPAN.to_owned(),
            Attribute::Run(attribute) if attribute.is_time() => TIME.to_owned(),
            Attribute::Run(attribute) => match attribute.storage() {
                Storage::Text => TEXT.to_owned(),
                Storage::Number | Storage::Real => "a whole number".to_owned(),
            },
            Attribute::Given(attribute) => match attribute.value_type {
                IndexedValueType::Bool => "true or false",
                IndexedValueType::Datetime => TIME,
                IndexedValueType::Int => "a whole number",
                IndexedValueType::Double => "a number",
                IndexedValueType::Text => "a text in single quotes that is not blank",
                _ => TEXT,
            }
            .to_owned(),
        }
    }
}

const TEXT: &str = "a text in single quotes";
const TIME: &str = "a time like '2026-01-31T12:00:00Z', or a span like '2h' for the time so long ago";
const SPAN: &str = "a span like '1h30m' or '01:30:00', or nanoseconds";

fn unknown(name: &str, schema: &Schema) -> StoreError {
    let mut known = RunAttribute::ALL.map(RunAttribute::name).to_vec();
    known.extend(schema.keys().map(String::as_str));
    StoreError::InvalidQuery(format!(
        "unknown search attribute {name}; known are {}",
        known.join(", ")
    ))
}

fn given_value(value_type: IndexedValueType, literal: &Literal, now: Time) -> Option<Value> {
    match (value_type, literal) {
        (IndexedValueType::Bool, Literal::Bool(flag)) => Some(Value::Number(i64::from(*flag))),
        // Temporal's clients write 'true' as well.
        (IndexedValueType::Bool, Literal::Text(text)) => {
            let flag: bool = text.to_lowercase().parse().ok()?;
            Some(Value::Number(i64::from(flag)))
        }
        (IndexedValueType::Datetime, literal) => time(literal, now),
        (IndexedValueType::Int, Literal::Number(digits)) => digits.parse().ok().map(Value::Number),
        (IndexedValueType::Double, Literal::Number(digits)) => digits.parse().ok().map(Value::real),
        (IndexedValueType::Text, Literal::Text(text)) if text.trim().is_empty() => None,
        (IndexedValueType::Keyword | IndexedValueType::KeywordList | IndexedValueType::Text, Literal::Text(text)) => {
            Some(Value::Text(text.clone()))
        }
        _ => None,
    }
}

// === impl RunAttribute ===

impl RunAttribute {
    pub(super) const ALL: [RunAttribute; 16] = [
        WorkflowId,
        RunId,
        WorkflowType,
        TaskQueue,
        ExecutionStatus,
        StartTime,
        ExecutionTime,
        CloseTime,
        ExecutionDuration,
        HistoryLength,
        HistorySizeBytes,
        StateTransitionCount,
        ParentWorkflowId,
        ParentRunId,
        RootWorkflowId,
        RootRunId,
    ];

    fn name(self) -> &'static str {
        match self {
            WorkflowId => "WorkflowId",
            RunId => "RunId",
            WorkflowType => "WorkflowType",
            TaskQueue => "TaskQueue",
            ExecutionStatus => "ExecutionStatus",
            StartTime => "StartTime",
            ExecutionTime => "ExecutionTime",
            CloseTime => "CloseTime",
            ExecutionDuration => "ExecutionDuration",
            HistoryLength => "HistoryLength",
            HistorySizeBytes => "HistorySizeBytes",
            StateTransitionCount => "StateTransitionCount",
            ParentWorkflowId => "ParentWorkflowId",
            ParentRunId => "ParentRunId",
            RootWorkflowId => "RootWorkflowId",
            RootRunId => "RootRunId",
        }
    }

    /// The column of table `run`, or what is computed from columns.
    pub(super) fn column(self) -> &'static str {
        match self {
            WorkflowId => "run.workflow_id",
            RunId => "run.run_id",
            WorkflowType => "run.workflow_type",
            TaskQueue => "run.task_queue",
            ExecutionStatus => "run.status",
            StartTime => "run.start_ns",
            ExecutionTime => "run.execution_ns",
            CloseTime => "run.close_ns",
            ExecutionDuration => "(run.close_ns - run.execution_ns)",
            HistoryLength => "run.history_length",
            HistorySizeBytes => "run.history_bytes",
            StateTransitionCount => "run.state_transitions",
            ParentWorkflowId => "run.parent_workflow_id",
            ParentRunId => "run.parent_run_id",
            RootWorkflowId => "run.root_workflow_id",
            RootRunId => "run.root_run_id",
        }
    }

    /// True when open runs have none.
    pub(super) fn needs_close(self) -> bool {
        self.is_last_while_open() || matches!(self, HistoryLength | HistorySizeBytes | StateTransitionCount)
    }

    /// True when open runs are stored with the greatest value of all.
    pub(super) fn is_last_while_open(self) -> bool {
        matches!(self, CloseTime | ExecutionDuration)
    }

    /// True when the column is null in runs without a parent.
    pub(super) fn needs_parent(self) -> bool {
        matches!(self, ParentWorkflowId | ParentRunId | RootWorkflowId | RootRunId)
    }

    /// What a run without a parent has instead: it is its own root.
    pub(super) fn without_parent(self) -> Option<RunAttribute> {
        match self {
            RootWorkflowId => Some(WorkflowId),
            RootRunId => Some(RunId),
            _ => None,
        }
    }

    fn is_time(self) -> bool {
        matches!(self, StartTime | ExecutionTime | CloseTime)
    }

    fn storage(self) -> Storage {
        match self {
            WorkflowId | RunId | WorkflowType | TaskQueue | ParentWorkflowId | ParentRunId | RootWorkflowId
            | RootRunId => Storage::Text,
            ExecutionStatus | StartTime | ExecutionTime | CloseTime | ExecutionDuration | HistoryLength
            | HistorySizeBytes | StateTransitionCount => Storage::Number,
        }
    }

    fn value(self, literal: &Literal, now: Time) -> Option<Value> {
        match (self, literal) {
            (ExecutionStatus, Literal::Text(text)) => status(text).map(|status| Value::Number(status as i64)),
            // Its number in the API.
            (ExecutionStatus, Literal::Number(digits)) => {
                let number = digits.parse().ok()?;
                let is_known = STATUSES.into_iter().any(|(_, status)| status as i64 == number);
                is_known.then_some(Value::Number(number))
            }
            (ExecutionStatus, _) => None,
            (ExecutionDuration, Literal::Text(text)) => span_ns(text).map(Value::Number),
            (attribute, literal) if attribute.is_time() => time(literal, now),
            (attribute, Literal::Text(text)) if attribute.storage() == Storage::Text => Some(Value::Text(text.clone())),
            (attribute, Literal::Number(digits)) if attribute.storage() == Storage::Number => {
                digits.parse().ok().map(Value::Number)
            }
            _ => None,
        }
    }
}

/// A point in time: itself, how long ago it was, or nanoseconds since the epoch, as Temporal takes them.
fn time(literal: &Literal, now: Time) -> Option<Value> {
    match literal {
        Literal::Text(text) => {
            let ago = || span_ns(text).map(|span| now.nanos().saturating_sub(span));
            Time::parse(text).map(Time::nanos).or_else(ago)
        }
        Literal::Number(digits) => digits.parse().ok(),
        Literal::Bool(_) => None,
    }
    .map(Value::Number)
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

/// A status as queries write it.
pub(super) fn status_name(status: i64) -> &'static str {
    let found = STATUSES.into_iter().find(|(_, known)| *known as i64 == status);
    found.map_or("Unspecified", |(name, _)| name)
}
