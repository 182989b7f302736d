//! What lists show of a run and can filter by.

use crate::{Context, Memo, SearchAttributes, command::Command, memo::upsert};

impl Context {
    /// Sets values that the run can be found by, and removes those that are to be
    /// [removed](SearchAttributes::remove). [`info`](Self::info) has them from now on.
    ///
    /// ```
    /// use wrt_sdk::{Context, Result, SearchAttribute, SearchAttributes, workflow};
    ///
    /// #[workflow]
    /// async fn ship(ctx: Context, customer: String) -> Result<()> {
    ///     ctx.upsert_search_attributes(SearchAttributes::new().keyword("Customer", customer).bool("Shipped", false));
    ///     ctx.activity::<()>("Ship", ()).await?;
    ///     ctx.upsert_search_attributes(SearchAttributes::new().bool("Shipped", true));
    ///     assert_eq!(ctx.info().search_attributes.get("Shipped"), Some(SearchAttribute::Bool(true)));
    ///     Ok(())
    /// }
    /// # fn main() {
    /// # let mut test = wrt_sdk::testing::TestEnvironment::<ship>::new();
    /// # test.on_activity("Ship", || Ok(()));
    /// # test.run(("c-7".to_owned(),)).unwrap();
    /// # }
    /// ```
    pub fn upsert_search_attributes(&self, attributes: SearchAttributes) {
        self.run
            .change_info(|info| upsert(&mut info.search_attributes.0, &attributes.0));
        self.run.issue(Command::UpsertSearchAttributes { attributes });
    }

    /// Sets notes that lists show beside the run, and removes those that are to be [removed](Memo::remove).
    /// [`info`](Self::info) has them from now on.
    ///
    /// ```
    /// # use wrt_sdk::{Context, Memo, Result};
    /// # async fn example(ctx: Context) -> Result<()> {
    /// ctx.upsert_memo(Memo::new().set("state", "packed")?.remove("hint"));
    /// # Ok(()) }
    /// ```
    pub fn upsert_memo(&self, fields: Memo) {
        self.run.change_info(|info| upsert(&mut info.memo.0, &fields.0));
        self.run.issue(Command::UpsertMemo { fields });
    }
}
