//! The order story, natively, against mocked activities.

use std::{cell::RefCell, rc::Rc, time::Duration};

use order_saga_contract::{InventoryReserved, NewOrder, OrderCreated, Payment, PaymentFrozen, Reservation};
use wrt_sdk::{
    ActivityOptions, Error, RetryPolicy,
    testing::{Command, Outcome, TestEnvironment},
};

use crate::{
    OrderWorkflow,
    order::{Order, Receipt, Status, Step},
};

const PAUSE: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

/// What was done outside, in order.
type Effects = Rc<RefCell<Vec<String>>>;

/// Activities that work, and write down what they did.
fn environment() -> (TestEnvironment<OrderWorkflow>, Effects) {
    let mut test = TestEnvironment::<OrderWorkflow>::new();
    let effects = Effects::default();
    let done = |effects: &Effects| {
        let effects = effects.clone();
        move |what: String| effects.borrow_mut().push(what)
    };
    let note = done(&effects);
    test.on_activity("CreateOrder", move |order: NewOrder| {
        note(format!("create for {}", order.user_id));
        Ok(OrderCreated {
            order_id: "o".to_owned(),
        })
    });
    let note = done(&effects);
    test.on_activity("ReserveInventory", move |mut reservation: Reservation| {
        reservation.lines.sort();
        let lines: Vec<_> = reservation
            .lines
            .iter()
            .map(|line| format!("{} {}", line.quantity, line.item))
            .collect();
        note(format!("reserve {} for {}", lines.join(", "), reservation.order_id));
        Ok(InventoryReserved {
            reserve_id: "r".to_owned(),
        })
    });
    let note = done(&effects);
    test.on_activity("FreezePayment", move |payment: Payment| {
        note(format!(
            "freeze {} of {} for {}",
            payment.amount, payment.user_id, payment.order_id
        ));
        Ok(PaymentFrozen {
            freeze_id: "f".to_owned(),
        })
    });
    let note = done(&effects);
    test.on_activity("CancelOrder", move |order: OrderCreated| {
        note(format!("cancel {}", order.order_id));
        Ok(())
    });
    let note = done(&effects);
    test.on_activity("ReleaseInventory", move |reserved: InventoryReserved| {
        note(format!("release {}", reserved.reserve_id));
        Ok(())
    });
    let note = done(&effects);
    test.on_activity("UnfreezePayment", move |frozen: PaymentFrozen| {
        note(format!("unfreeze {}", frozen.freeze_id));
        Ok(())
    });
    (test, effects)
}

fn order() -> Order {
    Order {
        user_id: "ada".to_owned(),
        items: ["cable", "keyboard", "cable"].map(str::to_owned).to_vec(),
        amount: 4_200,
        pause_ms: 10_000,
        payment_task_queue: None,
    }
}

fn status(test: &TestEnvironment<OrderWorkflow>) -> Status {
    test.query("status", ()).unwrap()
}

const CREATE: &str = "create for ada";
const RESERVE: &str = "reserve 2 cable, 1 keyboard for o";
const FREEZE: &str = "freeze 4200 of ada for o";

#[test]
fn every_step_feeds_the_next_one() {
    let (mut test, effects) = environment();
    let receipt = test.run((order(),)).unwrap();
    assert_eq!(
        receipt,
        Receipt {
            order_id: "o".to_owned(),
            reserve_id: "r".to_owned(),
            freeze_id: "f".to_owned()
        }
    );
    assert_eq!(*effects.borrow(), [CREATE, RESERVE, FREEZE]);
    assert_eq!(test.elapsed(), PAUSE);
}

#[test]
fn the_status_can_be_asked_at_any_time_and_after_the_end() {
    let (mut test, _) = environment();
    test.start((order(),));
    assert_eq!(status(&test).step, Step::CreatingOrder);
    test.advance(SECOND);
    assert_eq!(status(&test).step, Step::Pausing);
    assert!(matches!(test.finish(), Outcome::Completed(_)));
    assert_eq!(
        status(&test),
        Status {
            step: Step::Completed,
            error: None
        }
    );
}

#[test]
fn the_options_are_inherited_and_the_queue_of_the_payment_is_its_own() {
    let (mut test, _) = environment();
    let order = Order {
        payment_task_queue: Some("bank".to_owned()),
        ..order()
    };
    assert!(matches!(test.run((order,)), Outcome::Completed(_)));
    let scheduled: Vec<ActivityOptions> = test
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            Command::ScheduleActivity { options, .. } => Some(options),
            _ => None,
        })
        .collect();
    let common = crate::activity_options();
    assert_eq!(scheduled, [common.clone(), common.clone(), common.task_queue("bank")]);
}

#[test]
fn a_failed_step_undoes_the_ones_before_in_reverse_order() {
    let check = |activity: &str, expected: &[&str]| {
        let (mut test, effects) = environment();
        match activity {
            "CreateOrder" => test.on_activity(activity, |_: NewOrder| Err::<OrderCreated, _>(sold_out())),
            "ReserveInventory" => test.on_activity(activity, |_: Reservation| Err::<InventoryReserved, _>(sold_out())),
            _ => test.on_activity(activity, |_: Payment| Err::<PaymentFrozen, _>(sold_out())),
        }
        let failure = test.run((order(),)).unwrap_failure();
        assert_eq!(failure.application_type(), Some("OutOfStock"));
        assert_eq!(*effects.borrow(), expected);
        assert_eq!(status(&test).step, Step::Compensated);
    };
    check("CreateOrder", &[]);
    check("ReserveInventory", &[CREATE, "cancel o"]);
    check("FreezePayment", &[CREATE, RESERVE, "release r", "cancel o"]);
}

fn sold_out() -> Error {
    Error::application("OutOfStock", "sold out").non_retryable()
}

#[test]
fn a_step_is_tried_three_times() {
    let (mut test, effects) = environment();
    let attempts = Rc::new(RefCell::new(0));
    let count = attempts.clone();
    test.on_activity("FreezePayment", move |_: Payment| {
        *count.borrow_mut() += 1;
        Err::<PaymentFrozen, _>(Error::application("BankUnavailable", "no answer"))
    });
    let failure = test.run((order(),)).unwrap_failure();
    assert_eq!((*attempts.borrow(), test.elapsed()), (3, PAUSE + (1 + 2) * SECOND));
    assert_eq!(failure.application_type(), Some("BankUnavailable"));
    assert_eq!(effects.borrow()[2..], ["release r", "cancel o"]);
    assert_eq!(
        crate::activity_options(),
        crate::activity_options().retry_policy(three_attempts())
    );
}

fn three_attempts() -> RetryPolicy {
    RetryPolicy {
        initial_interval: Some(SECOND),
        backoff_coefficient: Some(2.0),
        maximum_interval: Some(60 * SECOND),
        maximum_attempts: 3,
        non_retryable_error_types: Vec::new(),
    }
}

#[test]
fn the_signal_undoes_what_was_done_until_then() {
    let check = |after: Duration, expected: &[&str]| {
        let (mut test, effects) = environment();
        for activity in ["CreateOrder", "ReserveInventory", "FreezePayment"] {
            test.activity_takes(activity, 2 * SECOND);
        }
        test.signal_at(after, "cancel-order", ("changed my mind".to_owned(),));
        let failure = test.run((order(),)).unwrap_failure();
        assert_eq!(failure.application_type(), Some("OrderCanceled"));
        assert_eq!(*effects.borrow(), expected);
        let status = status(&test);
        assert_eq!(
            (status.step, status.error.as_deref()),
            (Step::Compensated, Some("OrderCanceled: changed my mind"))
        );
    };
    check(Duration::ZERO, &[]);
    check(6 * SECOND, &[CREATE, RESERVE, "release r", "cancel o"]);
}

#[test]
fn the_signal_with_the_start_lets_nothing_begin() {
    let (mut test, effects) = environment();
    test.signal("cancel-order", ("too fast".to_owned(),));
    assert_eq!(
        test.run((order(),)).unwrap_failure().application_type(),
        Some("OrderCanceled")
    );
    assert!(effects.borrow().is_empty(), "{effects:?}");
}

#[test]
fn the_signal_after_the_end_changes_nothing() {
    let (mut test, effects) = environment();
    test.signal_at(PAUSE + SECOND, "cancel-order", ("too late".to_owned(),));
    assert!(matches!(test.run((order(),)), Outcome::Completed(_)));
    assert_eq!(effects.borrow().len(), 3);
}

#[test]
fn a_canceled_run_is_undone_too() {
    let (mut test, effects) = environment();
    test.cancel_at(SECOND, "maintenance");
    assert_eq!(test.run((order(),)), Outcome::Canceled);
    assert_eq!(*effects.borrow(), [CREATE, RESERVE, "release r", "cancel o"]);
}
