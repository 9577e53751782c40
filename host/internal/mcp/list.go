// SPDX-License-Identifier: Apache-2.0

package mcp

// A List is everything of one kind at one moment. It is immutable; two lists of
// one generation hold the same items, so encodings may be kept by it.
type List[T any] struct {
	Items      []T    // sorted by name, or by URI; unique
	Generation uint64 // grows whenever Items differ from the list before
	Complete   bool   // every plugin has answered; false while some are starting or failed for now
	Sources    []SourceState
}

// The lists.
type (
	ToolList     = List[Tool]
	PromptList   = List[Prompt]
	ResourceList = List[Resource]
	TemplateList = List[ResourceTemplate]
)

// A SourceState says how one plugin is doing, for clients and people.
type SourceState struct {
	Name   string
	State  string // idle, starting, ready, restarting, backoff, disabled
	Reason string // one sentence, free of internals; empty when all is well
	Items  int    // contributed to the list
}
