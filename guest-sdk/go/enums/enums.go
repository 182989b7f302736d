// Package enums has the constants of go.temporal.io/api/enums/v1 that options of workflows take.
package enums

// ParentClosePolicy says what happens to a child when its parent ends.
type ParentClosePolicy int32

// The policies. Unspecified stands for terminate.
const (
	PARENT_CLOSE_POLICY_UNSPECIFIED ParentClosePolicy = iota
	PARENT_CLOSE_POLICY_TERMINATE
	PARENT_CLOSE_POLICY_ABANDON
	PARENT_CLOSE_POLICY_REQUEST_CANCEL
)

// WorkflowIdReusePolicy says whether a workflow id may be used again after its run has closed.
type WorkflowIdReusePolicy int32

// The policies. Unspecified stands for allow duplicate.
const (
	WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED WorkflowIdReusePolicy = iota
	WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
	WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
)
