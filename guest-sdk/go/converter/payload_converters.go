package converter

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
)

func newPayload(encoding string, data []byte) *Payload {
	return &Payload{Metadata: map[string][]byte{MetadataEncoding: []byte(encoding)}, Data: data}
}

// NilPayloadConverter knows binary/null: no value.
type NilPayloadConverter struct{}

// NewNilPayloadConverter makes one.
func NewNilPayloadConverter() *NilPayloadConverter { return &NilPayloadConverter{} }

// ToPayload takes nil and nil pointers.
func (*NilPayloadConverter) ToPayload(value any) (*Payload, error) {
	if v := reflect.ValueOf(value); value == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return newPayload(MetadataEncodingNil, nil), nil
	}
	return nil, nil
}

// FromPayload sets the zero value.
func (*NilPayloadConverter) FromPayload(_ *Payload, valuePtr any) error {
	target := reflect.ValueOf(valuePtr)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return fmt.Errorf("%w: a pointer is wanted, not %T", ErrUnableToDecode, valuePtr)
	}
	target.Elem().SetZero()
	return nil
}

// ToString shows it.
func (*NilPayloadConverter) ToString(*Payload) string { return "nil" }

// Encoding is binary/null.
func (*NilPayloadConverter) Encoding() string { return MetadataEncodingNil }

// ByteSlicePayloadConverter knows binary/plain: bytes as they are.
type ByteSlicePayloadConverter struct{}

// NewByteSlicePayloadConverter makes one.
func NewByteSlicePayloadConverter() *ByteSlicePayloadConverter { return &ByteSlicePayloadConverter{} }

// ToPayload takes []byte.
func (*ByteSlicePayloadConverter) ToPayload(value any) (*Payload, error) {
	if data, ok := value.([]byte); ok {
		return newPayload(MetadataEncodingBinary, data), nil
	}
	return nil, nil
}

// FromPayload wants a pointer to []byte or to any.
func (*ByteSlicePayloadConverter) FromPayload(payload *Payload, valuePtr any) error {
	switch target := valuePtr.(type) {
	case *[]byte:
		*target = payload.Data
	case *any:
		*target = payload.Data
	default:
		return fmt.Errorf("%w: bytes go into a []byte, not into a %T", ErrUnableToDecode, valuePtr)
	}
	return nil
}

// ToString shows them in base64.
func (*ByteSlicePayloadConverter) ToString(payload *Payload) string {
	return base64.RawStdEncoding.EncodeToString(payload.Data)
}

// Encoding is binary/plain.
func (*ByteSlicePayloadConverter) Encoding() string { return MetadataEncodingBinary }

// JSONPayloadConverter knows json/plain.
type JSONPayloadConverter struct{}

// NewJSONPayloadConverter makes one.
func NewJSONPayloadConverter() *JSONPayloadConverter { return &JSONPayloadConverter{} }

// ToPayload takes everything that encoding/json does. Keys of maps are sorted, so that a replay writes the same bytes.
func (*JSONPayloadConverter) ToPayload(value any) (*Payload, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnableToEncode, err)
	}
	return newPayload(MetadataEncodingJSON, bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}

// FromPayload decodes as encoding/json does.
func (*JSONPayloadConverter) FromPayload(payload *Payload, valuePtr any) error {
	if err := json.Unmarshal(payload.Data, valuePtr); err != nil {
		return fmt.Errorf("%w: %w", ErrUnableToDecode, err)
	}
	return nil
}

// ToString is the text.
func (*JSONPayloadConverter) ToString(payload *Payload) string { return string(payload.Data) }

// Encoding is json/plain.
func (*JSONPayloadConverter) Encoding() string { return MetadataEncodingJSON }
