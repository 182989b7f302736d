//! Calls that carry a task's token: for each of them, tokens and namespaces that do not belong together.

use anyhow::{Context as _, Result};
use tonic::Code;
use wrt_model::{
    failure,
    proto::workflowservice::*,
    task::{ActivityToken, WorkflowTaskToken},
};
use wrt_tests::{Client, Options, with_server};

use super::SOME_RUN_ID;

/// Sends every call that carries a token of an activity, or of a workflow task, and checks the refusal.
macro_rules! check {
    ($client:expr, $namespace:expr, $token:expr, $code:ident, $words:expr, [$($call:ident($request:ident { $($more:tt)* })),*]) => {
        $({
            let request = $request {
                namespace: $namespace.to_owned(),
                task_token: $token.clone(),
                $($more)*
                ..Default::default()
            };
            let refusal = $client.$call(request).await.err();
            let refusal = refusal.with_context(|| format!("{} is refused", stringify!($call)))?;
            assert!(
                refusal.code() == Code::$code && refusal.message().contains($words),
                "{}: {refusal:?} is not {:?}: {}",
                stringify!($call),
                Code::$code,
                $words
            );
        })*
    };
}

macro_rules! check_activity {
    ($client:expr, $namespace:expr, $token:expr, $code:ident, $words:expr) => {
        check!(
            $client,
            $namespace,
            $token,
            $code,
            $words,
            [
                respond_activity_task_completed(RespondActivityTaskCompletedRequest {}),
                respond_activity_task_failed(RespondActivityTaskFailedRequest {
                    failure: Some(failure::application("broken", "", false)),
                }),
                respond_activity_task_canceled(RespondActivityTaskCanceledRequest {}),
                record_activity_task_heartbeat(RecordActivityTaskHeartbeatRequest {})
            ]
        )
    };
}

macro_rules! check_workflow_task {
    ($client:expr, $namespace:expr, $token:expr, $code:ident, $words:expr) => {
        check!(
            $client,
            $namespace,
            $token,
            $code,
            $words,
            [
                respond_workflow_task_completed(RespondWorkflowTaskCompletedRequest {}),
                respond_workflow_task_failed(RespondWorkflowTaskFailedRequest {})
            ]
        )
    };
}

async fn namespace_id(client: &Client) -> Result<String> {
    let request = DescribeNamespaceRequest {
        namespace: client.namespace(),
        ..Default::default()
    };
    let described = client.temporal().describe_namespace(request).await?.into_inner();
    Ok(described.namespace_info.context("a namespace has info")?.id)
}

#[tokio::test]
async fn a_token_belongs_to_the_namespace_that_is_named() -> Result<()> {
    let options = Options {
        settings: "namespaces = [\"default\", \"shop\"]",
        ..Options::default()
    };
    with_server(options, async |server| {
        let namespace_id = namespace_id(server.client()).await?;
        let activity = ActivityToken {
            namespace_id: namespace_id.clone(),
            workflow_id: "w".to_owned(),
            run_id: SOME_RUN_ID.to_owned(),
            scheduled_event_id: 5,
            attempt: 1,
            ..Default::default()
        }
        .to_bytes();
        let task = WorkflowTaskToken {
            namespace_id,
            workflow_id: "w".to_owned(),
            run_id: SOME_RUN_ID.to_owned(),
            scheduled_event_id: 2,
            started_event_id: 3,
            attempt: 1,
            ..Default::default()
        }
        .to_bytes();
        let mut client = server.client().temporal();
        let other = "a token from a different namespace";
        check_activity!(client, "shop", activity, InvalidArgument, other);
        check_activity!(client, "", activity, InvalidArgument, "Namespace is not set");
        check_activity!(client, "nowhere", activity, NotFound, "Namespace nowhere is not found");
        check_activity!(
            client,
            "nowhere",
            b"garbage".to_vec(),
            NotFound,
            "Namespace nowhere is not found"
        );
        check_activity!(client, "default", activity, NotFound, "");
        check_workflow_task!(client, "shop", task, InvalidArgument, other);
        check_workflow_task!(client, "", task, InvalidArgument, "Namespace is not set");
        check_workflow_task!(client, "nowhere", task, NotFound, "Namespace nowhere is not found");
        check_workflow_task!(client, "default", task, NotFound, "");

        let query = WorkflowTaskToken {
            query_id: 7,
            ..WorkflowTaskToken::from_bytes(&task).context("it is one")?
        };
        let query = query.to_bytes();
        for (namespace, code, words) in [
            ("shop", Code::InvalidArgument, other),
            ("", Code::InvalidArgument, "Namespace is not set"),
            ("default", Code::NotFound, ""),
        ] {
            let request = RespondQueryTaskCompletedRequest {
                namespace: namespace.to_owned(),
                task_token: query.clone(),
                ..Default::default()
            };
            crate::assert_refused(client.respond_query_task_completed(request).await, code, words);
        }
        Ok(())
    })
    .await
}
