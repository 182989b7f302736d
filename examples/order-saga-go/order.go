package main

// Order is the input of the workflow.
type Order struct {
	// UserID is who orders.
	UserID string `json:"user_id"`
	// Items are the articles, each as often as it is wanted.
	Items []string `json:"items"`
	// Amount is the price of everything, in cents.
	Amount uint64 `json:"amount"`
	// PauseMs is how long the customer may change their mind, in milliseconds; 1000 by default.
	PauseMs *int64 `json:"pause_ms"`
	// PaymentTaskQueue serves FreezePayment, when that is not the queue of the workflow.
	PaymentTaskQueue string `json:"payment_task_queue"`
}

// Receipt is the result of the workflow.
type Receipt struct {
	OrderID   string `json:"order_id"`
	ReserveID string `json:"reserve_id"`
	FreezeID  string `json:"freeze_id"`
}

// Status is the answer to the query `status`.
type Status struct {
	// Step is where the order is.
	Step string `json:"step"`
	// Error is why it did not come to its good end.
	Error *string `json:"error"`
}

// What the activities exchange.
type (
	// NewOrder is to be written down.
	NewOrder struct {
		UserID     string   `json:"user_id"`
		Items      []string `json:"items"`
		Amount     uint64   `json:"amount"`
		PlacedAtMs int64    `json:"placed_at_ms"`
		// Reference is printed on the parcel.
		Reference string `json:"reference"`
	}
	// OrderCreated names a written order.
	OrderCreated struct {
		OrderID string `json:"order_id"`
	}
	// Reservation is what is to be set aside.
	Reservation struct {
		OrderID string `json:"order_id"`
		Lines   []Line `json:"lines"`
	}
	// Line is an article of a reservation.
	Line struct {
		Item     string `json:"item"`
		Quantity uint32 `json:"quantity"`
	}
	// InventoryReserved names a reservation.
	InventoryReserved struct {
		ReserveID string `json:"reserve_id"`
	}
	// Payment is money that is to be set aside.
	Payment struct {
		OrderID string `json:"order_id"`
		UserID  string `json:"user_id"`
		Amount  uint64 `json:"amount"`
	}
	// PaymentFrozen names money that was set aside.
	PaymentFrozen struct {
		FreezeID string `json:"freeze_id"`
	}
)
