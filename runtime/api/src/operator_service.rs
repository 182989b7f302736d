//! Temporal's `OperatorService`: what registers search attributes. A call that is missing here answers UNIMPLEMENTED.

use std::collections::{BTreeMap, HashMap};

use temporalio_protos::temporal::api::operatorservice::v1::*;
use tonic::{Request, Response, Status};
use wrt_engine::Engine;
use wrt_model::{
    Namespace,
    proto::enums::IndexedValueType,
    search_attribute::{PREDEFINED, SYSTEM, type_name},
};

use crate::{
    namespace,
    proto::operator::operator_service_server,
    reply::reply,
    validate::{self, Checked},
};

/// Serves the search attributes of an engine.
pub(crate) struct OperatorService {
    engine: Engine,
}

impl OperatorService {
    pub(crate) fn new(engine: Engine) -> Self {
        OperatorService { engine }
    }
}

/// The answer to a call.
type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl operator_service_server::OperatorService for OperatorService {
    async fn add_search_attributes(
        &self,
        request: Request<AddSearchAttributesRequest>,
    ) -> Answer<AddSearchAttributesResponse> {
        let request = request.into_inner();
        let namespace = namespace::resolve(&self.engine, &request.namespace).await?;
        let attributes = typed(request.search_attributes)?;
        self.engine
            .add_search_attributes(&namespace.name, &attributes)
            .await
            .map_err(crate::error::ApiError::from)?;
        Ok(reply(AddSearchAttributesResponse::default()))
    }

    async fn remove_search_attributes(
        &self,
        request: Request<RemoveSearchAttributesRequest>,
    ) -> Answer<RemoveSearchAttributesResponse> {
        let request = request.into_inner();
        let namespace = namespace::resolve(&self.engine, &request.namespace).await?;
        if request.search_attributes.is_empty() {
            validate::invalid::<()>(NOT_SET)?;
        }
        self.engine
            .remove_search_attributes(&namespace.name, &request.search_attributes)
            .await
            .map_err(crate::error::ApiError::from)?;
        Ok(reply(RemoveSearchAttributesResponse::default()))
    }

    async fn list_search_attributes(
        &self,
        request: Request<ListSearchAttributesRequest>,
    ) -> Answer<ListSearchAttributesResponse> {
        let namespace = namespace::resolve(&self.engine, &request.into_inner().namespace).await?;
        Ok(reply(listed(&namespace)))
    }
}

const NOT_SET: &str = "SearchAttributes are not set on request.";

fn typed(requested: HashMap<String, i32>) -> Checked<BTreeMap<String, IndexedValueType>> {
    if requested.is_empty() {
        return validate::invalid(NOT_SET);
    }
    let mut attributes = BTreeMap::new();
    for (name, value_type) in requested {
        validate::required("SearchAttributes", &name)?;
        match IndexedValueType::try_from(value_type) {
            Ok(known) if known != IndexedValueType::Unspecified => attributes.insert(name, known),
            _ => return validate::invalid(format!("Unknown search attribute type: {value_type}.")),
        };
    }
    Ok(attributes)
}

fn listed(namespace: &Namespace) -> ListSearchAttributesResponse {
    let initial = SYSTEM.into_iter().chain(PREDEFINED);
    let system: HashMap<_, _> = initial.map(|(name, kind)| (name.to_owned(), kind as i32)).collect();
    let custom: HashMap<_, _> = namespace.search_attributes.clone().into_iter().collect();
    let storage_schema = system
        .iter()
        .chain(&custom)
        .map(|(name, kind)| {
            let kind = IndexedValueType::try_from(*kind).unwrap_or_default();
            (name.clone(), type_name(kind).to_lowercase())
        })
        .collect();
    ListSearchAttributesResponse {
        custom_attributes: custom,
        system_attributes: system,
        storage_schema,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(attributes: &[(&str, i32)]) -> String {
        let attributes = attributes.iter().map(|(name, kind)| ((*name).to_owned(), *kind));
        typed(attributes.collect()).map_or_else(|error| error.to_string(), |typed| format!("{typed:?}"))
    }

    #[test]
    fn attributes_have_names_and_known_types() {
        assert_eq!(asked(&[("Color", 2)]), "{\"Color\": Keyword}");
        assert_eq!(asked(&[]), NOT_SET);
        assert_eq!(asked(&[("", 2)]), "SearchAttributes is not set on request.");
        assert_eq!(asked(&[("Color", 0)]), "Unknown search attribute type: 0.");
        assert_eq!(asked(&[("Color", 99)]), "Unknown search attribute type: 99.");
    }

    #[test]
    fn what_is_registered_is_told_from_what_is_always_there() {
        let namespace = Namespace {
            search_attributes: [("Amount".to_owned(), IndexedValueType::Int as i32)].into(),
            ..Default::default()
        };
        let listed = listed(&namespace);
        assert_eq!(listed.custom_attributes, [("Amount".to_owned(), 3)].into());
        assert_eq!(listed.system_attributes["CloseTime"], IndexedValueType::Datetime as i32);
        assert_eq!(
            listed.system_attributes["BuildIds"],
            IndexedValueType::KeywordList as i32
        );
        assert_eq!(listed.storage_schema["Amount"], "int");
    }
}
