// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"maps"
	"math"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// endless is a count without a bound.
const endless = math.MaxInt

// A node is a subschema, with where a check may go on from it.
type node struct {
	*jsonschema.Schema
	same  []*node // with the same value
	parts []*node // with a part of the value
}

// A graph holds all subschemas that a check may visit.
type graph map[*jsonschema.Schema]*node

func (b *built) graph() graph {
	g := graph{}
	for _, s := range append(b.anchored, b.root) {
		g.add(s)
	}
	// What a dynamic reference means depends on the way that leads there, so it
	// may be anything that has its anchor.
	for _, n := range g {
		if n.DynamicRef == nil && n.RecursiveRef == nil {
			continue
		}
		for _, target := range g {
			dynamic := n.DynamicRef != nil && n.DynamicRef.Anchor != "" && n.DynamicRef.Anchor == target.DynamicAnchor
			recursive := n.RecursiveRef != nil && target.RecursiveAnchor
			if dynamic || recursive {
				n.same = append(n.same, target)
			}
		}
	}
	return g
}

// add returns the node of a schema, which may be nil.
func (g graph) add(s *jsonschema.Schema) *node {
	if s == nil {
		return nil
	}
	if n := g[s]; n != nil {
		return n
	}
	n := &node{Schema: s}
	g[s] = n
	for _, next := range sameValue(s) {
		n.same = append(n.same, g.add(next))
	}
	for _, next := range itsParts(s) {
		n.parts = append(n.parts, g.add(next))
	}
	return n
}

// sameValue returns the subschemas that a value is checked against as well.
func sameValue(s *jsonschema.Schema) []*jsonschema.Schema {
	list := []*jsonschema.Schema{s.Ref, s.RecursiveRef, s.Not, s.If, s.Then, s.Else}
	if s.DynamicRef != nil {
		list = append(list, s.DynamicRef.Ref)
	}
	list = slices.Concat(list, s.AllOf, s.AnyOf, s.OneOf)
	list = slices.AppendSeq(list, maps.Values(s.DependentSchemas))
	for _, dependency := range s.Dependencies {
		list = append(list, schemasIn(dependency)...)
	}
	return slices.DeleteFunc(list, isNil)
}

// itsParts returns the subschemas that parts of a value are checked against.
func itsParts(s *jsonschema.Schema) []*jsonschema.Schema {
	list := []*jsonschema.Schema{
		s.PropertyNames, s.UnevaluatedProperties, s.Contains, s.Items2020, s.UnevaluatedItems, s.ContentSchema,
	}
	list = slices.AppendSeq(list, maps.Values(s.Properties))
	list = slices.AppendSeq(list, maps.Values(s.PatternProperties))
	list = slices.Concat(list, s.PrefixItems, schemasIn(s.Items), schemasIn(s.AdditionalItems), schemasIn(s.AdditionalProperties))
	return slices.DeleteFunc(list, isNil)
}

// schemasIn returns the schemas in a field that may hold something else.
func schemasIn(field any) []*jsonschema.Schema {
	switch field := field.(type) {
	case *jsonschema.Schema:
		return []*jsonschema.Schema{field}
	case []*jsonschema.Schema:
		return field
	}
	return nil
}

func isNil(s *jsonschema.Schema) bool { return s == nil }

// chain returns how many subschemas a value passes through at most before a
// check goes on to its parts.
func (g graph) chain() int {
	longest, memo := 0, map[*node]int{}
	for _, n := range g {
		longest = max(longest, fold(n, memo, func(n *node) []*node { return n.same }, func(_ *node, behind []int) int {
			return plus(1, slices.Max(append(behind, 0)))
		}))
	}
	return longest
}

// ways returns in how many ways a check can go on from a schema, each weighed
// by its cost.
func (g graph) ways(from *jsonschema.Schema) int {
	next := func(n *node) []*node { return slices.Concat(n.same, n.parts) }
	return fold(g[from], map[*node]int{}, next, func(n *node, behind []int) int {
		sum := n.weight()
		for _, ways := range behind {
			sum = plus(sum, ways)
		}
		return sum
	})
}

// weight is the cost of one visit. To compare with the values of an enum is
// cheap, but they may be many.
func (n *node) weight() int {
	var c census
	if n.Enum != nil {
		_ = c.count(n.Enum.Values, 0) // its numbers were checked with the schema
	}
	if n.Const != nil {
		_ = c.count(*n.Const, 0)
	}
	return 1 + c.parts/8
}

// fold computes a count of a node from those of the nodes behind it. It is
// endless where a way leads back to itself.
func fold(n *node, memo map[*node]int, next func(*node) []*node, combine func(*node, []int) int) int {
	if count, seen := memo[n]; seen {
		return count
	}
	memo[n] = endless // for ways that lead back here
	var behind []int
	for _, other := range next(n) {
		behind = append(behind, fold(other, memo, next, combine))
	}
	memo[n] = combine(n, behind)
	return memo[n]
}

// plus adds counts.
func plus(a, b int) int {
	if a > endless-b {
		return endless
	}
	return a + b
}
