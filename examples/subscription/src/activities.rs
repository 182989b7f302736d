//! The activities that the workflow asks for. They are those of `examples/patterns`, and could as well be a worker's in any
//! language: a workflow knows their names and types alone.

use serde::{Deserialize, Serialize};
use temporalio_workflow::common::ActivityDefinition;

/// Something that was made and can be taken away again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resource {
    pub kind: String,
    pub id: String,
}

/// Makes a resource of a kind.
pub struct CreateResource;

/// Takes a resource away.
pub struct DeleteResource;

/// What one hundred of a currency are worth in euros.
pub struct ExchangeRate;

impl ActivityDefinition for CreateResource {
    type Input = String;
    type Output = Resource;

    fn name(&self) -> &str {
        "CreateResource"
    }
}

impl ActivityDefinition for DeleteResource {
    type Input = Resource;
    type Output = ();

    fn name(&self) -> &str {
        "DeleteResource"
    }
}

impl ActivityDefinition for ExchangeRate {
    type Input = String;
    type Output = u64;

    fn name(&self) -> &str {
        "ExchangeRate"
    }
}
