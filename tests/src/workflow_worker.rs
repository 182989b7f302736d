//! A worker of workflows, call by call: what an SDK does behind the scenes.

use std::time::Duration;

use anyhow::{Context as _, Result};
use prost::{Message as _, Name};
use tokio::time::timeout;
use tonic::Status;
use wrt_model::{
    command::command_type,
    payload,
    proto::{
        Command, CommandAttributes, Payloads,
        command::ProtocolMessageCommandAttributes,
        protocol,
        update::{Acceptance, Outcome, Request, Response, outcome},
        workflowservice::{
            PollWorkflowTaskQueueRequest, PollWorkflowTaskQueueResponse, RespondWorkflowTaskCompletedRequest,
            RespondWorkflowTaskCompletedResponse, StartWorkflowExecutionRequest,
        },
    },
};

use crate::{
    Client,
    client::{IDENTITY, polling, queue},
};

/// The longest wait for a task.
const PATIENCE: Duration = Duration::from_secs(60);

/// A worker of one task queue.
#[derive(Clone, Debug)]
pub struct WorkflowWorker {
    client: Client,
    task_queue: String,
}

impl WorkflowWorker {
    /// A worker of this task queue, in the namespace of the client.
    pub fn new(client: &Client, task_queue: &str) -> Self {
        WorkflowWorker {
            client: client.clone(),
            task_queue: task_queue.to_owned(),
        }
    }

    /// The request to start a workflow that it runs.
    pub fn starting(&self, workflow_id: &str) -> StartWorkflowExecutionRequest {
        self.client.starting("Order", &self.task_queue, workflow_id, "")
    }

    /// The request for a task, for callers who want to change it.
    pub fn polling(&self) -> PollWorkflowTaskQueueRequest {
        PollWorkflowTaskQueueRequest {
            namespace: self.client.namespace(),
            task_queue: Some(queue(&self.task_queue)),
            identity: IDENTITY.to_owned(),
            ..Default::default()
        }
    }

    /// The next task or query, as soon as there is one.
    ///
    /// # Errors
    /// The server refuses, or it takes too long.
    pub async fn take(&self) -> Result<PollWorkflowTaskQueueResponse> {
        let mut temporal = self.client.temporal();
        let polled = timeout(PATIENCE, temporal.poll_workflow_task_queue(polling(self.polling()))).await;
        let polled = polled.with_context(|| format!("wait for a task on {}", self.task_queue))?;
        Ok(polled?.into_inner())
    }

    /// The request to complete a task.
    pub fn completing(
        &self,
        task: &PollWorkflowTaskQueueResponse,
        commands: Vec<CommandAttributes>,
    ) -> RespondWorkflowTaskCompletedRequest {
        RespondWorkflowTaskCompletedRequest {
            namespace: self.client.namespace(),
            task_token: task.task_token.clone(),
            identity: IDENTITY.to_owned(),
            commands: commands.into_iter().map(command).collect(),
            ..Default::default()
        }
    }

    /// Completes a task.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn complete(
        &self,
        request: RespondWorkflowTaskCompletedRequest,
    ) -> Result<RespondWorkflowTaskCompletedResponse, Status> {
        let mut temporal = self.client.temporal();
        Ok(temporal.respond_workflow_task_completed(request).await?.into_inner())
    }

    /// Takes the next task, and completes it with these commands.
    ///
    /// # Errors
    /// There is no task, or the server refuses.
    pub async fn work(&self, commands: Vec<CommandAttributes>) -> Result<PollWorkflowTaskQueueResponse> {
        let task = self.take().await?;
        self.complete(self.completing(&task, commands)).await?;
        Ok(task)
    }

    /// Takes tasks until one brings updates, and completes each of these with this result. Says how many there were.
    ///
    /// # Errors
    /// There is no task, or the server refuses.
    pub async fn answer_updates(&self, result: &str) -> Result<usize> {
        loop {
            let task = self.take().await?;
            let answered = self.answer_task(&task, result).await?;
            if answered > 0 {
                return Ok(answered);
            }
        }
    }

    /// Completes the updates that a task brings.
    ///
    /// # Errors
    /// As of [`WorkflowWorker::answer_updates`].
    pub async fn answer_task(&self, task: &PollWorkflowTaskQueueResponse, result: &str) -> Result<usize> {
        let mut request = self.completing(task, vec![]);
        for message in &task.messages {
            let answers = [accept(message)?, respond(message, result)?];
            let commands = answers.iter().map(|answer| {
                CommandAttributes::ProtocolMessageCommandAttributes(ProtocolMessageCommandAttributes {
                    message_id: answer.id.clone(),
                })
            });
            request.commands.extend(commands.map(command));
            request.messages.extend(answers);
        }
        self.complete(request).await?;
        Ok(task.messages.len())
    }
}

/// A command, with its kind.
pub fn command(attributes: CommandAttributes) -> Command {
    Command {
        command_type: command_type(&attributes) as i32,
        attributes: Some(attributes),
        ..Default::default()
    }
}

fn accept(message: &protocol::Message) -> Result<protocol::Message> {
    let acceptance = Acceptance {
        accepted_request_message_id: message.id.clone(),
        accepted_request: Some(request_of(message)?),
        ..Default::default()
    };
    Ok(answer(message, "accept", &acceptance))
}

fn respond(message: &protocol::Message, result: &str) -> Result<protocol::Message> {
    let success = Payloads {
        payloads: vec![payload::json(result)],
    };
    let response = Response {
        meta: request_of(message)?.meta,
        outcome: Some(Outcome {
            value: Some(outcome::Value::Success(success)),
        }),
    };
    Ok(answer(message, "respond", &response))
}

fn request_of(message: &protocol::Message) -> Result<Request> {
    let body = message.body.as_ref().context("the message has a body")?;
    Ok(Request::decode(body.value.as_slice())?)
}

fn answer<M: prost::Message + Name>(to: &protocol::Message, word: &str, body: &M) -> protocol::Message {
    protocol::Message {
        id: format!("{}/{word}", to.protocol_instance_id),
        protocol_instance_id: to.protocol_instance_id.clone(),
        body: Some(prost_types::Any {
            type_url: format!("type.googleapis.com/{}", M::full_name()),
            value: body.encode_to_vec(),
        }),
        ..Default::default()
    }
}
