//! `wrt:workflow/visibility`: what lists show of a run and can filter by.

use wasmtime::Result;
use wrt_model::proto::{
    CommandAttributes, Memo,
    command::{ModifyWorkflowPropertiesCommandAttributes, UpsertWorkflowSearchAttributesCommandAttributes},
};

use super::{
    convert::{fields_from_wit, search_attributes_from_wit},
    state::RunState,
};
use crate::bindings::workflow::imports::{types::Payload, visibility::Host};

impl Host for RunState {
    fn upsert_search_attributes(&mut self, attributes: Vec<(String, Payload)>) -> Result<()> {
        let attributes = UpsertWorkflowSearchAttributesCommandAttributes {
            search_attributes: Some(search_attributes_from_wit(attributes)),
        };
        self.ledger
            .issue(
                CommandAttributes::UpsertWorkflowSearchAttributesCommandAttributes(attributes),
                None,
            )
            .map(drop)
    }

    fn upsert_memo(&mut self, fields: Vec<(String, Payload)>) -> Result<()> {
        let attributes = ModifyWorkflowPropertiesCommandAttributes {
            upserted_memo: Some(Memo {
                fields: fields_from_wit(fields),
            }),
        };
        self.ledger
            .issue(
                CommandAttributes::ModifyWorkflowPropertiesCommandAttributes(attributes),
                None,
            )
            .map(drop)
    }
}
