package converter

import (
	"errors"
	"fmt"
	"strconv"
)

// DataConverter turns arguments and results into payloads and back.
type DataConverter interface {
	ToPayload(value any) (*Payload, error)
	FromPayload(payload *Payload, valuePtr any) error
	ToPayloads(values ...any) ([]*Payload, error)
	// FromPayloads decodes as many payloads as there are pointers; what is missing keeps its zero value.
	FromPayloads(payloads []*Payload, valuePtrs ...any) error
	// ToString shows a payload to people.
	ToString(payload *Payload) string
}

// PayloadConverter knows one encoding.
type PayloadConverter interface {
	// ToPayload returns nil without an error for a value of another encoding.
	ToPayload(value any) (*Payload, error)
	FromPayload(payload *Payload, valuePtr any) error
	ToString(payload *Payload) string
	Encoding() string
}

// The errors of this package.
var (
	ErrNoData              = errors.New("no data is available")
	ErrUnableToEncode      = errors.New("unable to encode")
	ErrUnableToDecode      = errors.New("unable to decode")
	ErrEncodingIsNotSet    = errors.New("payload encoding metadata is not set")
	ErrEncodingUnsupported = errors.New("payload encoding is not supported")
)

// CompositeDataConverter asks its converters, in their order, who takes a value.
type CompositeDataConverter struct{ converters []PayloadConverter }

// NewCompositeDataConverter makes one. Of two converters with one encoding the later one decodes.
func NewCompositeDataConverter(converters ...PayloadConverter) DataConverter {
	return &CompositeDataConverter{converters}
}

var defaultConverter = NewCompositeDataConverter(NewNilPayloadConverter(), NewByteSlicePayloadConverter(), NewJSONPayloadConverter())

// GetDefaultDataConverter returns the converter that modules use: binary/null for nil, binary/plain for bytes, json/plain for
// the rest. worker.SetDataConverter changes it.
func GetDefaultDataConverter() DataConverter { return defaultConverter }

// SetDefaultDataConverter replaces it for the whole module; worker.SetDataConverter is its public name.
func SetDefaultDataConverter(dataConverter DataConverter) { defaultConverter = dataConverter }

// ToPayload encodes a value. One that is a payload already stays as it is.
func (c *CompositeDataConverter) ToPayload(value any) (*Payload, error) {
	if payload, ok := value.(*Payload); ok && payload != nil {
		return payload, nil
	}
	for _, converter := range c.converters {
		payload, err := converter.ToPayload(value)
		if payload != nil || err != nil {
			return payload, err
		}
	}
	return nil, fmt.Errorf("%w: no converter takes a %T", ErrUnableToEncode, value)
}

// FromPayload decodes a payload; a pointer to a *Payload gets it as it is.
func (c *CompositeDataConverter) FromPayload(payload *Payload, valuePtr any) error {
	if payload == nil {
		return nil
	}
	if raw, ok := valuePtr.(**Payload); ok {
		*raw = payload
		return nil
	}
	encoding, ok := payload.Metadata[MetadataEncoding]
	if !ok {
		return ErrEncodingIsNotSet
	}
	for i := len(c.converters) - 1; i >= 0; i-- {
		if c.converters[i].Encoding() == string(encoding) {
			return c.converters[i].FromPayload(payload, valuePtr)
		}
	}
	return fmt.Errorf("%w: %q", ErrEncodingUnsupported, encoding)
}

// ToPayloads encodes values, one payload each.
func (c *CompositeDataConverter) ToPayloads(values ...any) ([]*Payload, error) {
	payloads := make([]*Payload, 0, len(values))
	for i, value := range values {
		payload, err := c.ToPayload(value)
		if err != nil {
			return nil, fmt.Errorf("values[%d]: %w", i, err)
		}
		payloads = append(payloads, payload)
	}
	return payloads, nil
}

// FromPayloads decodes as many payloads as there are pointers.
func (c *CompositeDataConverter) FromPayloads(payloads []*Payload, valuePtrs ...any) error {
	for i, payload := range payloads[:min(len(payloads), len(valuePtrs))] {
		if err := c.FromPayload(payload, valuePtrs[i]); err != nil {
			return fmt.Errorf("payload item %d: %w", i, err)
		}
	}
	return nil
}

// ToString shows a payload.
func (c *CompositeDataConverter) ToString(payload *Payload) string {
	if payload == nil {
		return ""
	}
	for _, converter := range c.converters {
		if converter.Encoding() == string(payload.Metadata[MetadataEncoding]) {
			return converter.ToString(payload)
		}
	}
	return strconv.Quote(string(payload.Data))
}
