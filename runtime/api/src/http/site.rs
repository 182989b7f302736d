//! The few routes that are no calls of a service: the server's health, and what Temporal's web page asks of its server.

use http::{HeaderMap, StatusCode};
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};

use super::{Answer, DESCRIPTORS, GrpcService, WebPage, dynamic, json};

/// What the web page is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Site {
    /// The server that decodes payloads for the page, if there is one.
    pub(crate) codec_endpoint: Option<String>,
    /// The page itself, if it is served.
    pub(crate) page: Option<WebPage>,
}

/// The answer, if this is one of these routes.
pub(super) async fn answer(grpc: impl GrpcService, site: &Site, path: &str) -> Option<Answer> {
    match path {
        "/healthz" => Some(health(grpc).await),
        "/api/v1/settings" => Some(Ok((StatusCode::OK, settings(site)))),
        // There are no users yet.
        "/api/v1/me" => Some(Ok((StatusCode::OK, json!({})))),
        _ => None,
    }
}

/// The health of the whole server: 200 while it serves, 503 when it is about to end.
async fn health(grpc: impl GrpcService) -> Answer {
    let service = DESCRIPTORS
        .get_service_by_name("grpc.health.v1.Health")
        .expect("health is a service");
    let check = service
        .methods()
        .find(|method| method.name() == "Check")
        .expect("health is checked");
    let request = DynamicMessage::new(check.input());
    let health = json(&dynamic::call(grpc, &check, request, &HeaderMap::new()).await?)?;
    let status = match health["status"].as_str() {
        Some("SERVING") => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    Ok((status, health))
}

/// In the words of Temporal's web page: nothing is switched off, and nobody has to log in.
fn settings(site: &Site) -> Value {
    json!({
        "Auth": {"Enabled": false, "Options": null},
        "BannerText": "",
        "DefaultNamespace": "default",
        "ShowTemporalSystemNamespace": false,
        "FeedbackURL": "",
        "NotifyOnNewVersion": false,
        "Codec": {
            "Endpoint": site.codec_endpoint.clone().unwrap_or_default(),
            "PassAccessToken": false,
            "IncludeCredentials": false,
        },
        "Version": env!("CARGO_PKG_VERSION"),
        "DisableWriteActions": false,
        "WorkflowTerminateDisabled": false,
        "WorkflowCancelDisabled": false,
        "WorkflowSignalDisabled": false,
        "WorkflowUpdateDisabled": false,
        "WorkflowResetDisabled": false,
        "WorkflowPauseDisabled": false,
        "BatchActionsDisabled": false,
        "StartWorkflowDisabled": false,
        "ActivityCommandsDisabled": false,
        "HideWorkflowQueryErrors": false,
        "RefreshWorkflowCountsDisabled": false,
    })
}
