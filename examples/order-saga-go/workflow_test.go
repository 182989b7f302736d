package main

import (
	"errors"
	"slices"
	"testing"
	"time"

	"wrt.dev/sdk/temporal"
	"wrt.dev/sdk/testsuite"
)

var order = Order{UserID: "ada", Items: []string{"keyboard", "cable", "cable"}, Amount: 4200}

// play prepares a world in which every activity succeeds, and is written down.
func play(effects *[]string) *testsuite.TestWorkflowEnvironment {
	env := new(testsuite.WorkflowTestSuite).NewTestWorkflowEnvironment()
	note := func(name string) { *effects = append(*effects, name) }
	env.OnActivity(books.CreateOrder).Return(func(NewOrder) (OrderCreated, error) {
		note("create")
		return OrderCreated{"o"}, nil
	})
	env.OnActivity(books.ReserveInventory).Return(func(Reservation) (InventoryReserved, error) {
		note("reserve")
		return InventoryReserved{"r"}, nil
	})
	env.OnActivity(books.CancelOrder).Return(func(OrderCreated) error { note("cancel"); return nil })
	env.OnActivity(books.ReleaseInventory).Return(func(InventoryReserved) error { note("release"); return nil })
	env.OnActivity(books.UnfreezePayment).Return(func(PaymentFrozen) error { note("unfreeze"); return nil })
	return env
}

func status(t *testing.T, env *testsuite.TestWorkflowEnvironment) (status Status) {
	t.Helper()
	answer, err := env.QueryWorkflow("status")
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Get(&status); err != nil {
		t.Fatal(err)
	}
	return status
}

func TestAnOrderIsFulfilled(t *testing.T) {
	var effects []string
	env := play(&effects)
	env.OnActivity(books.FreezePayment).Return(PaymentFrozen{"f"}, nil)
	env.ExecuteWorkflow(OrderWorkflow, order)
	var receipt Receipt
	if err := env.GetWorkflowResult(&receipt); err != nil {
		t.Fatal(err)
	}
	if receipt != (Receipt{"o", "r", "f"}) || status(t, env).Step != "completed" {
		t.Fatal(receipt, status(t, env))
	}
}

func TestARefusedPaymentIsUndone(t *testing.T) {
	var effects []string
	env := play(&effects)
	env.OnActivity(books.FreezePayment).
		Return(temporal.NewNonRetryableApplicationError("too much", "InsufficientFunds", nil))
	env.ExecuteWorkflow(OrderWorkflow, order)
	var application *temporal.ApplicationError
	if !errors.As(env.GetWorkflowError(), &application) || application.Type() != "InsufficientFunds" {
		t.Fatal(env.GetWorkflowError())
	}
	if !slices.Equal(effects, []string{"create", "reserve", "release", "cancel"}) {
		t.Fatal(effects)
	}
	if status(t, env).Step != "compensated" {
		t.Fatal(status(t, env))
	}
}

func TestTheCustomerChangesTheirMind(t *testing.T) {
	var effects []string
	env := play(&effects)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow("cancel-order", "changed my mind") }, 500*time.Millisecond)
	env.ExecuteWorkflow(OrderWorkflow, order)
	var application *temporal.ApplicationError
	if !errors.As(env.GetWorkflowError(), &application) || application.Type() != "OrderCanceled" {
		t.Fatal(env.GetWorkflowError())
	}
	if !slices.Equal(effects, []string{"create", "reserve", "release", "cancel"}) {
		t.Fatal(effects)
	}
}

func TestABankThatCannotBeReachedIsAskedAgain(t *testing.T) {
	var effects []string
	env := play(&effects)
	env.OnActivity(books.FreezePayment).Return(temporal.NewApplicationError("down", "BankUnavailable")).Times(2)
	env.OnActivity(books.FreezePayment).Return(PaymentFrozen{"f"}, nil)
	env.ExecuteWorkflow(OrderWorkflow, order)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}

}
