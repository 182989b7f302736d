// Package temporal has what workflows, activities and their callers share: errors, retry policies, search attributes.
package temporal

import (
	"time"

	"wrt.dev/sdk/internal/contract"
)

// RetryPolicy says how often and how fast to try again. Zero fields take the runtime's defaults.
type RetryPolicy struct {
	// InitialInterval is the wait before the second attempt; 1 s by default.
	InitialInterval time.Duration
	// BackoffCoefficient is the factor by which the wait grows, at least 1; 2 by default.
	BackoffCoefficient float64
	// MaximumInterval is the longest wait; 100 times the initial interval by default.
	MaximumInterval time.Duration
	// MaximumAttempts counts all attempts, the first one included. 0 stands for "without end".
	MaximumAttempts int32
	// NonRetryableErrorTypes are the types of application errors that end the attempts at once.
	NonRetryableErrorTypes []string
}

// ToContract is for the SDK's own packages.
func (p *RetryPolicy) ToContract() *contract.RetryPolicy {
	if p == nil {
		return nil
	}
	policy := &contract.RetryPolicy{
		InitialInterval:        optional(p.InitialInterval),
		MaximumInterval:        optional(p.MaximumInterval),
		MaximumAttempts:        uint32(max(p.MaximumAttempts, 0)),
		NonRetryableErrorTypes: p.NonRetryableErrorTypes,
	}
	if p.BackoffCoefficient != 0 {
		policy.BackoffCoefficient = &p.BackoffCoefficient
	}
	return policy
}

// RetryPolicyFromContract is for the SDK's own packages.
func RetryPolicyFromContract(p *contract.RetryPolicy) *RetryPolicy {
	if p == nil {
		return nil
	}
	policy := &RetryPolicy{
		MaximumAttempts:        int32(p.MaximumAttempts),
		NonRetryableErrorTypes: p.NonRetryableErrorTypes,
	}
	if p.InitialInterval != nil {
		policy.InitialInterval = *p.InitialInterval
	}
	if p.MaximumInterval != nil {
		policy.MaximumInterval = *p.MaximumInterval
	}
	if p.BackoffCoefficient != nil {
		policy.BackoffCoefficient = *p.BackoffCoefficient
	}
	return policy
}

func optional(d time.Duration) *time.Duration {
	if d == 0 {
		return nil
	}
	return &d
}

// Priority is the importance of a task among those that wait in the same queue.
type Priority struct {
	// PriorityKey 1 goes first; 0 stands for the default.
	PriorityKey int
	// FairnessKey is what tasks share a queue fairly by.
	FairnessKey string
	// FairnessWeight is the share of the key; 0 stands for 1.
	FairnessWeight float32
}

// ToContract is for the SDK's own packages: nil for the zero value.
func (p Priority) ToContract() *contract.Priority {
	if p == (Priority{}) {
		return nil
	}
	return &contract.Priority{
		PriorityKey:    uint32(max(p.PriorityKey, 0)),
		FairnessKey:    p.FairnessKey,
		FairnessWeight: p.FairnessWeight,
	}
}

// PriorityFromContract is for the SDK's own packages.
func PriorityFromContract(p *contract.Priority) Priority {
	if p == nil {
		return Priority{}
	}
	return Priority{int(p.PriorityKey), p.FairnessKey, p.FairnessWeight}
}
