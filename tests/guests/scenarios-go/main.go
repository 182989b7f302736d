// The guest of the scenarios (tests/scenarios) in Go.
package main

import "wrt.dev/sdk/worker"

func main() {}

func init() {
	worker.RegisterWorkflow(Scenario)
	worker.RegisterActivity(&Activities{})
}
