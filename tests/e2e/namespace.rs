//! Namespaces keep their workflows and components to themselves.

use anyhow::{Context as _, Result};
use tonic::Code;
use wrt_api::proto::wrt::v1::DeployOptions;
use wrt_model::proto::{
    namespace::UpdateNamespaceInfo,
    workflowservice::{DescribeNamespaceRequest, ListNamespacesRequest, UpdateNamespaceRequest},
};

use crate::{assert_refused, with_contract};

#[tokio::test]
async fn a_namespace_is_registered_shown_and_changed() -> Result<()> {
    with_contract(async |server| {
        let shop = server.client().of_namespace("shop");
        shop.register().await?;
        assert_refused(shop.register().await, Code::AlreadyExists, "shop already exists");

        let mut temporal = shop.temporal();
        let update = UpdateNamespaceRequest {
            namespace: "shop".to_owned(),
            update_info: Some(UpdateNamespaceInfo {
                description: "where things are sold".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        temporal.update_namespace(update).await?;
        let describe = DescribeNamespaceRequest {
            namespace: "shop".to_owned(),
            ..Default::default()
        };
        let described = temporal.describe_namespace(describe).await?.into_inner();
        let info = described.namespace_info.context("it is described")?;
        assert_eq!(info.description, "where things are sold");

        let listed = temporal
            .list_namespaces(ListNamespacesRequest::default())
            .await?
            .into_inner();
        let names: Vec<_> = listed
            .namespaces
            .into_iter()
            .map(|namespace| namespace.namespace_info.unwrap_or_default().name)
            .collect();
        assert_eq!(names, ["default", "shop"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn namespaces_do_not_see_each_other() -> Result<()> {
    with_contract(async |server| {
        let home = server.client().clone();
        let shop = home.of_namespace("shop");
        shop.register().await?;
        let early = shop.script("early", "complete 1").await?;
        let options = DeployOptions {
            task_queue: "contract".to_owned(),
            ..Default::default()
        };
        shop.deploy(options, &wrt_tests::guest("contract-guest")?).await?;

        let at_home = home.script("w", "signal end => complete 1").await?;
        let in_shop = shop.script("w", "signal end => complete 2").await?;
        in_shop.signal("end", "").await?;
        assert_eq!(in_shop.result().await?, "2");
        assert_eq!(at_home.event_types().await?.len(), 4, "nobody has signaled it");
        assert_eq!(
            early.event_types().await?.len(),
            4,
            "the component that came later has taken it"
        );
        assert_eq!((home.count("").await?, shop.count("").await?), (1, 2));
        assert_refused(
            shop.run("w", &at_home.run_id).describe().await,
            Code::NotFound,
            "not found",
        );
        Ok(())
    })
    .await
}
