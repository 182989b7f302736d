//! Steps that call children and other workflows.

use std::{
    cell::RefCell,
    future::{Future as _, poll_fn},
    pin::Pin,
    rc::Rc,
};

use serde_json::Value;
use wrt_sdk::{ChildWorkflowHandle, ExternalWorkflow, Result};

use crate::{options::Values, program::Frame};

/// A child that was started.
pub(crate) type Child = Rc<RefCell<ChildWorkflowHandle<Value>>>;

impl Frame {
    pub(crate) async fn child(&self, step: &Value, workflow_type: &str) -> Result<()> {
        let call = self
            .ctx
            .child_workflow::<Value>(workflow_type, Values(self.values(&step["input"])));
        let result = call.with_options(self.child_options(&step["options"])).await?;
        self.keep(step, result);
        Ok(())
    }

    pub(crate) async fn start_child(&self, step: &Value, workflow_type: &str) -> Result<()> {
        let call = self
            .ctx
            .child_workflow::<Value>(workflow_type, Values(self.values(&step["input"])));
        let child = call.with_options(self.child_options(&step["options"])).start().await?;
        let name = step["as"].as_str().expect("a child that is started has a name");
        let child = Rc::new(RefCell::new(child));
        self.ctx
            .state_mut(|state| state.children.insert(name.to_owned(), child));
        self.keep(step, Value::Bool(true));
        Ok(())
    }

    pub(crate) async fn join_child(&self, step: &Value, name: &str) -> Result<()> {
        let child = self.started(name);
        // Borrowed for each look at it only, since others may signal it meanwhile.
        let result = poll_fn(|context| Pin::new(child.borrow_mut().result()).poll(context)).await?;
        self.keep(step, result);
        Ok(())
    }

    pub(crate) async fn signal_child(&self, step: &Value, name: &str) -> Result<()> {
        let signal = step["signal"].as_str().expect("a signal has a name");
        let sent = self
            .started(name)
            .borrow()
            .signal(signal, Values(self.values(&step["input"])));
        Ok(sent.await?)
    }

    pub(crate) fn cancel_child(&self, name: &str) {
        self.started(name).borrow().cancel("canceled by its parent");
    }

    fn started(&self, name: &str) -> Child {
        let child = self.ctx.state(|state| state.children.get(name).cloned());
        child.unwrap_or_else(|| panic!("no child `{name}` was started"))
    }

    // === Others ===

    pub(crate) async fn signal_external(&self, step: &Value, target: &Value) -> Result<()> {
        let signal = step["signal"].as_str().expect("a signal has a name");
        let sent = self
            .external(target)
            .signal(signal, Values(self.values(&step["input"])));
        Ok(sent.await?)
    }

    pub(crate) async fn cancel_external(&self, target: &Value) -> Result<()> {
        Ok(self.external(target).cancel("canceled by another workflow").await?)
    }

    fn external(&self, target: &Value) -> ExternalWorkflow {
        let target = self.value(target);
        let workflow = self
            .ctx
            .external_workflow(target["workflow_id"].as_str().unwrap_or_default());
        match target["run_id"].as_str() {
            Some(run_id) => workflow.run_id(run_id),
            None => workflow,
        }
    }
}
