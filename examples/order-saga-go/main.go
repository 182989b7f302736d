// The order story in Go: the workflow and its activities in one module.
package main

import "wrt.dev/sdk/worker"

func main() {}

func init() {
	worker.RegisterWorkflow(OrderWorkflow)
	worker.RegisterActivity(&Books{})
}
