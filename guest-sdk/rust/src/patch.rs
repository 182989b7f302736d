//! Changes of workflow code that replay the histories of the old code.

use crate::{Context, command::Command};

impl Context {
    /// True when the code behind a change is to run: in runs that come here for the first time, and in those that went
    /// this way before. Runs that passed here before the change was made get false, for good.
    ///
    /// ```
    /// use wrt_sdk::{Context, Result, testing::TestEnvironment, workflow};
    ///
    /// #[workflow]
    /// async fn greet(ctx: Context) -> Result<String> {
    ///     Ok(if ctx.patched("politer") { "Good day" } else { "Hi" }.to_owned())
    /// }
    /// # fn main() {
    /// assert_eq!(TestEnvironment::<greet>::new().run(()).unwrap(), "Good day");
    ///
    /// let mut before_the_change = TestEnvironment::<greet>::new();
    /// before_the_change.not_patched("politer");
    /// assert_eq!(before_the_change.run(()).unwrap(), "Hi");
    /// # }
    /// ```
    ///
    /// A run stays on the component that it started on, so most changes need no patch. It is for runs that are moved to
    /// another component.
    pub fn patched(&self, patch_id: &str) -> bool {
        self.run.patched(patch_id)
    }

    /// Says that no run needs the code before a change any more, while the histories of some still have its mark. Stands
    /// where [`patched`](Self::patched) stood, until the last of them has ended.
    pub fn deprecate_patch(&self, patch_id: &str) {
        self.run.issue(Command::DeprecatePatch {
            patch_id: patch_id.to_owned(),
        });
    }
}
