//! A workflow that does what its input says. See the README of this folder.

mod actions;
mod others;
mod script;
mod transcript;

use std::cell::RefCell;

use exports::wrt::workflow::guest::{
    Activation, Guest, HandlerDefinition, Job, ModuleDefinition, WorkflowDefinition, WorkflowQuery,
};
use script::Script;
use wrt::workflow::types::Payload;

wit_bindgen::generate!({ path: "../../../wit", world: "workflow" });

struct Contract;

/// The run: this instance serves no other one.
#[derive(Default)]
struct Run {
    script: Script,
    transcript: String,
}

thread_local! {
    static RUN: RefCell<Run> = RefCell::default();
}

impl Guest for Contract {
    fn describe() -> ModuleDefinition {
        ModuleDefinition {
            sdk_name: "contract-guest".to_owned(),
            sdk_version: "0.1.0".to_owned(),
            workflows: vec![WorkflowDefinition {
                name: "Scripted".to_owned(),
                description: "Does what its input says.".to_owned(),
                input_schema: Some(r#"{"type":"string"}"#.to_owned()),
                output_schema: Some(r#"{"type":"string"}"#.to_owned()),
                signals: Vec::new(),
                queries: vec![HandlerDefinition {
                    name: "transcript".to_owned(),
                    description: String::new(),
                    input_schema: None,
                    output_schema: None,
                }],
                updates: Vec::new(),
            }],
        }
    }

    fn activate(activation: Activation) -> Result<(), String> {
        for job in activation.jobs {
            if let Job::Start(start) = &job {
                let script = start.input.first().map(text).unwrap_or_default();
                RUN.with_borrow_mut(|run| run.script = Script::parse(&script));
            }
            note(&transcript::of(&job));
            let actions = RUN.with_borrow(|run| run.script.actions(&script::trigger(&job)));
            for action in actions {
                actions::act(&action)?;
            }
        }
        Ok(())
    }

    fn query(query: WorkflowQuery) -> Result<Vec<Payload>, String> {
        match query.name.as_str() {
            "transcript" => Ok(vec![json(&transcript())]),
            "echo" => Ok(query.input),
            "act" => {
                actions::act(&query.input.first().map(text).unwrap_or_default())?;
                Ok(Vec::new())
            }
            name => Err(format!("there is no query `{name}`")),
        }
    }
}

/// Adds a line to the transcript.
fn note(line: &str) {
    RUN.with_borrow_mut(|run| {
        run.transcript.push_str(line);
        run.transcript.push('\n');
    });
}

fn transcript() -> String {
    RUN.with_borrow(|run| run.transcript.clone())
}

/// The text of a payload. Scripts and the texts in them need no JSON.
fn text(payload: &Payload) -> String {
    String::from_utf8_lossy(&payload.data).into_owned()
}

fn json(text: &str) -> Payload {
    Payload {
        metadata: vec![("encoding".to_owned(), b"json/plain".to_vec())],
        data: text.as_bytes().to_vec(),
    }
}

export!(Contract);
