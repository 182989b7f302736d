//! Components and their deployments.

use anyhow::Result;
use tonic::Code;
use wrt_api::proto::wrt::v1::{
    DeleteVersionRequest, DeployOptions, DescribeDeploymentRequest, ListDeploymentsRequest, SetCurrentVersionRequest,
};

use super::{long, refused};
use crate::{assert_refused, with_contract};

#[tokio::test]
async fn components() -> Result<()> {
    with_contract(async |server| {
        let client = server.client();
        let options = |name: String| DeployOptions {
            name,
            ..Default::default()
        };
        assert_refused(
            client.deploy(options(long()), b"").await,
            Code::InvalidArgument,
            "Name exceeds",
        );
        assert_refused(
            client.of_namespace("nowhere").deploy(options(String::new()), b"").await,
            Code::NotFound,
            "Namespace nowhere is not found.",
        );
        let mut components = client.components();
        let (namespace, name) = ("default".to_owned(), "contract-guest".to_owned());
        refused!(
            components,
            list_deployments,
            [(
                ListDeploymentsRequest {
                    namespace: "nowhere".into()
                },
                NotFound,
                "Namespace nowhere is not found."
            ),]
        );
        refused!(
            components,
            describe_deployment,
            [
                (
                    DescribeDeploymentRequest {
                        namespace: namespace.clone(),
                        name: String::new()
                    },
                    InvalidArgument,
                    "Name is not set"
                ),
                (
                    DescribeDeploymentRequest {
                        namespace: namespace.clone(),
                        name: "nobody".into()
                    },
                    NotFound,
                    "deployment nobody is not found"
                ),
            ]
        );
        let prefix = |digest_prefix: &str| SetCurrentVersionRequest {
            namespace: namespace.clone(),
            name: name.clone(),
            digest_prefix: digest_prefix.to_owned(),
        };
        refused!(
            components,
            set_current_version,
            [
                (prefix(""), InvalidArgument, "DigestPrefix is not set"),
                (prefix("XYZ"), InvalidArgument, "lower-case hex"),
                (prefix(&"0".repeat(64)), InvalidArgument, "has no version"),
            ]
        );
        let delete = DeleteVersionRequest {
            namespace,
            name: "nobody".into(),
            digest_prefix: "ab".into(),
        };
        refused!(
            components,
            delete_version,
            [(delete, NotFound, "deployment nobody is not found")]
        );
        Ok(())
    })
    .await
}
