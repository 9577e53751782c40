// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestPromptIsFilledInByItsOwnerOnly(t *testing.T) {
	a, b := full("a"), full("b")
	bubble(t, Options{}, of(a, b), func(t *testing.T, r *Registry) {
		call := &mcp.PromptCall{Name: "b__promptb"}
		out, err := r.GetPrompt(t.Context(), call, nil)
		if err != nil || out.Prompt.Description != "promptb" || call.Name != "b__promptb" {
			t.Errorf("GetPrompt: %+v, %v", out, err)
		}
		if a.started() != 0 {
			t.Error("a plugin that does not own the prompt was started")
		}
		_, err = r.GetPrompt(t.Context(), &mcp.PromptCall{Name: "b__nope"}, nil)
		if e := wantReason(t, err, mcp.ReasonNotFound); e.Message != "Unknown prompt: b__nope" {
			t.Errorf("message = %q", e.Message)
		}
	})
}

func TestPromptThatNeedsMoreOfTheClientIsRefused(t *testing.T) {
	a := made("a", func(p *fakePlugin) {
		p.listPrompts = func(context.Context) ([]mcp.Prompt, error) {
			return []mcp.Prompt{{Name: "prompta", Requires: mcp.ClientCapabilities{Sampling: true}}}, nil
		}
		p.get = func(*mcp.PromptCall) (mcp.Outcome, error) { panic("the plugin was asked") }
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		_, err := r.GetPrompt(t.Context(), &mcp.PromptCall{Name: "a__prompta"}, nil)
		if e := wantReason(t, err, mcp.ReasonMissingCapability); !e.Required.Sampling {
			t.Errorf("required = %+v", e.Required)
		}
	})
}

func TestExactURIWinsOverTemplates(t *testing.T) {
	wide := made("wide", func(p *fakePlugin) { p.templates = []string{"test://{+all}", "}broken{"} })
	exact := full("exact")
	bubble(t, Options{}, of(wide, exact), func(t *testing.T, r *Registry) {
		lists(t, r)
		wantRead(t, r, "test://exact", "promptexact")
		wantRead(t, r, "test://exact/1", "promptwide") // earlier in the configuration
		wantRead(t, r, "test://wide", "promptwide")
	})
}

func TestReadOfAnUnknownURIStartsAllAndAsksNobody(t *testing.T) {
	a, b := full("a"), full("b")
	for _, s := range of(a, b) {
		s.script = made(s.Name, func(p *fakePlugin) {
			p.read = func(*mcp.ReadCall) (mcp.Outcome, error) { panic("asked") }
		}).script
	}
	bubble(t, Options{}, of(a, b), func(t *testing.T, r *Registry) {
		_, err := read(t, r, "test://a/"+strings.Repeat("x", maxURI))
		wantReason(t, err, mcp.ReasonResourceNotFound)
		_, err = read(t, r, `test://"none"`)
		e := wantReason(t, err, mcp.ReasonResourceNotFound)
		if string(e.Data) != `{"uri":"test://\"none\""}` {
			t.Errorf("data = %s", e.Data)
		}
		if a.started() != 1 || b.started() != 1 {
			t.Errorf("starts = %d, %d, want 1 each", a.started(), b.started())
		}
	})
}

func TestFirstReadFindsTheOwnerAmongAll(t *testing.T) {
	a, b := full("a"), full("b")
	slow := scripted("slow", takes(20*time.Second))
	bubble(t, Options{}, of(slow, a, b), func(t *testing.T, r *Registry) {
		start := time.Now()
		wantRead(t, r, "test://b/1", "promptb")
		wantLasted(t, start, 0)
	})
}

func TestResourceThatMayExistLaterIsRetryable(t *testing.T) {
	bubble(t, Options{}, of(full("a"), scripted("bad", fails)), func(t *testing.T, r *Registry) {
		_, err := read(t, r, "test://none")
		wantReason(t, err, mcp.ReasonUnavailable)
		wantRead(t, r, "test://a", "prompta")
	})
}

func TestPluginsOwnNotFoundPassesThrough(t *testing.T) {
	gone := &mcp.ProtocolError{Reason: mcp.ReasonResourceNotFound, Message: "gone"}
	a := made("a", func(p *fakePlugin) {
		p.read = func(*mcp.ReadCall) (mcp.Outcome, error) { return mcp.Outcome{}, gone }
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		if _, err := read(t, r, "test://a/7"); err != error(gone) {
			t.Errorf("error = %v, want the plugin's own", err)
		}
	})
}

func TestReadRestartsACrashedOwner(t *testing.T) {
	a := full("a")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		wantRead(t, r, "test://a", "prompta")
		a.last().crash()
		synctest.Wait()
		wantRead(t, r, "test://a/1", "prompta")
		if a.started() != 2 {
			t.Errorf("%d starts, want 2", a.started())
		}
	})
}

func TestCompletionGoesToTheOwnerUnderItsOwnName(t *testing.T) {
	a, b := full("a"), full("b")
	bubble(t, Options{}, of(a, b), func(t *testing.T, r *Registry) {
		for _, tt := range []struct {
			call mcp.CompleteCall
			want string
		}{
			{mcp.CompleteCall{Prompt: "a__prompta"}, "prompta"},
			{mcp.CompleteCall{Template: "test://b/{id}"}, "test://b/{id}"},
		} {
			got, err := r.Complete(t.Context(), &tt.call)
			if err != nil || len(got.Values) != 1 || got.Values[0] != tt.want {
				t.Errorf("Complete: %+v, %v; want %s", got, err, tt.want)
			}
		}
	})
}

func TestCompletionOfSomethingUnknownIsInvalid(t *testing.T) {
	bubble(t, Options{}, of(full("a")), func(t *testing.T, r *Registry) {
		for want, call := range map[string]*mcp.CompleteCall{
			"unknown prompt: a__nope":                {Prompt: "a__nope"},
			"unknown resource template: test://a/1":  {Template: "test://a/1"},
			"unknown resource template: test://nope": {Template: "test://nope"},
		} {
			_, err := r.Complete(t.Context(), call)
			if e := wantReason(t, err, mcp.ReasonInvalidParams); e.Message != want {
				t.Errorf("message = %q, want %q", e.Message, want)
			}
		}
	})
}

func TestPluginWithoutCompletionsHasNoSuggestions(t *testing.T) {
	configured, really := full("configured"), made("really", func(p *fakePlugin) { p.provides = mcp.KindPrompts })
	configured.Provides = mcp.KindPrompts
	bubble(t, Options{}, of(configured, really), func(t *testing.T, r *Registry) {
		for _, prompt := range []string{"configured__promptconfigured", "really__promptreally"} {
			got, err := r.Complete(t.Context(), &mcp.CompleteCall{Prompt: prompt})
			if err != nil || len(got.Values) != 0 || got.HasMore {
				t.Errorf("%s: %+v, %v; want no values", prompt, got, err)
			}
		}
	})
}

func TestSuggestionsAreCutAtAHundred(t *testing.T) {
	for _, n := range []int{100, 101} {
		a := made("a", func(p *fakePlugin) {
			p.complete = func(*mcp.CompleteCall) (*mcp.Completion, error) {
				c := &mcp.Completion{}
				for i := range n {
					c.Values = append(c.Values, fmt.Sprint(i))
				}
				return c, nil
			}
		})
		bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
			got, err := r.Complete(t.Context(), &mcp.CompleteCall{Prompt: "a__prompta"})
			if err != nil || len(got.Values) != 100 || got.HasMore != (n > 100) {
				t.Errorf("of %d: %d values, more %t, %v", n, len(got.Values), got.HasMore, err)
			}
		})
	}
}

func TestCompletionFailureIsThePluginsOwn(t *testing.T) {
	a := made("a", func(p *fakePlugin) {
		p.complete = func(*mcp.CompleteCall) (*mcp.Completion, error) { return nil, errBroken }
	})
	bubble(t, Options{}, of(a, scripted("bad", fails)), func(t *testing.T, r *Registry) {
		if _, err := r.Complete(t.Context(), &mcp.CompleteCall{Prompt: "a__prompta"}); !errors.Is(err, errBroken) {
			t.Errorf("error = %v", err)
		}
		_, err := r.Complete(t.Context(), &mcp.CompleteCall{Template: "test://none"})
		wantReason(t, err, mcp.ReasonUnavailable)
	})
}
