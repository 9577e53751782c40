// SPDX-License-Identifier: Apache-2.0

package plugin

import "github.com/hashicorp/go-hclog"

// rules say which definitions of one kind may be offered.
type rules[In, Out any] struct {
	list list
	what string // one of them, for the log
	max  int

	// key returns what no two definitions may share, and its kind for the log.
	key func(In) (kind, value string)
	// read returns the definition, or why it cannot be offered: an error that
	// begins with "its" and says what the author can do.
	read func(In) (Out, error)
}

// A sieve collects from all pages the definitions that may be offered.
type sieve[In, Out any] struct {
	rules rules[In, Out]
	log   hclog.Logger
	seen  map[string]bool
	items []Out
}

func newSieve[In, Out any](r rules[In, Out], log hclog.Logger) *sieve[In, Out] {
	return &sieve[In, Out]{rules: r, log: log, seen: map[string]bool{}}
}

// add reports whether the quota is full and more had to be dropped.
func (s *sieve[In, Out]) add(page []In) (full bool) {
	for _, in := range page {
		if len(s.items) == s.rules.max {
			s.log.Warn("plugin lists too many "+s.rules.list.String()+": the rest is dropped", "max", s.rules.max)
			return true
		}
		kind, key := s.rules.key(in)
		if s.seen[key] {
			s.log.Warn(s.rules.what+" dropped", s.rules.what, clean(key), "err", "another "+s.rules.what+" has its "+kind)
			continue
		}
		out, err := s.rules.read(in)
		if err != nil {
			s.log.Warn(s.rules.what+" dropped", s.rules.what, clean(key), "err", err)
			continue
		}
		s.seen[key] = true
		s.items = append(s.items, out)
	}
	return false
}
