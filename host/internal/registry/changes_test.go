// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

func TestNothingIsAnnouncedBeforeAListWasServed(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		changes := count(r)
		wantCall(t, r, "a__one", "one")
		pass(time.Minute)
		mustList(t, r)
		pass(time.Minute)
		changes.want(t, 0)
	})
}

func TestChangeOfAPluginIsReadAndAnnouncedOnce(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		changes := count(r)
		a.last().change("one", "two")
		synctest.Wait()
		a.last().change("one", "two", "three")
		pass(300 * time.Millisecond)
		changes.want(t, 1)
		wantNames(t, mustList(t, r), "a__one", "a__three", "a__two")
		if a.last().lists != 2 {
			t.Errorf("%d lists were read, want 2", a.last().lists)
		}
		a.last().change("one", "two", "three") // in name only
		pass(time.Second)
		changes.want(t, 1)
	})
}

func TestPluginThatChangesAllTheTimeIsReadNowAndThen(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		p := a.last()
		for i := range 1000 {
			p.change(fmt.Sprint(i))
			pass(time.Millisecond)
		}
		pass(time.Second)
		if p.lists > 9 {
			t.Errorf("%d lists were read within a second, want one per 150 ms", p.lists)
		}
		wantNames(t, mustList(t, r), "a__999")
	})
}

func TestChangeIsNotForgottenWhenItCannotBeRead(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		p := a.last()
		p.mu.Lock()
		p.list = func(context.Context) ([]mcp.Tool, error) {
			p.list = nil
			return nil, errBroken
		}
		p.mu.Unlock()
		p.change("two")
		pass(150 * time.Millisecond)
		wantNames(t, mustList(t, r), "a__one")
		pass(250 * time.Millisecond)
		wantNames(t, mustList(t, r), "a__two")
	})
}

func TestStaggeredArrivalsAreAnnouncedTogether(t *testing.T) {
	var sources []*fakeSource
	for i := range 10 {
		at := 10*time.Second + time.Duration(i)*10*time.Millisecond
		sources = append(sources, scripted(fmt.Sprintf("p%d", i), takes(at, "tool")))
	}
	bubble(t, Options{StartLimit: 10}, sources, func(t *testing.T, r *Registry) {
		mustList(t, r)
		changes := count(r)
		pass(time.Minute)
		changes.want(t, 1)
	})
}

func TestListThatWasOvertakenIsAnnounced(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		if err := r.load(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		changes, old := count(r), r.kinds.tools.now()
		a.last().change("two")
		pass(time.Second)
		r.observe(toolList, old.of, old.list.Generation) // as a reader that was slow to say so
		pass(time.Second)
		changes.want(t, 1)
	})
}

func TestRemovedListenerHearsNothing(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		heard := mcp.Kinds(0)
		r.OnChange(func(mcp.Kinds) { t.Error("a removed listener was called") })()
		r.OnChange(func(k mcp.Kinds) { heard = k })
		a.last().change("two")
		pass(time.Second)
		if heard != mcp.KindTools {
			t.Errorf("heard kinds %d, want tools", heard)
		}
	})
}

func TestClosedChangesChannelIsAStaticPlugin(t *testing.T) {
	a := fake("a", "one")
	bubble(t, Options{}, of(a), func(t *testing.T, r *Registry) {
		mustList(t, r)
		close(a.last().changes)
		synctest.Wait() // would never return if the supervisor span
		wantCall(t, r, "a__one", "one")
	})
}
