// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestEveryListIsReadWithOneStart(t *testing.T) {
	a, b := full("a"), full("b")
	bubble(t, Options{}, of(b, a), func(t *testing.T, r *Registry) {
		prompts, resources, templates := lists(t, r)
		wantAll(t, "prompts", prompts, "a__prompta", "b__promptb")
		wantAll(t, "resources", resources, "test://a", "test://b")
		wantAll(t, "templates", templates, "test://a/{id}", "test://b/{id}")
		wantNames(t, mustList(t, r), "a__toola", "b__toolb")
		if a.started() != 1 || a.last().lists != 1 {
			t.Errorf("%d starts, %d lists of tools; want 1 and 1", a.started(), a.last().lists)
		}
	})
}

func TestAListStartsOnlyWhoMayHaveIt(t *testing.T) {
	sources := of(full("tools"), full("prompts"), full("resources"))
	for i, kind := range []mcp.Kinds{mcp.KindTools, mcp.KindPrompts, mcp.KindResources} {
		sources[i].Provides = kind
	}
	started := func() (n int) {
		for _, s := range sources {
			n += s.started()
		}
		return n
	}
	bubble(t, Options{}, sources, func(t *testing.T, r *Registry) {
		if _, err := r.ListTemplates(t.Context()); err != nil || started() != 1 || sources[2].started() != 1 {
			t.Errorf("templates: %v, %d starts", err, started())
		}
		if _, err := r.GetPrompt(t.Context(), &mcp.PromptCall{Name: "prompts__promptprompts"}, nil); err != nil || started() != 2 {
			t.Errorf("prompt: %v, %d starts", err, started())
		}
		prompts, resources, _ := lists(t, r)
		wantAll(t, "prompts", prompts, "prompts__promptprompts")
		wantAll(t, "resources", resources, "test://resources")
		if sources[0].started() != 0 {
			t.Error("a source of tools was started for other lists")
		}
	})
}

func TestWhatAPluginServesNarrowsItsConfiguration(t *testing.T) {
	a := made("a", func(p *fakePlugin) {
		p.provides = mcp.KindPrompts
		p.list = func(context.Context) ([]mcp.Tool, error) { panic("asked for what it does not serve") }
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		list := mustList(t, r)
		if !list.Complete || len(list.Items) != 0 {
			t.Errorf("list = %+v, want a complete empty one", list)
		}
		prompts, resources, _ := lists(t, r)
		wantAll(t, "prompts", prompts, "a__prompta")
		wantAll(t, "resources", resources)
	})
}

func TestListThatFailsCostsNoOtherList(t *testing.T) {
	var mended atomic.Bool
	a := made("a", func(p *fakePlugin) {
		p.listPrompts = func(context.Context) ([]mcp.Prompt, error) {
			if !mended.Load() {
				return nil, &mcp.PluginError{Plugin: "a", Text: "lists without end", Err: errBroken}
			}
			return []mcp.Prompt{{Name: "late"}}, nil
		}
	})
	bubble(t, Options{}, of(a, full("b")), func(t *testing.T, r *Registry) {
		changes := count(r)
		if list := mustList(t, r); !list.Complete || list.Sources[0].Reason != "" || len(list.Items) != 2 {
			t.Errorf("tools suffer from prompts: %+v", list)
		}
		list, err := r.ListPrompts(t.Context())
		if err != nil || list.Complete || len(list.Items) != 1 {
			t.Fatalf("prompts = %+v, %v; want an incomplete list", list, err)
		}
		const want = "its prompts could not be read and are tried again: lists without end"
		if s := list.Sources[0]; s.State != "ready" || s.Reason != want || s.Items != 0 {
			t.Errorf("the source is reported as %+v", s)
		}
		if s := r.States()[0]; s.Reason != want || s.Items != 3 {
			t.Errorf("the state is reported as %+v", s)
		}
		mended.Store(true)
		pass(250*time.Millisecond + 150*time.Millisecond)
		changes.want(t, 1)
		if list, _ = r.ListPrompts(t.Context()); !list.Complete || len(list.Items) != 2 || list.Sources[0].Reason != "" {
			t.Errorf("prompts = %+v, want the late one without a restart", list)
		}
		if a.started() != 1 {
			t.Errorf("%d starts, want 1", a.started())
		}
	})
}

func TestListThatFailsDoesNotHoldUpChangesOfOthers(t *testing.T) {
	a := made("a", func(p *fakePlugin) {
		p.listPrompts = func(context.Context) ([]mcp.Prompt, error) { return nil, errBroken }
	})
	opts := Options{Backoff: Backoff{Min: time.Minute, Max: time.Minute}}
	bubble(t, opts, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		a.last().change("late")
		pass(150 * time.Millisecond)
		wantNames(t, mustList(t, r), "a__late")
	})
}

func TestListThatHangsCostsNoOtherList(t *testing.T) {
	a := made("a", func(p *fakePlugin) {
		p.listTemplates = func(ctx context.Context) ([]mcp.ResourceTemplate, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	bubble(t, Options{Wait: WaitAll}, of(a), func(t *testing.T, r *Registry) {
		start := time.Now()
		_, err := r.ListTemplates(t.Context())
		wantLasted(t, start, 5*time.Second)
		if e := wantReason(t, err, mcp.ReasonInternal); e.Message != "no plugin could be asked for its resource templates" {
			t.Errorf("message = %q", e.Message)
		}
		if list, err := r.ListResources(t.Context()); err != nil || len(list.Items) != 1 || !list.Complete {
			t.Errorf("resources = %+v, %v", list, err)
		}
	})
}

func TestLastGoodListStaysWhenARestartCannotReadIt(t *testing.T) {
	a := scripted("a", func(_ context.Context, n int) (*fakePlugin, error) {
		p := everything("a")
		if n > 1 {
			p.listPrompts = func(context.Context) ([]mcp.Prompt, error) { return nil, errBroken }
		}
		return p, nil
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		lists(t, r)
		changes := count(r)
		a.last().crash()
		synctest.Wait()
		wantCall(t, r, "a__toola", "toola")
		list, err := r.ListPrompts(t.Context())
		if err != nil || len(list.Items) != 1 || !list.Complete || list.Sources[0].Reason == "" {
			t.Errorf("prompts = %+v, %v; want those of before and a reason", list, err)
		}
		pass(time.Minute)
		changes.want(t, 0)
	})
}

func TestOnlyTheKindThatChangedIsReadAndAnnounced(t *testing.T) {
	a := full("a")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		lists(t, r)
		before := mustList(t, r)
		var heard []mcp.Kinds
		r.OnChange(func(k mcp.Kinds) { heard = append(heard, k) })
		p := a.last()
		p.more.Lock()
		p.prompts = []string{"other"}
		p.templates = []string{"other://{x}"}
		p.more.Unlock()
		p.changes <- mcp.KindPrompts
		pass(time.Second)
		p.changes <- mcp.KindResources
		pass(time.Second)
		if len(heard) != 2 || heard[0] != mcp.KindPrompts || heard[1] != mcp.KindResources {
			t.Errorf("heard %d, want prompts and resources", heard)
		}
		prompts, resources, templates := lists(t, r)
		wantAll(t, "prompts", prompts, "a__other")
		wantAll(t, "resources", resources, "test://a")
		wantAll(t, "templates", templates, "other://{x}")
		if after := mustList(t, r); p.lists != 1 || after.Generation != before.Generation {
			t.Errorf("tools were read %d times, at generation %d after %d", p.lists, after.Generation, before.Generation)
		}
	})
}

func TestListNobodyHasSeenIsNotAnnounced(t *testing.T) {
	a := full("a")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		changes := count(r)
		p := a.last()
		p.more.Lock()
		p.prompts = []string{"other"}
		p.more.Unlock()
		p.changes <- mcp.KindPrompts
		pass(time.Second)
		changes.want(t, 0)
	})
}

func TestChangeThatIsUndoneWithinTheWindowIsNotAnnounced(t *testing.T) {
	bubble(t, Options{}, of(fake("a", "one")), func(t *testing.T, r *Registry) {
		before, changes := mustList(t, r), count(r)
		add(t, r, "mine")
		r.RemoveTool("mine")
		pass(time.Second)
		changes.want(t, 0)
		if after := mustList(t, r); after.Generation != before.Generation {
			t.Error("the same list has another generation")
		}
	})
}

func TestURIsCollideByConfigurationOrder(t *testing.T) {
	same := func(p *fakePlugin) {
		p.resources, p.templates = []string{"test://same"}, []string{"test://same/{id}"}
	}
	first, second := made("first", same), made("second", same)
	bubble(t, Options{}, of(first, second), func(t *testing.T, r *Registry) {
		_, resources, templates := lists(t, r)
		wantAll(t, "resources", resources, "test://same")
		wantAll(t, "templates", templates, "test://same/{id}")
		list, _ := r.ListResources(t.Context())
		if s := list.Sources; s[0].Items != 1 || s[1].Items != 0 || !strings.HasPrefix(s[1].Reason, "1 of its names are taken") {
			t.Errorf("sources = %+v", s)
		}
		wantRead(t, r, "test://same", "promptfirst")
		wantRead(t, r, "test://same/7", "promptfirst")
	})
}

// schema is a validator of a fixed opinion.
type schema struct{ err error }

func (s *schema) Validate([]byte) error { return s.err }

func TestValidatorsDoNotMakeADefinitionDiffer(t *testing.T) {
	a := scripted("a", func(context.Context, int) (*fakePlugin, error) {
		p := offering("one")
		p.tools[0].Input, p.tools[0].Output = &schema{err: errBroken}, &schema{}
		return p, nil
	})
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		before := mustList(t, r)
		a.last().changes <- mcp.KindTools
		pass(time.Second)
		p := a.last()
		p.mu.Lock()
		p.tools[0].Input = nil
		p.mu.Unlock()
		p.changes <- mcp.KindTools
		pass(time.Second)
		if after := mustList(t, r); p.lists != 3 || after.Generation != before.Generation {
			t.Errorf("after %d reads of the same tools the generation went from %d to %d", p.lists, before.Generation, after.Generation)
		}
	})
}
