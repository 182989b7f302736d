//! The limits of a namespace.

use serde_json::{Map, Value, json};

use crate::{
    client::{Client, answer},
    output::{heading, table},
    payload::key_value,
    proto::wrt::{DescribeLimitsRequest, Limit, LimitChange, UpdateLimitsRequest},
};

/// Reads `NAME=VALUE`, where the value is a number or `default`.
pub(super) fn change(text: &str) -> Result<LimitChange, String> {
    let (name, value) = key_value(text)?;
    let value = match value.as_str() {
        "default" => None,
        number => Some(number.parse().map_err(|_| {
            format!("the limit {name} is a number, 0 for none, or `default` for the server's, and not `{number}`")
        })?),
    };
    Ok(LimitChange { name, value })
}

/// Sets limits, or gives them the server's value again.
pub(super) async fn update(client: &Client, namespace: String, changes: Vec<LimitChange>) -> anyhow::Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let request = UpdateLimitsRequest { namespace, changes };
    answer("update limits", client.namespaces().update_limits(request).await)?;
    Ok(())
}

/// All limits of a namespace.
pub(super) async fn describe(client: &Client, namespace: String) -> anyhow::Result<Vec<Limit>> {
    let request = DescribeLimitsRequest { namespace };
    let described = answer("describe limits", client.namespaces().describe_limits(request).await)?;
    Ok(described.limits)
}

/// A table for people.
pub(super) fn text(limits: &[Limit]) -> String {
    let row = |limit: &Limit| {
        let value = match limit.value {
            0 => "none".to_owned(),
            value => value.to_string(),
        };
        let origin = if limit.is_default { "default" } else { "set" };
        vec![limit.name.clone(), value, origin.to_owned()]
    };
    let rows = limits.iter().map(row).collect();
    format!("{}\n{}", heading("Limits:"), table(&["Name", "Value", ""], rows))
}

/// The values by name, for programs; 0 for none.
pub(super) fn json(limits: &[Limit]) -> Value {
    let entry = |limit: &Limit| {
        let value = json!({"value": limit.value, "isDefault": limit.is_default});
        (limit.name.clone(), value)
    };
    limits.iter().map(entry).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_number_or_the_servers_value() {
        let parsed = |text| change(text).map(|change| (change.name, change.value));
        assert_eq!(
            parsed("pending_activities=7"),
            Ok(("pending_activities".to_owned(), Some(7)))
        );
        assert_eq!(
            parsed("pending_activities=default"),
            Ok(("pending_activities".to_owned(), None))
        );
        let error = change("pending_activities=many").unwrap_err();
        assert!(error.contains("is a number, 0 for none, or `default`"), "{error}");
        assert!(change("pending_activities").is_err());
    }

    #[test]
    fn what_is_set_is_told_from_what_is_not() {
        let limit = |name: &str, value, is_default| Limit {
            name: name.to_owned(),
            value,
            is_default,
        };
        let limits = [
            limit("pending_activities", 2000, true),
            limit("pending_signals", 0, false),
        ];
        insta::assert_snapshot!(console::strip_ansi_codes(&text(&limits)), @r"
        Limits:
        Name                Value
        pending_activities  2000   default
        pending_signals     none   set
        ");
    }
}
