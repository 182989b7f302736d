package component

import c "wrt.dev/sdk/internal/contract"

// Guest is the module behind the exports.
type Guest struct {
	// Workflows and Activities describe it.
	Workflows  func() []c.WorkflowDefinition
	Activities func() []c.HandlerDefinition
	// Start begins a run; an error fails the workflow task.
	Start func(host c.Host, start *c.Start) (c.Execution, error)
	// Execute runs one attempt of an activity.
	Execute func(host c.ActivityHost, task c.ActivityTask) c.Outcome
}

var guest Guest

// Export sets what the exports answer with. In a native program nothing ever asks.
func Export(g Guest) { guest = g }
