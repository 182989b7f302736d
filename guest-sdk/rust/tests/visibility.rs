//! What lists show, changes of code, and waiting with a timeout.

use std::time::Duration;

use wrt_sdk::{
    Context, Memo, Result, SearchAttribute, SearchAttributes, WorkflowContext,
    testing::{Command, TestEnvironment},
    workflow,
};

#[workflow]
async fn ship(ctx: Context) -> Result<bool> {
    ctx.upsert_search_attributes(SearchAttributes::new().keyword("Customer", "ada").remove("Old"));
    ctx.upsert_memo(Memo::new().set("state", "packed")?.remove("hint"));
    Ok(ctx.info().memo.get::<String>("state") == Some(Ok("packed".to_owned())))
}

#[test]
fn upserts_change_what_the_run_knows_of_itself() {
    let mut test = TestEnvironment::<ship>::new();
    test.info_mut().search_attributes = SearchAttributes::new().int("Old", 1).bool("Kept", true);
    test.info_mut().memo = Memo::new().set("hint", "fragile").unwrap();
    assert!(test.run(()).unwrap());
    let info = test.info();
    let attributes = info.search_attributes;
    assert_eq!(
        attributes.get("Customer"),
        Some(SearchAttribute::Keyword("ada".to_owned()))
    );
    assert_eq!((attributes.get("Old"), attributes.iter().count()), (None, 2));
    assert_eq!(info.memo.get::<String>("hint"), None);
    let names: Vec<_> = test.commands().iter().map(kind).collect();
    assert_eq!(names, ["attributes", "memo", "other"]);
}

fn kind(command: &Command) -> &'static str {
    match command {
        Command::UpsertSearchAttributes { attributes } if attributes.iter().count() == 2 => "attributes",
        Command::UpsertMemo { fields } if fields.iter().count() == 2 => "memo",
        _ => "other",
    }
}

// === Patches ===

#[workflow]
async fn changed(ctx: Context) -> Result<(bool, bool)> {
    ctx.deprecate_patch("oldest");
    Ok((ctx.patched("old"), ctx.patched("new")))
}

#[test]
fn a_test_says_which_changes_the_run_has_missed() {
    let mut test = TestEnvironment::<changed>::new();
    test.not_patched("new");
    assert_eq!(test.run(()).unwrap(), (true, false));
    assert!(matches!(&test.commands()[0], Command::DeprecatePatch { patch_id } if patch_id == "oldest"));
}

// === Conditions ===

#[derive(Default)]
struct Approval {
    approved: bool,
}

#[workflow]
impl Approval {
    #[run]
    async fn run(ctx: WorkflowContext<Self>) -> Result<bool> {
        let approved = ctx.wait_until(|approval| approval.approved);
        Ok(approved.timeout(Duration::from_secs(60)).await?)
    }

    #[signal]
    fn approve(&mut self) {
        self.approved = true;
    }
}

#[test]
fn a_condition_is_waited_for_no_longer_than_its_timeout() {
    let check = |signal_at: Option<u64>, expected: bool, elapsed: u64, commands: usize| {
        let mut test = TestEnvironment::<Approval>::new();
        match signal_at {
            Some(0) => test.signal("approve", ()),
            Some(second) => test.signal_at(Duration::from_secs(second), "approve", ()),
            None => {}
        }
        assert_eq!(test.run(()).unwrap(), expected, "{signal_at:?}");
        assert_eq!(test.elapsed().as_secs(), elapsed, "{signal_at:?}");
        assert_eq!(test.commands().len(), commands, "{signal_at:?}");
    };
    // A condition that is true already starts no timer; one that comes true cancels it.
    check(Some(0), true, 0, 1);
    check(Some(7), true, 7, 3);
    check(Some(61), false, 60, 2);
    check(None, false, 60, 2);
}

#[test]
fn a_canceled_condition_fails() {
    let mut test = TestEnvironment::<Approval>::new();
    test.cancel_at(Duration::from_secs(1), "enough");
    assert_eq!(test.run(()), wrt_sdk::testing::Outcome::Canceled);
}
