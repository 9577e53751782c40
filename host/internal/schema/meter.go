// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var errWork = errors.New("it takes too much work to check against the schema")

// A meter counts down what one check may cost.
type meter struct{ left int }

// spend reports whether there is anything left. A nil meter counts nothing.
func (m *meter) spend(cost int) bool {
	if m == nil {
		return true
	}
	m.left -= cost
	return m.left >= 0
}

// A meteredSchema gives up on values that take too much work: through a schema
// that refers to itself twice a check takes twice the time with each level of
// the value.
type meteredSchema struct {
	mu    sync.Mutex // the meter is part of the compiled schema, so one check at a time
	meter meter
	root  *jsonschema.Schema
}

func newMetered(raw []byte) (*meteredSchema, error) {
	doc, err := decode(raw)
	if err != nil {
		return nil, err
	}
	m := &meteredSchema{}
	b, err := build(doc, &m.meter)
	if err != nil {
		return nil, err
	}
	for _, n := range b.graph() {
		m.meter.attach(n)
	}
	m.root = b.root
	return m, nil
}

// attach makes a check pay for each visit of a subschema. The library calls
// the format before all that costs much, but for comparisons, and goes no
// further where it fails. So those move behind it, into a subschema.
func (m *meter) attach(n *node) {
	format, weight, deep := n.Format, n.weight(), n.UniqueItems
	paid := &jsonschema.Format{Validate: func(v any) error {
		if !m.spend(weight + breadth(v, deep)) {
			return errWork
		}
		if format != nil {
			return format.Validate(v)
		}
		return nil
	}}
	if format != nil {
		paid.Name = format.Name
	}
	n.Format = paid
	if n.Enum != nil || n.Const != nil {
		n.AllOf = append(n.AllOf[:len(n.AllOf):len(n.AllOf)], &jsonschema.Schema{Enum: n.Enum, Const: n.Const})
		n.Enum, n.Const = nil, nil
	}
}

// breadth is what a visit costs by its value: all that is directly in it is
// looked at, or what is in that as well.
func breadth(v any, deep bool) int {
	switch v := v.(type) {
	case map[string]any:
		return len(v)
	case []any:
		if !deep {
			return len(v)
		}
		parts, err := countParts(v)
		if err != nil {
			return len(v) // a check begins with values whose numbers are in range
		}
		return parts
	}
	return cost(v)
}

func (m *meteredSchema) validate(v any, budget int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.meter.left = budget
	err := m.root.Validate(v)
	if m.meter.left < 0 {
		return errWork // whatever the rest made of that
	}
	return err
}
