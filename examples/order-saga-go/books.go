package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"

	"wrt.dev/sdk/activity"
	"wrt.dev/sdk/temporal"
	_ "wrt.dev/sdk/wasihttp" // net/http asks the server
)

// Books are kept by a service outside: one request per attempt, with the activity's idempotency key.
type Books struct{}

// CreateOrder writes the order down.
func (*Books) CreateOrder(ctx context.Context, order NewOrder) (created OrderCreated, err error) {
	err = write(ctx, order, &created)
	return created, err
}

// ReserveInventory sets the articles aside. It fails with OutOfStock, which no retry cures.
func (*Books) ReserveInventory(ctx context.Context, reservation Reservation) (reserved InventoryReserved, err error) {
	err = write(ctx, reservation, &reserved)
	return reserved, err
}

// FreezePayment sets the money aside. It fails with InsufficientFunds, which no retry cures, and while the bank cannot be
// reached with BankUnavailable, which one does.
func (*Books) FreezePayment(ctx context.Context, payment Payment) (frozen PaymentFrozen, err error) {
	err = write(ctx, payment, &frozen)
	return frozen, err
}

// CancelOrder undoes CreateOrder.
func (*Books) CancelOrder(ctx context.Context, order OrderCreated) error {
	return write(ctx, order, nil)
}

// ReleaseInventory undoes ReserveInventory.
func (*Books) ReleaseInventory(ctx context.Context, reserved InventoryReserved) error {
	return write(ctx, reserved, nil)
}

// UnfreezePayment undoes FreezePayment.
func (*Books) UnfreezePayment(ctx context.Context, frozen PaymentFrozen) error {
	return write(ctx, frozen, nil)
}

// write writes one effect into the books: POST /effects/<activity type>.
//
// A request that is repeated with the same key gets the same answer and has no second effect. Statuses from 400 to 499 are
// final; after any other one the attempt is worth repeating.
func write(ctx context.Context, effect, answer any) error {
	base := os.Getenv("BOOKS_URL")
	if base == "" {
		return temporal.NewApplicationError("the environment has no BOOKS_URL; grant it with the deployment", "NotConfigured")
	}
	body, err := json.Marshal(effect)
	if err != nil {
		return err
	}
	info := activity.GetInfo(ctx)
	request, err := http.NewRequestWithContext(ctx, "POST", base+"/effects/"+info.ActivityType.Name, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", info.IdempotencyKey)
	request.Header.Set("Workflow-Id", info.WorkflowExecution.ID)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode/100 == 2 {
		if answer == nil {
			return nil
		}
		return json.NewDecoder(response.Body).Decode(answer)
	}
	var refusal struct{ Error, Message string }
	if err := json.NewDecoder(response.Body).Decode(&refusal); err != nil {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(refusal.Message, refusal.Error, temporal.ApplicationErrorOptions{
		NonRetryable: response.StatusCode/100 == 4,
	})
}
