//! Golden histories as files: `tests/replay/histories/<component>/<story>.json`, protobuf's JSON of a `History`.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde::Deserializer;
use serde_json::Serializer;
use wrt_api::proto::TEMPORAL_DESCRIPTORS;
use wrt_model::proto::{EventAttributes, History, HistoryEvent, WorkflowExecution};

/// One golden history.
pub struct Golden {
    /// The guest that wrote it.
    pub component: String,
    story: String,
    /// Its events.
    pub events: Vec<HistoryEvent>,
}

impl fmt::Display for Golden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}.json", self.component, self.story)
    }
}

impl Golden {
    /// All of them, in the order of their names.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn load_all() -> Result<Vec<Self>> {
        let mut histories = Vec::new();
        for component in names(&folder())? {
            for file in names(&folder().join(&component))? {
                histories.push(Self::load(&component, file.trim_end_matches(".json"))?);
            }
        }
        Ok(histories)
    }

    /// One of them.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(component: &str, story: &str) -> Result<Self> {
        let file = file(component, story);
        let read = || -> Result<Vec<HistoryEvent>> {
            let text = fs::read_to_string(&file)?;
            history_from_json(&mut serde_json::Deserializer::from_str(&text))
        };
        Ok(Golden {
            component: component.to_owned(),
            story: story.to_owned(),
            events: read().with_context(|| format!("read {}", file.display()))?,
        })
    }

    /// Writes a new one. One that is there is a promise, and is never written again.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep(component: &str, story: &str, events: Vec<HistoryEvent>) -> Result<()> {
        let file = file(component, story);
        if file.exists() {
            return Ok(());
        }
        let mut text = Vec::new();
        history_to_json(events, &mut Serializer::pretty(&mut text))?;
        text.push(b'\n');
        fs::create_dir_all(folder().join(component))?;
        fs::write(&file, text).with_context(|| format!("write {}", file.display()))
    }

    /// The run, as its first event names it.
    ///
    /// # Errors
    /// Its first event is not the start of a run.
    pub fn execution(&self) -> Result<WorkflowExecution> {
        execution_of(&self.events).with_context(|| format!("read {self}"))
    }
}

/// The run that a history is of, as its first event names it.
///
/// # Errors
/// Its first event is not the start of a run.
pub fn execution_of(events: &[HistoryEvent]) -> Result<WorkflowExecution> {
    match events.first().and_then(|event| event.attributes.as_ref()) {
        Some(EventAttributes::WorkflowExecutionStartedEventAttributes(started)) => Ok(WorkflowExecution {
            workflow_id: started.workflow_id.clone(),
            run_id: started.original_execution_run_id.clone(),
        }),
        _ => anyhow::bail!("the history does not begin with the start of a run"),
    }
}

/// Reads protobuf's JSON of a `History`.
///
/// # Errors
/// It is none.
pub fn history_from_json<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<HistoryEvent>>
where
    D::Error: Send + Sync + 'static,
{
    let message = DynamicMessage::deserialize(descriptor()?, json)?;
    Ok(History::decode(message.encode_to_vec().as_slice())?.events)
}

/// Writes protobuf's JSON of a `History`.
///
/// # Errors
/// It cannot be written.
pub fn history_to_json<S: serde::Serializer>(events: Vec<HistoryEvent>, json: S) -> Result<S::Ok>
where
    S::Error: Send + Sync + 'static,
{
    let history = History { events };
    let message = DynamicMessage::decode(descriptor()?, history.encode_to_vec().as_slice())?;
    Ok(message.serialize_with_options(json, &SerializeOptions::new())?)
}

fn descriptor() -> Result<MessageDescriptor> {
    let pool = DescriptorPool::decode(TEMPORAL_DESCRIPTORS)?;
    pool.get_message_by_name("temporal.api.history.v1.History")
        .context("find the message of histories")
}

fn folder() -> PathBuf {
    crate::root().join("tests/replay/histories")
}

fn file(component: &str, story: &str) -> PathBuf {
    folder().join(component).join(format!("{story}.json"))
}

/// What is in a folder, in order.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
