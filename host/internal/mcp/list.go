// SPDX-License-Identifier: Apache-2.0

package mcp

// A ToolList is all tools at one moment. It is immutable; two calls that return
// the same pointer saw the same list, so encodings may be kept with it.
type ToolList struct {
	Tools      []Tool // sorted by Name, unique
	Generation uint64 // grows whenever Tools differs from the list before
	Complete   bool   // every plugin has answered; false while some are starting or failed for now
	Sources    []SourceState
}

// A SourceState says how one plugin is doing, for clients and people.
type SourceState struct {
	Name   string
	State  string // idle, starting, ready, restarting, backoff, disabled
	Reason string // one sentence, free of internals; empty when all is well
	Tools  int    // contributed to the list
}
