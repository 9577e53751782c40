// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func serveName(_ context.Context, call *mcp.ToolCall, _ mcp.Sink) (mcp.Outcome, error) {
	return said("own " + call.Name), nil
}

func add(t *testing.T, r *Registry, name string) {
	t.Helper()
	if err := r.AddTool(toolsNamed(name)[0], serveName); err != nil {
		t.Fatal(err)
	}
}

func TestAddedAndRemovedNamesSurviveTheLoad(t *testing.T) {
	a := fake("a", "one", "two")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		add(t, r, "mine")
		add(t, r, "gone")
		add(t, r, "a__two")
		r.RemoveTool("a__one")
		r.RemoveTool("gone")
		if _, err := call(t, r, "a__one"); err == nil {
			t.Error("a removed tool was called")
		}
		if a.started() != 0 {
			t.Fatal("a plugin was started by the overlay")
		}
		wantNames(t, mustList(t, r), "a__two", "mine")
		wantCall(t, r, "mine", "own mine")
		wantCall(t, r, "a__two", "own a__two")
		_, err := call(t, r, "a__one")
		wantReason(t, err, mcp.ReasonNotFound)

		add(t, r, "a__one")
		wantCall(t, r, "a__one", "own a__one")
	})
}

func TestAddedToolIsAnnouncedAfterAList(t *testing.T) {
	bubble(t, Options{}, of(fake("a", "one")), func(t *testing.T, r *Registry) {
		changes := count(r)
		add(t, r, "early")
		mustList(t, r)
		add(t, r, "late")
		r.RemoveTool("a__one")
		pass(time.Second)
		changes.want(t, 1)
		r.RemoveTool("nobody's")
		pass(time.Second)
		changes.want(t, 1)
	})
}

func TestAddedToolIsListedWhenAllPluginsFail(t *testing.T) {
	bubble(t, Options{}, of(scripted("a", fails)), func(t *testing.T, r *Registry) {
		add(t, r, "mine")
		list := mustList(t, r)
		wantNames(t, list, "mine")
		if list.Complete {
			t.Error("the list is complete without its plugin")
		}
	})
}

func TestToolsThatNoClientCouldAcceptAreNotAdded(t *testing.T) {
	r := New(Options{})
	defer r.Close(t.Context())
	good := toolsNamed("good")[0]
	noSchema := good
	noSchema.InputSchema = nil
	for _, tt := range []struct {
		what  string
		tool  mcp.Tool
		serve ToolHandler
	}{
		{"empty name", toolsNamed("")[0], serveName},
		{"dotted name", toolsNamed("a.b")[0], serveName},
		{"no schema", noSchema, serveName},
		{"no handler", good, nil},
	} {
		if err := r.AddTool(tt.tool, tt.serve); err == nil {
			t.Errorf("%s: added", tt.what)
		}
	}
}
