//! Namespaces, lists, and calls that are not there.

use anyhow::Result;
use wrt_model::proto::workflowservice::*;

use super::{long, refused};
use crate::with_contract;

#[tokio::test]
async fn namespaces_and_lists() -> Result<()> {
    with_contract(async |server| {
        let mut client = server.client().temporal();
        let register = |namespace: &str| RegisterNamespaceRequest {
            namespace: namespace.to_owned(),
            ..Default::default()
        };
        refused!(
            client,
            register_namespace,
            [
                (register(""), InvalidArgument, "Namespace"),
                (register(&long()), InvalidArgument, "Namespace"),
                (register("shop"), InvalidArgument, "retention period"),
            ]
        );
        let describe = DescribeNamespaceRequest {
            namespace: "nowhere".to_owned(),
            ..Default::default()
        };
        refused!(
            client,
            describe_namespace,
            [(describe, NotFound, "Namespace nowhere is not found.")]
        );
        let update = UpdateNamespaceRequest {
            namespace: "nowhere".to_owned(),
            ..Default::default()
        };
        refused!(
            client,
            update_namespace,
            [(update, NotFound, "Namespace nowhere is not found.")]
        );
        let list = |namespace: &str, page_size, token: &[u8]| ListWorkflowExecutionsRequest {
            namespace: namespace.to_owned(),
            page_size,
            next_page_token: token.to_vec(),
            ..Default::default()
        };
        refused!(
            client,
            list_workflow_executions,
            [
                (list("nowhere", 0, b""), NotFound, "Namespace nowhere is not found."),
                (list("default", 1_001, b""), InvalidArgument, "PageSize is larger"),
                (list("default", 0, b"garbage"), InvalidArgument, "page token"),
            ]
        );
        let count = CountWorkflowExecutionsRequest {
            namespace: "nowhere".to_owned(),
            ..Default::default()
        };
        refused!(
            client,
            count_workflow_executions,
            [(count, NotFound, "Namespace nowhere is not found.")]
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn calls_that_are_not_there_are_named() -> Result<()> {
    with_contract(async |server| {
        let mut client = server.client().temporal();
        refused!(
            client,
            respond_nexus_task_completed,
            [(
                RespondNexusTaskCompletedRequest::default(),
                Unimplemented,
                "WorkflowService.RespondNexusTaskCompleted"
            ),]
        );
        Ok(())
    })
    .await
}
