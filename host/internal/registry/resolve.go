// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

var errUnknown = errors.New("nobody offers it")

// resolve returns what clients get by an id, and starts what may offer it if
// nobody who runs does. The error is errUnknown if nobody can.
func (k *kind[T]) resolve(ctx context.Context, id string) (*item[T], error) {
	if it := k.find(k.r.current.Load(), id); it != nil {
		return it, nil
	}
	var it *item[T]
	err := k.r.seek(ctx, search{
		what:   k.list.noun() + " " + id,
		lists:  []listID{k.list},
		stages: func(sources []*source) [][]*source { return k.candidates(sources, id) },
		owns:   func(src *source) bool { return k.scoped && src.bears(id) },
		found: func(s *snapshot) bool {
			it = k.find(s, id)
			return it != nil || k.removed(s, id)
		},
	})
	if err == nil && it == nil {
		err = errUnknown // removed
	}
	return it, err
}

// candidates returns the sources that may own the id, in the order in which to
// start them: the one with the longest prefix that the id bears, then others
// whose names may look like that. A name that bears no prefix can only be of a
// source without one: a plugin that hangs must not hold up the answer to a name
// that it cannot have.
func (k *kind[T]) candidates(sources []*source, id string) [][]*source {
	var owner *source
	var possible, all []*source
	for _, src := range sources {
		if !src.Provides.Has(k.list.kind()) {
			continue
		}
		all = append(all, src)
		bears := k.scoped && src.bears(id)
		if bears && (owner == nil || len(src.Prefix) > len(owner.Prefix)) {
			owner = src
		}
		if bears || src.Prefix == "" {
			possible = append(possible, src)
		}
	}
	switch {
	case !k.scoped:
		return [][]*source{all}
	case owner == nil:
		return [][]*source{possible}
	default:
		return [][]*source{{owner}, possible}
	}
}

// owner returns who serves a URI: the one who lists it, or else the first whose
// templates describe it. It starts all who may if nobody who runs does. The
// error is errUnknown if nobody can.
func (r *Registry) owner(ctx context.Context, uri string) (*source, error) {
	if src := r.route(r.current.Load(), uri); src != nil {
		return src, nil
	}
	var owner *source
	err := r.seek(ctx, search{
		what:  resourceList.noun() + " " + uri,
		lists: []listID{resourceList, templateList},
		stages: func(sources []*source) [][]*source {
			return [][]*source{slices.DeleteFunc(slices.Clone(sources), func(src *source) bool {
				return !src.Provides.Has(mcp.KindResources)
			})}
		},
		found: func(s *snapshot) bool {
			owner = r.route(s, uri)
			return owner != nil
		},
	})
	return owner, err
}

// route returns who serves a URI as far as is known, or nil.
func (r *Registry) route(s *snapshot, uri string) *source {
	if it := r.kinds.resources.find(s, uri); it != nil {
		return it.owner
	}
	if len(uri) > maxURI {
		return nil
	}
	for _, offers := range s.offered.sources {
		if offers == nil || offers.templates == nil {
			continue
		}
		for _, it := range offers.templates.items {
			if it.match != nil && it.match.MatchString(uri) {
				return it.owner
			}
		}
	}
	return nil
}

// A search says what to start to find something.
type search struct {
	what   string   // for people
	lists  []listID // that it may be in
	stages func([]*source) [][]*source
	owns   func(*source) bool // whether only this source, or a namesake, can have it; nil: never
	found  func(*snapshot) bool
}

// seek starts sources, stage by stage, until the search has found what it is
// for. The error is errUnknown if nobody has it, and says that it may come
// later if not everybody could be asked.
func (r *Registry) seek(ctx context.Context, sought search) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.opts.CallStartWait, errBudget)
	defer cancel()
	if !r.current.Load().discovery.settled() {
		r.want(0)
	}
	s, err := r.wait(ctx, func(s *snapshot) bool { return s.discovery.settled() || sought.found(s) })
	if err != nil {
		return waitError(err)
	}
	if sought.found(s) {
		return nil
	}
	var absent, disabled []string // by name
	for _, stage := range sought.stages(r.configured()) {
		if s, err = r.await(ctx, sought, stage); err != nil {
			return waitError(err)
		}
		if sought.found(s) {
			return nil
		}
		for _, src := range stage {
			switch st := s.sources[src.index]; {
			case st.absentFrom(sought.lists) && !slices.Contains(absent, src.Name):
				absent = append(absent, src.Name)
			case st.off() && sought.owns != nil && sought.owns(src) && !slices.Contains(disabled, src.Name):
				disabled = append(disabled, src.Name)
			}
		}
	}
	if len(absent) > 0 || s.discovery.err != nil {
		return unavailable(sought.what + " may be offered by " + absentees(absent) + "; try again")
	}
	if len(disabled) > 0 {
		return hopeless(fmt.Sprintf("%s may be offered by plugin %s, which cannot be started as it is installed or configured",
			sought.what, strings.Join(disabled, " or ")))
	}
	return errUnknown
}

// absentees says who does not run, but not everybody where that are many.
func absentees(names []string) string {
	const most = 3
	switch more := len(names) - most; {
	case len(names) == 0:
		return "a plugin that does not run now"
	case len(names) == 1:
		return "plugin " + names[0] + ", which does not run now"
	case more > 0:
		return fmt.Sprintf("one of the plugins %s and %d more, which do not run now", strings.Join(names[:most], ", "), more)
	}
	return "one of the plugins " + strings.Join(names, ", ") + ", which do not run now"
}

// await starts the candidates and waits until one offers what is sought or none
// will. It does not wait for an earlier one that may offer it as well: a plugin
// that hangs would then hold up what all others have under names of that look.
func (r *Registry) await(ctx context.Context, sought search, candidates []*source) (*snapshot, error) {
	r.wake(func(src *source) bool { return slices.Contains(candidates, src) })
	return r.wait(ctx, func(s *snapshot) bool {
		return sought.found(s) ||
			!slices.ContainsFunc(candidates, func(src *source) bool { return s.sources[src.index].pending() })
	})
}

// waitError gives the end of the budget its meaning for the client.
func waitError(err error) error {
	if errors.Is(err, errBudget) {
		return unavailable("plugins are still starting; try again")
	}
	return err
}

// unknownResource is for a URI that no plugin has.
func unknownResource(uri string) error {
	data, err := json.Marshal(map[string]string{"uri": uri})
	if err != nil {
		data = nil // the data is an extra; strings always encode
	}
	return &mcp.ProtocolError{Reason: mcp.ReasonResourceNotFound, Message: "Resource not found: " + uri, Data: data}
}
