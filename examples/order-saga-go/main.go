// The order story in Go: the workflow and its activities in one module.
package main

import (
	"wrt.dev/sdk/worker"
	"wrt.dev/sdk/workflow"
)

func main() {}

func init() {
	worker.RegisterWorkflowWithOptions(OrderWorkflow, workflow.RegisterOptions{
		Description: "Takes an order, and undoes it when a step fails or the customer changes their mind.",
		Signals:     []workflow.HandlerDescription{{Name: "cancel-order", Description: "The customer changes their mind."}},
		Queries:     []workflow.HandlerDescription{{Name: "status", Description: "How far the order is."}},
	})
	worker.RegisterActivity(&Books{})
}
