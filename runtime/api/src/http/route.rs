//! Which call a method and a path stand for: read from the annotations `google.api.http` of the services.

use std::{
    borrow::Cow,
    collections::{BTreeMap, btree_map::Entry},
    sync::LazyLock,
};

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use matchit::Router;
use percent_encoding::percent_decode_str;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tonic::Status;

use super::{DESCRIPTORS, Refusal};

/// The options of a call that say how it is made over HTTP.
const ANNOTATION: &str = "google.api.http";

/// All routes.
pub(super) static ROUTES: LazyLock<Routes> = LazyLock::new(Routes::of_the_services);

/// The routes by path, then by method.
pub(super) struct Routes(Router<BTreeMap<&'static str, Route>>);

/// A call that a method and a path stand for.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) method: MethodDescriptor,
    pub(super) body: BodyRule,
    /// The fields that the variable parts of the path set, in their order, such as `execution.workflow_id`.
    fields: Vec<String>,
}

/// What the body of a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BodyRule {
    /// Nothing: what the path does not set, the query does.
    None,
    /// The whole message, without what the path sets.
    Message,
    /// One field of the message; the query sets others.
    Field(String),
}

/// A route, with the values of the fields that its path sets.
#[derive(Debug)]
pub(super) struct Found<'r> {
    pub(super) route: &'r Route,
    pub(super) parameters: Vec<(&'r str, String)>,
}

/// One way to make a call.
#[derive(Debug, PartialEq, Eq)]
struct Binding {
    verb: &'static str,
    template: String,
    body: BodyRule,
}

// === impl Routes ===

impl Routes {
    fn of_the_services() -> Self {
        let mut by_pattern: BTreeMap<String, BTreeMap<&'static str, Route>> = BTreeMap::new();
        let methods = DESCRIPTORS
            .services()
            .flat_map(|service| service.methods().collect::<Vec<_>>());
        for method in methods.filter(|method| !method.is_client_streaming() && !method.is_server_streaming()) {
            for Binding { verb, template, body } in with_short_paths(bindings(&method)) {
                let (pattern, fields) = pattern(&template);
                let method = method.clone();
                let route = Route { method, body, fields };
                // Where two calls claim the same place, the first one has it.
                if let Entry::Vacant(place) = by_pattern.entry(pattern).or_default().entry(verb) {
                    place.insert(route);
                }
            }
        }
        let mut router = Router::new();
        for (pattern, routes) in by_pattern {
            router
                .insert(pattern, routes)
                .expect("the services' paths do not contradict each other");
        }
        Routes(router)
    }

    /// The route of a request, or why there is none.
    pub(super) fn find(&self, method: &Method, path: &str) -> Result<Found<'_>, Refusal> {
        let Ok(found) = self.0.at(path) else {
            return Err(unknown(path));
        };
        let Some(route) = found.value.get(method.as_str()) else {
            return Err(not_allowed(method, path, found.value.keys().copied()));
        };
        let mut parameters = Vec::with_capacity(route.fields.len());
        for (field, (_, text)) in route.fields.iter().zip(found.params.iter()) {
            parameters.push((field.as_str(), decoded(text)?));
        }
        Ok(Found { route, parameters })
    }
}

fn decoded(text: &str) -> Result<String, Status> {
    let decoded = percent_decode_str(text).decode_utf8().map(Cow::into_owned);
    decoded.map_err(|_| Status::invalid_argument(format!("{text:?} in the path is no percent-encoded UTF-8")))
}

fn unknown(path: &str) -> Refusal {
    let message = format!("there is nothing at {path}; calls are below /api/v1, as docs/http.md tells");
    Status::not_found(message).into()
}

fn not_allowed<'v>(method: &Method, path: &str, allowed: impl Iterator<Item = &'v str>) -> Refusal {
    let allowed = allowed.collect::<Vec<_>>().join(", ");
    let message = format!("{path} does not take {method}; it takes {allowed}");
    let allowed = HeaderValue::from_str(&allowed).expect("the names of methods are ASCII");
    Refusal {
        http: StatusCode::METHOD_NOT_ALLOWED,
        status: Status::unimplemented(message),
        headers: HeaderMap::from_iter([(header::ALLOW, allowed)]),
    }
}

/// The ways to make a call: the annotated ones, or one named after the call where nobody has annotated it.
fn bindings(method: &MethodDescriptor) -> Vec<Binding> {
    let annotation = DESCRIPTORS
        .get_extension_by_name(ANNOTATION)
        .expect("Temporal's services are annotated");
    let options = method.options();
    if options.has_extension(&annotation)
        && let Some(rule) = options.get_extension(&annotation).as_message()
    {
        return annotated(rule);
    }
    vec![Binding {
        verb: "POST",
        template: format!("/api/v1/{}/{}", method.parent_service().full_name(), method.name()),
        body: BodyRule::Message,
    }]
}

/// Every path below `/api/v1` also stands for its call without that, behind those that are annotated so.
fn with_short_paths(mut bindings: Vec<Binding>) -> Vec<Binding> {
    let short = bindings.iter().filter_map(|binding| {
        let template = binding.template.strip_prefix("/api/v1")?.to_owned();
        let (verb, body) = (binding.verb, binding.body.clone());
        Some(Binding { verb, template, body })
    });
    let short: Vec<_> = short.collect();
    bindings.extend(short);
    bindings
}

/// What a `google.api.HttpRule` says.
fn annotated(rule: &DynamicMessage) -> Vec<Binding> {
    let text = |field| {
        rule.get_field_by_name(field)
            .and_then(|value| Some(value.as_str()?.to_owned()))
    };
    let body = || match text("body").unwrap_or_default().as_str() {
        "" => BodyRule::None,
        "*" => BodyRule::Message,
        field => BodyRule::Field(field.to_owned()),
    };
    let verbs = [
        ("get", "GET"),
        ("put", "PUT"),
        ("post", "POST"),
        ("delete", "DELETE"),
        ("patch", "PATCH"),
    ];
    let own = verbs.into_iter().filter_map(|(field, verb)| {
        let template = text(field).filter(|template| !template.is_empty())?;
        let body = body();
        Some(Binding { verb, template, body })
    });
    let mut bindings: Vec<_> = own.collect();
    let more = rule.get_field_by_name("additional_bindings");
    for rule in more.iter().filter_map(|value| value.as_list()).flatten() {
        bindings.extend(rule.as_message().map(annotated).into_iter().flatten());
    }
    bindings
}

/// A path template such as `/a/{b.c}/{d=**}` in the router's words, and the fields that its variables set. Variables are
/// called by their place, because the router knows only one name for a place.
fn pattern(template: &str) -> (String, Vec<String>) {
    let mut fields = Vec::new();
    let segments = template.split('/').map(|segment| {
        let Some(variable) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return segment.to_owned();
        };
        let (field, form) = variable.split_once('=').unwrap_or((variable, "*"));
        let place = fields.len();
        fields.push(field.to_owned());
        match form {
            "**" => format!("{{*{place}}}"),
            _ => format!("{{{place}}}"),
        }
    });
    let pattern = segments.collect::<Vec<_>>().join("/");
    (pattern, fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read() {
        let check = |template, expected: &str, fields: &[&str]| {
            assert_eq!(
                pattern(template),
                (expected.to_owned(), fields.iter().map(ToString::to_string).collect())
            );
        };
        check("/system-info", "/system-info", &[]);
        check("/namespaces/{namespace}", "/namespaces/{0}", &["namespace"]);
        check("/a/{b.c}/d/{e=*}", "/a/{0}/d/{1}", &["b.c", "e"]);
        check("/files/{path=**}", "/files/{*0}", &["path"]);
    }

    /// The call that a request stands for, with the fields that its path sets.
    #[track_caller]
    fn check(method: Method, path: &str, call: &str, parameters: &[(&str, &str)]) {
        let found = ROUTES
            .find(&method, path)
            .unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
        assert_eq!(found.route.method.name(), call);
        let found: Vec<_> = found
            .parameters
            .iter()
            .map(|(field, text)| (*field, text.as_str()))
            .collect();
        assert_eq!(found, parameters);
    }

    #[test]
    fn both_kinds_of_paths_stand_for_a_call() {
        for prefix in ["/api/v1", ""] {
            let path = format!("{prefix}/namespaces/shop/workflows/order-1/history");
            let parameters = [("namespace", "shop"), ("execution.workflow_id", "order-1")];
            check(Method::GET, &path, "GetWorkflowExecutionHistory", &parameters);
        }
        check(Method::GET, "/api/v1/system-info", "GetSystemInfo", &[]);
        check(Method::GET, "/cluster", "GetClusterInfo", &[]);
        // Annotated below /cluster and below /api/v1 alone.
        check(Method::GET, "/namespaces", "ListNamespaces", &[]);
        check(
            Method::GET,
            "/namespaces/shop",
            "DescribeNamespace",
            &[("namespace", "shop")],
        );
    }

    #[test]
    fn the_method_chooses_between_calls_of_one_path() {
        let path = "/api/v1/namespaces/shop/schedules/daily";
        let parameters = [("namespace", "shop"), ("schedule_id", "daily")];
        check(Method::GET, path, "DescribeSchedule", &parameters);
        check(Method::POST, path, "CreateSchedule", &parameters);
        check(Method::DELETE, path, "DeleteSchedule", &parameters);
    }

    #[test]
    fn ids_with_slashes_and_umlauts_are_encoded() {
        let path = "/api/v1/namespaces/shop/workflows/a%2Fb%20%C3%A4";
        let parameters = [("namespace", "shop"), ("execution.workflow_id", "a/b ä")];
        check(Method::GET, path, "DescribeWorkflowExecution", &parameters);
        let refusal = ROUTES.find(&Method::GET, "/api/v1/namespaces/%FF").unwrap_err();
        assert_eq!(refusal.http, StatusCode::BAD_REQUEST);
    }

    #[test]
    fn what_nobody_has_annotated_is_called_by_its_name() {
        check(
            Method::POST,
            "/api/v1/wrt.v1.ComponentService/ListDeployments",
            "ListDeployments",
            &[],
        );
        // Streams are no single request and answer.
        assert!(
            ROUTES
                .find(&Method::POST, "/api/v1/wrt.v1.ComponentService/DeployComponent")
                .is_err()
        );
    }

    #[test]
    fn what_is_not_there_is_named() {
        let refusal = ROUTES.find(&Method::GET, "/api/v1/nothing").unwrap_err();
        assert_eq!(refusal.http, StatusCode::NOT_FOUND);
        assert!(
            refusal
                .status
                .message()
                .starts_with("there is nothing at /api/v1/nothing")
        );
        let refusal = ROUTES.find(&Method::PUT, "/api/v1/namespaces").unwrap_err();
        assert_eq!(refusal.http, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refusal.headers[header::ALLOW], "GET, POST");
    }

    #[test]
    fn each_field_of_a_path_is_one_of_its_message() {
        for service in DESCRIPTORS.services() {
            for method in service.methods() {
                for binding in bindings(&method) {
                    for field in pattern(&binding.template).1 {
                        let mut message = Some(method.input());
                        for name in field.split('.') {
                            let found = message.and_then(|message| message.get_field_by_name(name));
                            let found = found.unwrap_or_else(|| panic!("{}: {field}", binding.template));
                            message = found.kind().as_message().cloned();
                        }
                    }
                }
            }
        }
    }
}
