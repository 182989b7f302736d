// Package converter turns Go values into payloads and back.
package converter

import "wrt.dev/sdk/internal/contract"

// Payload is a serialized value. The metadata key MetadataEncoding names its format.
type Payload = contract.Payload

// Failure is a link of a chain of causes, as it travels; errors are made of it.
type Failure = contract.Failure

// Keys and values of the metadata of payloads.
const (
	MetadataEncoding       = "encoding"
	MetadataEncodingJSON   = "json/plain"
	MetadataEncodingNil    = "binary/null"
	MetadataEncodingBinary = "binary/plain"
)

// EncodedValue is a value that is not decoded yet.
type EncodedValue interface {
	// HasValue is false when there is none.
	HasValue() bool
	// Get decodes the value into what the pointer points to.
	Get(valuePtr any) error
}

// EncodedValues are several values that are not decoded yet.
type EncodedValues interface {
	// HasValues is false when there are none.
	HasValues() bool
	// Get decodes as many values as there are pointers.
	Get(valuePtrs ...any) error
}

// NewValue is the first of the payloads, for a later Get.
func NewValue(payloads []*Payload, dataConverter DataConverter) EncodedValue {
	return value{payloads, dataConverter}
}

// NewValues are the payloads, for a later Get.
func NewValues(payloads []*Payload, dataConverter DataConverter) EncodedValues {
	return values{payloads, dataConverter}
}

type value struct {
	payloads  []*Payload
	converter DataConverter
}

func (v value) HasValue() bool { return len(v.payloads) > 0 }

func (v value) Get(valuePtr any) error {
	if !v.HasValue() {
		return ErrNoData
	}
	return v.converter.FromPayload(v.payloads[0], valuePtr)
}

type values struct {
	payloads  []*Payload
	converter DataConverter
}

func (v values) HasValues() bool { return len(v.payloads) > 0 }

func (v values) Get(valuePtrs ...any) error {
	if !v.HasValues() {
		return ErrNoData
	}
	return v.converter.FromPayloads(v.payloads, valuePtrs...)
}
