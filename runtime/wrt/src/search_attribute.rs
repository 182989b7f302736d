//! `wrt operator search-attribute`: what workflows of a namespace can be found by.

use std::collections::HashMap;

use anyhow::{bail, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use wrt_model::{
    proto::{
        enums::IndexedValueType,
        operatorservice::{
            AddSearchAttributesRequest, ListSearchAttributesRequest, ListSearchAttributesResponse,
            RemoveSearchAttributesRequest,
        },
    },
    search_attribute::{type_name, type_named, type_names},
};

use crate::{
    client::{Client, answer},
    context::Context,
    exit::Exit,
    output::table,
};

/// The verbs of search attributes.
#[derive(Debug, Subcommand)]
pub(crate) enum SearchAttributeCommand {
    Create(CreateCommand),
    /// List what workflows of the namespace can be found by
    List,
    Remove(RemoveCommand),
}

/// Register search attributes; those that are there with the same type stay
#[derive(Debug, Args)]
pub(crate) struct CreateCommand {
    /// The name. Repeatable
    #[arg(long, required = true, value_name = "NAME")]
    name: Vec<String>,
    /// The type: Bool, Datetime, Double, Int, Keyword, KeywordList or Text. Once for each name
    #[arg(long = "type", required = true, value_parser = value_type, value_name = "TYPE")]
    value_type: Vec<IndexedValueType>,
}

/// Remove search attributes; workflows can no longer be found by them
#[derive(Debug, Args)]
pub(crate) struct RemoveCommand {
    /// The name. Repeatable
    #[arg(long, required = true, value_name = "NAME")]
    name: Vec<String>,
    /// Taken for compatibility: nothing is asked
    #[arg(long, short, hide_short_help = true)]
    yes: bool,
}

impl SearchAttributeCommand {
    /// Does what the verb says.
    pub(crate) async fn run(self, context: &Context) -> anyhow::Result<Exit> {
        let client = context.client().await?;
        match self {
            SearchAttributeCommand::Create(command) => command.run(&client, context).await?,
            SearchAttributeCommand::List => list(&client, context).await?,
            SearchAttributeCommand::Remove(command) => command.run(&client, context).await?,
        }
        Ok(Exit::Success)
    }
}

impl CreateCommand {
    async fn run(self, client: &Client, context: &Context) -> anyhow::Result<()> {
        let attributes = pairs(self.name, self.value_type)?;
        let known = listed(client).await?.custom_attributes;
        let missing = missing(attributes, &known)?;
        if !missing.is_empty() {
            let request = AddSearchAttributesRequest {
                namespace: client.namespace(),
                search_attributes: missing,
            };
            answer(
                "create search attributes",
                client.operator().add_search_attributes(request).await,
            )?;
        }
        context.output.text("Search attributes have been added")?;
        Ok(())
    }
}

impl RemoveCommand {
    async fn run(self, client: &Client, context: &Context) -> anyhow::Result<()> {
        let request = RemoveSearchAttributesRequest {
            namespace: client.namespace(),
            search_attributes: self.name,
        };
        answer(
            "remove search attributes",
            client.operator().remove_search_attributes(request).await,
        )?;
        context.output.text("Search attributes have been removed")?;
        Ok(())
    }
}

async fn list(client: &Client, context: &Context) -> anyhow::Result<()> {
    let listed = listed(client).await?;
    let mut attributes: Vec<_> = listed
        .system_attributes
        .iter()
        .chain(&listed.custom_attributes)
        .collect();
    attributes.sort();
    let shown = |value_type: i32| type_name(IndexedValueType::try_from(value_type).unwrap_or_default());
    let rows = || {
        attributes
            .iter()
            .map(|(name, value_type)| vec![(*name).clone(), shown(**value_type).to_owned()])
            .collect()
    };
    let values = || {
        attributes
            .iter()
            .map(|(name, value_type)| json!({"name": name, "type": shown(**value_type)}))
            .collect()
    };
    context.output.list(|| table(&["Name", "Type"], rows()), values)?;
    Ok(())
}

async fn listed(client: &Client) -> anyhow::Result<ListSearchAttributesResponse> {
    let request = ListSearchAttributesRequest {
        namespace: client.namespace(),
    };
    answer(
        "list search attributes",
        client.operator().list_search_attributes(request).await,
    )
}

/// Reads the name of a type.
pub(crate) fn value_type(text: &str) -> Result<IndexedValueType, String> {
    type_named(text).ok_or_else(|| format!("`{text}` is no type; types are {}", type_names().join(", ")))
}

fn pairs(names: Vec<String>, types: Vec<IndexedValueType>) -> anyhow::Result<HashMap<String, i32>> {
    ensure!(
        names.len() == types.len(),
        "--name is given {} times and --type {} times; give a type for each name",
        names.len(),
        types.len()
    );
    Ok(names.into_iter().zip(types.into_iter().map(|it| it as i32)).collect())
}

/// Those that have to be registered.
fn missing(mut attributes: HashMap<String, i32>, known: &HashMap<String, i32>) -> anyhow::Result<HashMap<String, i32>> {
    for (name, known_type) in known {
        match attributes.remove(name) {
            Some(asked) if asked != *known_type => bail!(
                "search attribute {name} already exists with the type {}; remove it first, or choose another name",
                type_name(IndexedValueType::try_from(*known_type).unwrap_or_default())
            ),
            Some(_) | None => {}
        }
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(attributes: &[(&str, IndexedValueType)]) -> HashMap<String, i32> {
        let typed = attributes.iter().map(|(name, it)| ((*name).to_owned(), *it as i32));
        typed.collect()
    }

    #[test]
    fn each_name_has_a_type() {
        let names = || vec!["Color".to_owned(), "Amount".to_owned()];
        let types = [IndexedValueType::Keyword, IndexedValueType::Int];
        let expected = typed(&[("Color", types[0]), ("Amount", types[1])]);
        assert_eq!(pairs(names(), types.to_vec()).unwrap(), expected);
        let error = pairs(names(), types[..1].to_vec()).unwrap_err().to_string();
        assert!(
            error.starts_with("--name is given 2 times and --type 1 times"),
            "{error}"
        );
        assert_eq!(value_type("keyword"), Ok(IndexedValueType::Keyword));
        assert!(
            value_type("Colour")
                .unwrap_err()
                .starts_with("`Colour` is no type; types are Bool,")
        );
    }

    #[test]
    fn only_what_is_missing_is_registered() {
        let asked = || typed(&[("Color", IndexedValueType::Keyword), ("Amount", IndexedValueType::Int)]);
        let known = typed(&[("Color", IndexedValueType::Keyword)]);
        let expected = typed(&[("Amount", IndexedValueType::Int)]);
        assert_eq!(missing(asked(), &known).unwrap(), expected);
        let known = typed(&[("Color", IndexedValueType::Text)]);
        let error = missing(asked(), &known).unwrap_err().to_string();
        assert!(error.contains("Color already exists with the type Text"), "{error}");
    }
}
