//! A worker of activities, call by call: what an SDK does behind the scenes.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::timeout;
use tonic::Status;
use wrt_model::{
    failure, payload,
    proto::{
        Payloads,
        workflowservice::{
            PollActivityTaskQueueRequest, PollActivityTaskQueueResponse, RecordActivityTaskHeartbeatRequest,
            RespondActivityTaskCanceledRequest, RespondActivityTaskCompletedRequest, RespondActivityTaskFailedRequest,
        },
    },
};

use crate::{
    Client,
    client::{IDENTITY, polling, queue},
};

/// The longest wait for a task that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Polls one task queue.
#[derive(Clone, Debug)]
pub struct Worker {
    client: Client,
    task_queue: String,
}

impl Worker {
    /// A worker of this task queue.
    pub fn new(client: &Client, task_queue: &str) -> Self {
        Worker {
            client: client.clone(),
            task_queue: task_queue.to_owned(),
        }
    }

    /// The request for a task, for callers who want to change it.
    pub fn polling(&self) -> PollActivityTaskQueueRequest {
        PollActivityTaskQueueRequest {
            namespace: self.client.namespace(),
            task_queue: Some(queue(&self.task_queue)),
            identity: IDENTITY.to_owned(),
            ..Default::default()
        }
    }

    /// The next task, as soon as there is one.
    ///
    /// # Errors
    /// The server refuses, or it takes too long.
    pub async fn poll(&self) -> Result<PollActivityTaskQueueResponse> {
        let waiting = async {
            loop {
                let task = self
                    .client
                    .temporal()
                    .poll_activity_task_queue(polling(self.polling()))
                    .await?
                    .into_inner();
                if !task.task_token.is_empty() {
                    return Ok::<_, Status>(task);
                }
            }
        };
        let task = timeout(PATIENCE, waiting).await;
        Ok(task.with_context(|| format!("wait for a task on {}", self.task_queue))??)
    }

    /// Reports a result.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn complete(&self, task_token: &[u8], result: &str) -> Result<(), Status> {
        let request = RespondActivityTaskCompletedRequest {
            namespace: self.client.namespace(),
            task_token: task_token.to_vec(),
            result: text(result),
            identity: IDENTITY.to_owned(),
            ..Default::default()
        };
        self.client
            .temporal()
            .respond_activity_task_completed(request)
            .await
            .map(drop)
    }

    /// Reports a failure that may be retried.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn fail(&self, task_token: &[u8], message: &str) -> Result<(), Status> {
        let request = RespondActivityTaskFailedRequest {
            namespace: self.client.namespace(),
            task_token: task_token.to_vec(),
            failure: Some(failure::application(message, "Oops", false)),
            identity: IDENTITY.to_owned(),
            ..Default::default()
        };
        self.client
            .temporal()
            .respond_activity_task_failed(request)
            .await
            .map(drop)
    }

    /// Reports that the attempt has stopped as it was asked to.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn cancel(&self, task_token: &[u8], details: &str) -> Result<(), Status> {
        let request = RespondActivityTaskCanceledRequest {
            namespace: self.client.namespace(),
            task_token: task_token.to_vec(),
            details: text(details),
            identity: IDENTITY.to_owned(),
            ..Default::default()
        };
        self.client
            .temporal()
            .respond_activity_task_canceled(request)
            .await
            .map(drop)
    }

    /// Says that the attempt is alive, with its progress. Returns whether it is to stop.
    ///
    /// # Errors
    /// The server's refusal.
    pub async fn heartbeat(&self, task_token: &[u8], details: &str) -> Result<bool, Status> {
        let request = RecordActivityTaskHeartbeatRequest {
            namespace: self.client.namespace(),
            task_token: task_token.to_vec(),
            details: text(details),
            identity: IDENTITY.to_owned(),
            ..Default::default()
        };
        let answer = self.client.temporal().record_activity_task_heartbeat(request).await?;
        Ok(answer.into_inner().cancel_requested)
    }
}

fn text(text: &str) -> Option<Payloads> {
    payload::payloads(vec![payload::json(text)])
}
