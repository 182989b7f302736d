//! Deployments that are asked for by nearly their name.

use tonic::{Code, Response, Status};

use crate::{
    client::{self, Client},
    proto::wrt::ListDeploymentsRequest,
};

/// The answer to a call about the deployment of this name. If there is none, the error names the one that may be meant:
/// a file and a crate have underscores where the deployment has hyphens.
pub(super) async fn answer<T>(
    client: &Client,
    action: &str,
    name: &str,
    outcome: Result<Response<T>, Status>,
) -> anyhow::Result<T> {
    let Err(status) = &outcome else {
        return client::answer(action, outcome);
    };
    if status.code() != Code::NotFound {
        return client::answer(action, outcome);
    }
    let request = ListDeploymentsRequest {
        namespace: client.namespace(),
    };
    let deployed = client.components().list_deployments(request).await;
    let entries = deployed
        .map(|answer| answer.into_inner().deployments)
        .unwrap_or_default();
    let names = entries.into_iter().filter_map(|entry| entry.deployment);
    match similar(name, names.map(|deployment| deployment.name)) {
        Some(similar) => anyhow::bail!("{action}: {}; did you mean `{similar}`?", status.message()),
        None => client::answer(action, outcome),
    }
}

/// The only name that differs from this one in case and separators alone; or else the only one that begins so, or that it
/// begins with.
fn similar(name: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let wanted = letters(name);
    let names: Vec<String> = names.filter(|_| !wanted.is_empty()).collect();
    let only = |matches: &dyn Fn(&str) -> bool| {
        let mut found = names.iter().filter(|known| matches(&letters(known)));
        found.next().filter(|_| found.next().is_none()).cloned()
    };
    only(&|known| known == wanted).or_else(|| only(&|known| known.starts_with(&wanted) || wanted.starts_with(known)))
}

fn letters(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        let names = ["seed-workflow", "orders", "orders-activity", "ship"].map(str::to_owned);
        assert_eq!(similar(name, names.into_iter()).as_deref(), expected);
    }

    #[test]
    fn a_name_is_found_by_its_letters() {
        check("seed_workflow", Some("seed-workflow"));
        check("SeedWorkflow", Some("seed-workflow"));
        check("Orders", Some("orders"));
        check("seed", Some("seed-workflow"));
        check("ship.wasm", Some("ship"));
        check("order", None);
        check("nothing", None);
        check("_", None);
    }
}
