//! Activity components: each attempt has an instance for itself while it runs.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit, watch},
    time::timeout,
};
use wasmtime::{
    Engine, Result, Store,
    component::{Component, HasSelf, Linker},
};
use wrt_model::{
    ComponentKind, Digest,
    component::{Grants, TypeDefinition},
    failure,
    proto::{Failure, Payloads, workflowservice::PollActivityTaskQueueResponse},
};

use crate::{
    ActivityLimits, HostError, HostOptions,
    bindings::activity::{Activity, ActivityPre, guest},
    describe::Description,
    error::message,
    other_side::OtherSide,
    trap::{self, Explanation},
};

mod context;
mod convert;
mod http;
mod state;
pub(crate) mod warm;

use self::{
    state::{AttemptIdentity, AttemptState},
    warm::{ActivityInstance, Realm, WarmInstances},
};

/// An activity component, compiled and ready to be instantiated. Clones share the code.
#[derive(Clone)]
pub struct ActivityModule {
    digest: Digest,
    component: ActivityPre<AttemptState>,
    shared: Arc<Shared>,
}

/// The lines between an attempt and whoever started it.
pub struct ActivityControl {
    /// Holds the details of the last heartbeat, however fast they come.
    pub heartbeat: watch::Sender<Option<Payloads>>,
    /// Becomes true when the attempt is asked to stop.
    pub cancel: watch::Receiver<bool>,
}

/// What all activities of a host share.
struct Shared {
    limits: ActivityLimits,
    /// The longest that a component may take to describe itself.
    describe_time: Duration,
    /// The attempts that there is room for at the same time.
    places: Semaphore,
    warm: WarmInstances,
}

/// Links activity components with what the contract gives them.
pub(crate) struct ActivityLinker {
    linker: Linker<AttemptState>,
    shared: Arc<Shared>,
}

impl ActivityLinker {
    pub(crate) fn new(engine: &Engine, options: &HostOptions) -> Result<Self> {
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        Activity::add_to_linker::<_, HasSelf<AttemptState>>(&mut linker, |state| state)?;
        let places = usize::try_from(options.activities).expect("u32 fits usize");
        let shared = Shared {
            limits: options.activity.clone(),
            describe_time: options.workflow.activation_time,
            places: Semaphore::new(places),
            warm: WarmInstances::new(options.activities),
        };
        Ok(ActivityLinker {
            linker,
            shared: Arc::new(shared),
        })
    }

    pub(crate) fn link(&self, digest: &Digest, component: &Component) -> Result<ActivityModule, HostError> {
        OtherSide::Workflows
            .link(&self.linker, component)
            .and_then(|linker| ActivityPre::new(linker.instantiate_pre(component)?))
            .map(|component| ActivityModule {
                digest: digest.clone(),
                component,
                shared: Arc::clone(&self.shared),
            })
            .map_err(|error| HostError::Kind {
                digest: digest.clone(),
                expected: ComponentKind::Activity,
                cause: message(&error),
            })
    }
}

impl ActivityModule {
    /// The component's digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Executes one attempt of a task that waited in `task_queue`, in an instance that an earlier attempt may have used.
    /// Dropping the future ends it at once, so timeouts are the caller's.
    ///
    /// What the guest returns as a failure comes back as it is; a trap becomes a failure of type `ActivityTrapped` that
    /// another attempt may cure.
    pub async fn execute(
        &self,
        task: &PollActivityTaskQueueResponse,
        task_queue: &str,
        grants: &Grants,
        control: ActivityControl,
    ) -> Result<Option<Payloads>, Failure> {
        let identity = AttemptIdentity::of(task);
        let realm = Realm {
            digest: self.digest.clone(),
            namespace: task.workflow_namespace.clone(),
            grants: grants.clone(),
        };
        let Some(task) = convert::task(task, task_queue) else {
            return Err(failure::server("the activity task has a token of another server", true));
        };
        let _place = self.place().await;
        let mut instance = match self.shared.warm.take(&realm) {
            Some(mut instance) => {
                instance.store.set_epoch_deadline(1);
                instance.store.data_mut().begin(identity, control);
                instance
            }
            None => {
                let state = AttemptState::new(identity, grants, Some(control), &self.shared.limits);
                let started = self.start(state).await;
                started.map_err(|error| failure::application(error.to_string(), "ActivityNotStarted", false))?
            }
        };
        let guest = instance.guest.wrt_activity_guest();
        let outcome = guest.call_execute(&mut instance.store, &task).await;
        instance.store.data_mut().end();
        match outcome {
            Ok(output) => {
                self.shared.warm.keep(realm, instance);
                output
                    .map(convert::payloads_from_wit)
                    .map_err(convert::failure_from_wit)
            }
            Err(error) => Err(trapped(explain(&error, instance.store.data()))),
        }
    }

    /// Asks the component what it contains, in an instance of its own. It has the memory of an attempt, and the time of a
    /// workflow's activation, which no component that only describes itself comes near.
    pub(crate) async fn describe(&self) -> Result<Description, HostError> {
        let limit = self.shared.describe_time;
        let described = timeout(limit, self.describe_without_limit()).await;
        described.unwrap_or_else(|_| {
            Err(HostError::Instantiate {
                digest: self.digest.clone(),
                cause: format!(
                    "the time limit of {limit:?} for describing itself is reached: return the definition without \
                     computing or waiting"
                ),
            })
        })
    }

    async fn describe_without_limit(&self) -> Result<Description, HostError> {
        let identity = AttemptIdentity::default();
        let state = AttemptState::new(identity, &Grants::default(), None, &self.shared.limits);
        let _place = self.place().await;
        let ActivityInstance { mut store, guest } = self.start(state).await?;
        match guest.wrt_activity_guest().call_describe(&mut store).await {
            Ok(definition) => Ok(definition.into()),
            Err(error) => Err(self.stopped(&error, store.data())),
        }
    }

    /// Waits until there is room for an attempt.
    async fn place(&self) -> SemaphorePermit<'_> {
        let place = self.shared.places.acquire().await;
        place.expect("the semaphore is never closed")
    }

    async fn start(&self, state: AttemptState) -> Result<ActivityInstance, HostError> {
        let mut store = Store::new(self.component.engine(), state);
        store.limiter(|state| &mut state.memory);
        // An attempt may compute for as long as it likes, but it makes room for others.
        store.epoch_deadline_async_yield_and_update(1);
        store.set_epoch_deadline(1);
        match self.component.instantiate_async(&mut store).await {
            Ok(guest) => Ok(ActivityInstance { store, guest }),
            Err(error) => Err(self.stopped(&error, store.data())),
        }
    }

    fn stopped(&self, error: &wasmtime::Error, state: &AttemptState) -> HostError {
        crate::error::stopped(&self.digest, error, &explain(error, state))
    }
}

fn explain(error: &wasmtime::Error, state: &AttemptState) -> Explanation {
    trap::explain(error, &state.memory, &state.console)
}

fn trapped(explanation: Explanation) -> Failure {
    Failure {
        stack_trace: explanation.backtrace,
        ..failure::application(explanation.message, "ActivityTrapped", false)
    }
}

// === Describing ===

impl From<guest::ModuleDefinition> for Description {
    fn from(definition: guest::ModuleDefinition) -> Self {
        Description {
            sdk_name: definition.sdk_name,
            sdk_version: definition.sdk_version,
            types: definition
                .activities
                .into_iter()
                .map(|activity| TypeDefinition {
                    name: activity.name,
                    description: activity.description,
                    input_schema: activity.input_schema,
                    output_schema: activity.output_schema,
                    ..Default::default()
                })
                .collect(),
            activities: Vec::new(),
        }
    }
}
