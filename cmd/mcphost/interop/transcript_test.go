// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"slices"
	"strings"
	"testing"
)

// Every client does the same, and writes down what it saw. The arguments:
const (
	countTo    = 3
	countDelay = 5 // milliseconds
	// A count that would take hours: it ends only because it is cancelled.
	hours      = 1_000_000
	hoursDelay = 20 // milliseconds
)

// A transcript is what a client saw. The JSON names are those of client.mjs.
type transcript struct {
	Version  string    `json:"version"` // as negotiated
	Tools    []string  `json:"tools"`
	Read     string    `json:"read"`     // text of the planted file
	List     string    `json:"list"`     // text of the folder's listing
	Greeting string    `json:"greeting"` // of "Ada"
	Counted  string    `json:"counted"`
	Progress []float64 `json:"progress"` // of the count, in order
	// UnknownCode is the code of the error for a tool that nobody has.
	UnknownCode int `json:"unknownCode"`
	// Cancelled says that the long count made progress, was cancelled and gave
	// no result; AfterCancel is the greeting that followed.
	Cancelled   bool   `json:"cancelled"`
	AfterCancel string `json:"afterCancel"`
}

// check compares what a client saw with what the site holds.
func (s site) check(t *testing.T, got transcript, version string) {
	t.Helper()
	if got.Version != version {
		t.Errorf("negotiated version %q, want %q", got.Version, version)
	}
	for _, name := range []string{"files__read", "files__list", "hello-go__greet", s.greeter + "__greet", s.greeter + "__count"} {
		if !slices.Contains(got.Tools, name) {
			t.Errorf("tools = %q, want %q among them", got.Tools, name)
		}
	}
	if !strings.Contains(got.Read, strings.TrimSpace(plantedText)) {
		t.Errorf("read = %q, want the planted text in it", got.Read)
	}
	if !strings.Contains(got.List, "owl.txt") {
		t.Errorf("list = %q, want the planted file in it", got.List)
	}
	const greeting = "Hello, Ada!"
	if got.Greeting != greeting {
		t.Errorf("greeting = %q, want %q", got.Greeting, greeting)
	}
	if want := "Counted to 3."; got.Counted != want {
		t.Errorf("count = %q, want %q", got.Counted, want)
	}
	if want := []float64{1, 2, 3}; !slices.Equal(got.Progress, want) {
		t.Errorf("progress = %v, want %v", got.Progress, want)
	}
	if want := -32602; got.UnknownCode != want {
		t.Errorf("error code of an unknown tool = %d, want %d", got.UnknownCode, want)
	}
	if !got.Cancelled {
		t.Error("the long count was not cancelled")
	}
	// The greeter takes one call at a time: had the count gone on, nobody would
	// have been greeted after it.
	if got.AfterCancel != greeting {
		t.Errorf("greeting after a cancelled call = %q, want %q", got.AfterCancel, greeting)
	}
}
