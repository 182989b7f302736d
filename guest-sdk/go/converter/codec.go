package converter

// PayloadCodec changes payloads as a whole: it encrypts or compresses them.
//
// In a workflow it has to give the same bytes again on replay. Random nonces do, because randomness belongs to the run.
type PayloadCodec interface {
	Encode(payloads []*Payload) ([]*Payload, error)
	Decode(payloads []*Payload) ([]*Payload, error)
}

// CodecDataConverter runs codecs behind another converter.
type CodecDataConverter struct {
	parent DataConverter
	codecs []PayloadCodec
}

// NewCodecDataConverter wraps a converter. The last codec encodes first, and so is nearest to the values.
func NewCodecDataConverter(parent DataConverter, codecs ...PayloadCodec) DataConverter {
	return &CodecDataConverter{parent, codecs}
}

// Encode runs the codecs over payloads.
func (c *CodecDataConverter) Encode(payloads ...*Payload) ([]*Payload, error) {
	var err error
	for i := len(c.codecs) - 1; i >= 0; i-- {
		if payloads, err = c.codecs[i].Encode(payloads); err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

// Decode undoes Encode.
func (c *CodecDataConverter) Decode(payloads ...*Payload) ([]*Payload, error) {
	var err error
	for _, codec := range c.codecs {
		if payloads, err = codec.Decode(payloads); err != nil {
			return nil, err
		}
	}
	return payloads, nil
}

// ToPayload encodes a value.
func (c *CodecDataConverter) ToPayload(value any) (*Payload, error) {
	payloads, err := c.ToPayloads(value)
	if err != nil || len(payloads) == 0 {
		return nil, err
	}
	return payloads[0], nil
}

// FromPayload decodes a payload.
func (c *CodecDataConverter) FromPayload(payload *Payload, valuePtr any) error {
	return c.FromPayloads([]*Payload{payload}, valuePtr)
}

// ToPayloads encodes values.
func (c *CodecDataConverter) ToPayloads(values ...any) ([]*Payload, error) {
	payloads, err := c.parent.ToPayloads(values...)
	if err != nil {
		return nil, err
	}
	return c.Encode(payloads...)
}

// FromPayloads decodes payloads.
func (c *CodecDataConverter) FromPayloads(payloads []*Payload, valuePtrs ...any) error {
	decoded, err := c.Decode(payloads...)
	if err != nil {
		return err
	}
	return c.parent.FromPayloads(decoded, valuePtrs...)
}

// ToString shows a payload as it is without the codecs.
func (c *CodecDataConverter) ToString(payload *Payload) string {
	decoded, err := c.Decode(payload)
	if err != nil || len(decoded) == 0 {
		return c.parent.ToString(payload)
	}
	return c.parent.ToString(decoded[0])
}
