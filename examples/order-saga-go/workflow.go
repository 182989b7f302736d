package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"wrt.dev/sdk/temporal"
	"wrt.dev/sdk/workflow"
)

var books *Books

// OrderWorkflow takes an order: it writes it down, reserves the articles, freezes the payment. If a step fails, or the
// signal `cancel-order` comes before the last one is done, the steps so far are undone in reverse order.
func OrderWorkflow(ctx workflow.Context, order Order) (Receipt, error) {
	status := Status{Step: "started"}
	if err := workflow.SetQueryHandler(ctx, "status", func() (Status, error) { return status, nil }); err != nil {
		return Receipt{}, err
	}
	// Canceling the scope stops the work in it. How far it came is known when it has ended.
	scope, cancel := workflow.WithCancel(workflow.WithActivityOptions(ctx, activityOptions))
	defer cancel()
	canceledBecause := ""
	workflow.Go(ctx, func(ctx workflow.Context) {
		workflow.GetSignalChannel(ctx, "cancel-order").Receive(ctx, &canceledBecause)
		workflow.GetLogger(ctx).Info("the customer cancels the order", "reason", canceledBecause)
		cancel()
	})

	receipt, err := fulfil(scope, order, &status)
	if canceledBecause != "" && temporal.IsCanceledError(err) {
		err = temporal.NewNonRetryableApplicationError(canceledBecause, "OrderCanceled", nil)
	}
	status.Step = "completed"
	if err != nil {
		reason := rootCause(err)
		status = Status{"compensated", &reason}
	}
	return receipt, err
}

// activityOptions are set once, and inherited by every activity.
var activityOptions = workflow.ActivityOptions{
	StartToCloseTimeout: time.Minute,
	// What a canceled step has done must be certain, since it may have to be undone.
	WaitForCancellation: true,
	RetryPolicy: &temporal.RetryPolicy{
		InitialInterval:    time.Second,
		BackoffCoefficient: 2,
		MaximumInterval:    time.Minute,
		MaximumAttempts:    3,
	},
}

// fulfil takes the steps, and undoes them if one fails.
func fulfil(ctx workflow.Context, order Order, status *Status) (Receipt, error) {
	saga := workflow.NewSaga(workflow.SagaOptions{})
	receipt, err := takeSteps(ctx, saga, order, status)
	if err != nil {
		status.Step = "compensating"
		return Receipt{}, saga.Compensate(ctx, err)
	}
	return receipt, nil
}

// takeSteps takes one step after the other; each registers how it is undone.
func takeSteps(ctx workflow.Context, saga *workflow.Saga, order Order, status *Status) (receipt Receipt, err error) {
	undo := func(activity any, step any) {
		saga.AddCompensation(func(ctx workflow.Context) error {
			return workflow.ExecuteActivity(ctx, activity, step).Get(ctx, nil)
		})
	}

	status.Step = "creating_order"
	var created OrderCreated
	if err := workflow.ExecuteActivity(ctx, books.CreateOrder, newOrder(order)).Get(ctx, &created); err != nil {
		return receipt, err
	}
	undo(books.CancelOrder, created)

	status.Step = "reserving_inventory"
	var reserved InventoryReserved
	reserve := reservation(created.OrderID, order.Items)
	if err := workflow.ExecuteActivity(ctx, books.ReserveInventory, reserve).Get(ctx, &reserved); err != nil {
		return receipt, err
	}
	undo(books.ReleaseInventory, reserved)

	status.Step = "pausing"
	pause := time.Second
	if order.PauseMs != nil {
		pause = time.Duration(*order.PauseMs) * time.Millisecond
	}
	timer := workflow.NewTimerWithOptions(ctx, pause, workflow.TimerOptions{Summary: "time to change one's mind"})
	if err := timer.Get(ctx, nil); err != nil {
		return receipt, err
	}

	status.Step = "freezing_payment"
	freezing := ctx
	if order.PaymentTaskQueue != "" {
		freezing = workflow.WithTaskQueue(ctx, order.PaymentTaskQueue)
	}
	var frozen PaymentFrozen
	payment := Payment{created.OrderID, order.UserID, order.Amount}
	if err := workflow.ExecuteActivity(freezing, books.FreezePayment, payment).Get(ctx, &frozen); err != nil {
		return receipt, err
	}
	undo(books.UnfreezePayment, frozen)

	// The signal may have come while the last step was under way.
	return Receipt{created.OrderID, reserved.ReserveID, frozen.FreezeID}, ctx.Err()
}

// newOrder reads the clock and rolls dice, as any program may: on replay both say the same.
func newOrder(order Order) NewOrder {
	return NewOrder{
		UserID:     order.UserID,
		Items:      order.Items,
		Amount:     order.Amount,
		PlacedAtMs: time.Now().UnixMilli(),
		Reference:  fmt.Sprintf("%016x", rand.Uint64()),
	}
}

// reservation counts the articles. The lines come in the order of the map, which is the same on replay too.
func reservation(orderID string, items []string) Reservation {
	quantities := map[string]uint32{}
	for _, item := range items {
		quantities[item]++
	}
	reserve := Reservation{OrderID: orderID}
	for item, quantity := range quantities {
		reserve.Lines = append(reserve.Lines, Line{item, quantity})
	}
	return reserve
}

// rootCause is the text of the innermost error.
func rootCause(err error) string {
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		err = cause
	}
	return err.Error()
}
