// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestFirstCallStartsOnlyTheOwner(t *testing.T) {
	a, ab, b := fake("a", "one"), fake("a-b", "one"), fake("b", "one")
	open := fake("open", "other").unprefixed()
	bubble(t, Options{}, of(a, ab, b, open), func(t *testing.T, r *Registry) {
		wantCall(t, r, "a-b__one", "one")
		if a.started()+b.started()+open.started() != 0 || ab.started() != 1 {
			t.Errorf("starts = %d %d %d %d, want only the second", a.started(), ab.started(), b.started(), open.started())
		}
		list := mustList(t, r)
		wantNames(t, list, "a-b__one", "a__one", "b__one", "other")
	})
}

func TestLongestPrefixOwnsAName(t *testing.T) {
	short, long := fake("a", "b__one", "x"), fake("a__b", "two")
	bubble(t, Options{}, of(short, long), func(t *testing.T, r *Registry) {
		wantCall(t, r, "a__b__two", "two")
		if short.started() != 0 {
			t.Error("the shorter prefix was started")
		}
		wantCall(t, r, "a__b__one", "b__one") // not the owner's after all
	})
}

func TestCallOfUnprefixedNameStartsThoseWithoutPrefix(t *testing.T) {
	a, b := fake("a", "one"), scripted("b", takes(time.Second, "free")).unprefixed()
	bubble(t, Options{}, of(a, b), func(t *testing.T, r *Registry) {
		wantCall(t, r, "free", "free")
		if a.started() != 0 {
			t.Error("a was started for a name that it cannot have")
		}
	})
}

func TestCallOfNameThatNobodyCanHaveIsAnsweredAtOnce(t *testing.T) {
	bubble(t, Options{}, of(fake("a", "one"), scripted("slow", takes(20*time.Second, "two"))), func(t *testing.T, r *Registry) {
		start := time.Now()
		_, err := call(t, r, "zzz__x")
		wantReason(t, err, mcp.ReasonNotFound)
		wantLasted(t, start, 0)
	})
}

func TestHangingStartsDoNotHoldUpTheOthers(t *testing.T) {
	hang := takes(25*time.Second, "never")
	sources := of(scripted("h1", hang), scripted("h2", hang), fake("good", "one"))
	bubble(t, Options{StartLimit: 2}, sources, func(t *testing.T, r *Registry) {
		list, err := r.ListTools(t.Context())
		if err != nil || len(list.Items) != 1 || list.Complete {
			t.Fatalf("%+v, %v", list, err)
		}
		wantCall(t, r, "good__one", "one")
	})
}

func TestCallOfShortenedNameFindsItsOwner(t *testing.T) {
	const own = "a.name.with.dots.that.is.far.too.long.for.any.client.to.accept.it"
	offered, _ := offeredName("a", own)
	a, b := fake("a", own), fake("b", "one")
	bubble(t, Options{}, of(a, b), func(t *testing.T, r *Registry) {
		wantCall(t, r, offered, own)
		if b.started() != 0 {
			t.Error("a plugin that does not own the name was started")
		}
	})
}

func TestUnknownToolIsNotFoundOnceAllHaveAnswered(t *testing.T) {
	sources := of(fake("a", "one"), scripted("b", failsPermanently))
	bubble(t, Options{}, sources, func(t *testing.T, r *Registry) {
		for _, name := range []string{"a__nope", "nope", ""} {
			_, err := call(t, r, name)
			if e := wantReason(t, err, mcp.ReasonNotFound); e.Message != "Unknown tool: "+name {
				t.Errorf("message = %q", e.Message)
			}
		}
		_, err := call(t, r, "b__nope")
		e := wantReason(t, err, mcp.ReasonUnavailable)
		if want := "Tool b__nope may be offered by plugin b, which cannot be started as it is installed or configured"; e.Message != want {
			t.Errorf("message = %q", e.Message)
		}
	})
}

func TestToolThatMayExistLaterIsRetryable(t *testing.T) {
	sources := of(fake("a", "one"), scripted("bad", fails), scripted("slow", takes(40*time.Second, "one")))
	opts := Options{StartTimeout: time.Minute}
	bubble(t, opts, sources, func(t *testing.T, r *Registry) {
		_, err := call(t, r, "bad__x")
		if e := wantReason(t, err, mcp.ReasonUnavailable); string(e.Data) != `{"retryable":true}` {
			t.Errorf("data = %s", e.Data)
		}
		start := time.Now()
		_, err = call(t, r, "slow__one")
		wantReason(t, err, mcp.ReasonUnavailable)
		wantLasted(t, start, 30*time.Second)
		_, err = call(t, r, "a__nope") // the owner has answered; the rest cannot have it
		wantReason(t, err, mcp.ReasonNotFound)
		_, err = call(t, r, "nope") // only a source without prefix could have it
		wantReason(t, err, mcp.ReasonNotFound)
	})
}

func TestCallReachesThePluginUnchangedButForItsName(t *testing.T) {
	var got *mcp.ToolCall
	a := scripted("a", func(context.Context, int) (*fakePlugin, error) {
		p := offering("one")
		p.call = func(_ context.Context, call *mcp.ToolCall) (mcp.Outcome, error) {
			got = call
			return mcp.Outcome{}, errBroken
		}
		return p, nil
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		sent := &mcp.ToolCall{Name: "a__one", Arguments: []byte(`{"x":1}`), Resumption: &mcp.Resumption{}}
		if _, err := r.CallTool(t.Context(), sent, nil); err != errBroken {
			t.Errorf("error = %v, want the plugin's own", err)
		}
		if got.Name != "one" || string(got.Arguments) != `{"x":1}` || got.Resumption != sent.Resumption {
			t.Errorf("the plugin got %+v", got)
		}
		if sent.Name != "a__one" {
			t.Error("the caller's call was changed")
		}
	})
}

func TestMissingCapabilityIsRefusedBeforeThePluginIsCalled(t *testing.T) {
	needs := mcp.ClientCapabilities{Sampling: true, Roots: true}
	a := scripted("a", func(context.Context, int) (*fakePlugin, error) {
		p := offering("one")
		p.tools[0].Requires = needs
		return p, nil
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		call := &mcp.ToolCall{Name: "a__one"}
		call.Context.Capabilities = mcp.ClientCapabilities{Sampling: true, ElicitationForm: true}
		_, err := r.CallTool(t.Context(), call, nil)
		if e := wantReason(t, err, mcp.ReasonMissingCapability); e.Required != needs {
			t.Errorf("required = %+v", e.Required)
		}
		call.Context.Capabilities.Roots = true
		if _, err := r.CallTool(t.Context(), call, nil); err != nil {
			t.Errorf("a capable client got %v", err)
		}
	})
}

func TestCallerWhoLeavesDoesNotCancelTheStart(t *testing.T) {
	a := scripted("a", takes(10*time.Second, "one"))
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.CallTool(ctx, &mcp.ToolCall{Name: "a__one"}, nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		wantCall(t, r, "a__one", "one")
		if a.started() != 1 {
			t.Errorf("%d starts, want 1", a.started())
		}
	})
}

func TestLoadStartsOneAndSaysWhyItFails(t *testing.T) {
	a, bad, gone := fake("a", "one"), scripted("bad", fails), scripted("gone", failsPermanently)
	other := fake("other", "two")
	bubble(t, Options{}, of(a, bad, gone, other), func(t *testing.T, r *Registry) {
		if err := r.load(t.Context(), "a"); err != nil {
			t.Errorf("Load: %v", err)
		}
		wantState(t, r, "a", "ready")
		for _, name := range []string{"bad", "gone"} {
			if err := r.load(t.Context(), name); !errors.Is(err, errBroken) {
				t.Errorf("Load %s: %v, want its cause", name, err)
			}
		}
		if err := r.load(t.Context(), "nobody"); err == nil {
			t.Error("an unknown plugin was loaded")
		}
		wantState(t, r, "other", "idle")
	})
}

func TestConnectionEndIsToldToRunningPluginsOnly(t *testing.T) {
	a, b := fake("a", "one"), fake("b", "two")
	bubble(t, Options{}, of(a, b), func(t *testing.T, r *Registry) {
		wantCall(t, r, "a__one", "one")
		r.EndConnection(t.Context(), "c1")
		if got := a.last().ended; len(got) != 1 || got[0] != "c1" {
			t.Errorf("told %q, want c1", got)
		}
		if b.started() != 0 {
			t.Error("a plugin was started to be told of an end")
		}
	})
}

func TestCallsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := offering("slow", "fast")
		p.call = func(_ context.Context, call *mcp.ToolCall) (mcp.Outcome, error) {
			if call.Name == "slow" {
				<-release
			}
			return said(call.Name), nil
		}
		a := scripted("a", func(context.Context, int) (*fakePlugin, error) { return p, nil })
		r := New(Options{Discover: func(context.Context) ([]Source, error) { return []Source{a.Source}, nil }})
		defer r.Close(t.Context())
		var slow sync.WaitGroup
		slow.Go(func() { wantCall(t, r, "a__slow", "slow") })
		synctest.Wait()
		wantCall(t, r, "a__fast", "fast")
		close(release)
		slow.Wait()
	})
}
