// SPDX-License-Identifier: Apache-2.0

// Package schema turns a JSON Schema into something that checks values, and
// what does not fit into one sentence for a model. It knows no tools and no
// protocol but the keyword x-mcp-header.
//
// Schemas and values come from strangers. A schema reaches nothing outside of
// itself but the metaschemas of the drafts that are known: neither network nor
// file is ever read. Its size is bounded, and so is the work of compiling it and
// of checking a value against it, whatever the two are.
package schema

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

// The bounds of a schema, and of a check.
const (
	MaxBytes = 256 << 10 // of a schema

	maxDepth = 64      // of nesting in a schema
	maxParts = 5000    // subschemas; every object and boolean in a schema counts as one
	maxChain = 100     // references and combinations that one value passes through
	maxWork  = 1 << 21 // visits of a subschema with a value in one check; takes about 2 s
)

// A Schema checks values. It is immutable and safe for concurrent use.
type Schema struct {
	quick *shape                      // nil if the schema is not simple
	full  func() (*fullSchema, error) // of a simple one, not compiled before a value does not fit
}

// A fullSchema is a schema that the library has compiled.
type fullSchema struct {
	// ways is in how many ways a value can be reached through the schema, at
	// most. A value of n parts costs no more than n times as many visits.
	ways   int
	budget int // maxWork
	// plain checks values that can be told to stay within the budget in advance.
	// It is nil if the schema is recursive: then no value can.
	plain *jsonschema.Schema
	// metered checks all others.
	metered func() (*meteredSchema, error)
}

// Compile reads a schema of the dialect that its $schema names: 2020-12 if it
// names none, else 2019-09, draft-07, -06 or -04. A nil Schema without an error
// means that anything goes, or any object. The error is one sentence for the
// schema's author. The schema keeps raw, which must not change any more.
func Compile(raw []byte) (*Schema, error) {
	if len(raw) > MaxBytes {
		return nil, fmt.Errorf("it has %d bytes, the limit is %d", len(raw), MaxBytes)
	}
	if err := rawjson.Valid(raw); err != nil {
		return nil, err
	}
	doc, err := decode(raw)
	if err != nil {
		return nil, err
	}
	if err := checkSize(doc); err != nil {
		return nil, err
	}
	if quick := simple(doc); quick != nil && !trivial(doc) {
		return &Schema{quick: quick, full: sync.OnceValues(func() (*fullSchema, error) { return compileFull(raw) })}, nil
	}
	full, err := compileFull(raw)
	if err != nil || trivial(doc) {
		return nil, err
	}
	return &Schema{full: func() (*fullSchema, error) { return full, nil }}, nil
}

func compileFull(raw []byte) (*fullSchema, error) {
	doc, err := decode(raw)
	if err != nil {
		return nil, err
	}
	b, err := build(doc, nil)
	if err != nil {
		return nil, err
	}
	g := b.graph()
	if g.chain() > maxChain {
		return nil, fmt.Errorf("it refers to itself without end, or through more than %d steps", maxChain)
	}
	s := &fullSchema{
		ways:    g.ways(b.root),
		budget:  maxWork,
		metered: sync.OnceValues(func() (*meteredSchema, error) { return newMetered(raw) }),
	}
	if s.ways != endless {
		s.plain = b.root
	}
	return s, nil
}

// Validate returns why a value does not conform: up to three problems in one
// sentence, each with the JSON pointer of what does not fit. A value that takes
// too much work to check does not conform. It must be JSON that rawjson.Valid
// has judged.
func (s *Schema) Validate(value []byte) error {
	if s.quick != nil && s.quick.fits(value) {
		return nil
	}
	full, err := s.full()
	if err != nil {
		return err
	}
	return full.validate(value)
}

func (s *fullSchema) validate(value []byte) error {
	v, err := decode(value)
	if err != nil {
		return err
	}
	parts, err := countParts(v)
	if err != nil {
		return err
	}
	if s.plain != nil && parts <= s.budget/s.ways {
		return explain(guard(func() error { return s.plain.Validate(v) }))
	}
	m, err := s.metered()
	if err != nil {
		return err
	}
	return explain(guard(func() error { return m.validate(v, s.budget) }))
}

// decode reads a document and keeps its numbers as they are written.
func decode(raw []byte) (any, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("it is not valid JSON: %w", err)
	}
	return doc, nil
}

// trivial reports whether a schema that was compiled says no more than that a
// value is an object, as the host knows already of all that it checks.
func trivial(doc any) bool {
	switch doc := doc.(type) {
	case bool:
		return doc
	case map[string]any:
		for keyword, value := range doc {
			switch keyword {
			case "$schema", "$comment", "title", "description":
			case "type":
				if value != "object" {
					return false
				}
			default:
				return false
			}
		}
		return true
	}
	return false
}

// guard makes an error of a panic: the library has some for what its authors
// thought impossible, and no schema is worth the host.
func guard(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errPanic, r)
		}
	}()
	return call()
}
