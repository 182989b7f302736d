//! What a workflow writes into its history for itself, and what lists show of it.

use wrt_model::proto::{
    EventAttributes, Memo, Payload, SearchAttributes,
    command::{
        ModifyWorkflowPropertiesCommandAttributes, RecordMarkerCommandAttributes,
        UpsertWorkflowSearchAttributesCommandAttributes,
    },
    enums::WorkflowTaskFailedCause as Cause,
    history::{
        MarkerRecordedEventAttributes, UpsertWorkflowSearchAttributesEventAttributes,
        WorkflowPropertiesModifiedEventAttributes,
    },
};

use crate::{Rejection, Turn, command::bad};

impl Turn<'_> {
    pub(crate) fn check_marker(&self, command: &RecordMarkerCommandAttributes) -> Result<(), Rejection> {
        if command.marker_name.is_empty() {
            return Err(bad(
                Cause::BadRecordMarkerAttributes,
                "MarkerName is not set on a marker".into(),
            ));
        }
        Ok(())
    }

    /// A component may say that nothing changes.
    pub(crate) fn check_upsert(
        &self,
        command: &UpsertWorkflowSearchAttributesCommandAttributes,
    ) -> Result<(), Rejection> {
        let is_empty = |attributes: &SearchAttributes| attributes.indexed_fields.is_empty();
        if self.run.is_run_by_workers() && command.search_attributes.as_ref().is_none_or(is_empty) {
            return Err(bad(
                Cause::BadSearchAttributes,
                "IndexedFields is not set on UpsertWorkflowSearchAttributesCommand.".into(),
            ));
        }
        Ok(())
    }

    pub(crate) fn record_marker(&mut self, command: RecordMarkerCommandAttributes, completed_event_id: i64) {
        self.append(EventAttributes::MarkerRecordedEventAttributes(
            MarkerRecordedEventAttributes {
                marker_name: command.marker_name,
                details: command.details,
                workflow_task_completed_event_id: completed_event_id,
                header: command.header,
                failure: command.failure,
            },
        ));
    }

    pub(crate) fn upsert_search_attributes(
        &mut self,
        command: UpsertWorkflowSearchAttributesCommandAttributes,
        completed_event_id: i64,
    ) {
        let upserts = command.search_attributes.unwrap_or_default();
        let attributes = self.run.search_attributes.get_or_insert_default();
        upsert(&mut attributes.indexed_fields, &upserts.indexed_fields);
        self.append(EventAttributes::UpsertWorkflowSearchAttributesEventAttributes(
            UpsertWorkflowSearchAttributesEventAttributes {
                workflow_task_completed_event_id: completed_event_id,
                search_attributes: Some(SearchAttributes {
                    indexed_fields: upserts.indexed_fields,
                }),
            },
        ));
    }

    pub(crate) fn modify_properties(
        &mut self,
        command: ModifyWorkflowPropertiesCommandAttributes,
        completed_event_id: i64,
    ) {
        let upserts = command.upserted_memo.unwrap_or_default();
        upsert(&mut self.run.memo.get_or_insert_default().fields, &upserts.fields);
        self.append(EventAttributes::WorkflowPropertiesModifiedEventAttributes(
            WorkflowPropertiesModifiedEventAttributes {
                workflow_task_completed_event_id: completed_event_id,
                upserted_memo: Some(Memo { fields: upserts.fields }),
            },
        ));
    }
}

/// Sets fields, and removes those whose value encodes null, as Temporal's SDKs remove a field.
pub(crate) fn upsert(
    fields: &mut std::collections::HashMap<String, Payload>,
    upserts: &std::collections::HashMap<String, Payload>,
) {
    for (name, value) in upserts {
        if removes(value) {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
}

fn removes(value: &Payload) -> bool {
    let is_null = value
        .metadata
        .get("encoding")
        .is_some_and(|encoding| encoding == b"binary/null");
    is_null || matches!(value.data.as_slice(), b"" | b"null" | b"[]")
}
