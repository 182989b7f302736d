//! Runs that workers were to run and that a component takes.
//!
//! ```text
//! for workers, untouched --a component serves its type--> of that component
//! ```
//!
//! As long as nobody has begun a workflow task, no code has decided anything: the run may begin with any. From its first task
//! on, its history belongs to the code that wrote it.

use crate::Turn;

impl Turn<'_> {
    /// Lets the component of this digest have the run. False when it is too late, or when the run is to go to certain workers.
    pub fn adopt(&mut self, component: &str) -> bool {
        let may_go = self.run.is_open()
            && self.run.is_run_by_workers()
            && self.run.is_untouched()
            && self.run.versioning_info.is_none();
        if may_go {
            component.clone_into(&mut self.run.component);
            self.transition.durable = true;
        }
        may_go
    }
}
