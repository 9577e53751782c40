// SPDX-License-Identifier: Apache-2.0

// Package contract turns the path of a plugin into a report of how it keeps what
// the plugin protocol and the handshake ask of it. It starts the plugin as the
// host does, but on its own pipes and socket, so that it sees what the host's
// tolerance hides. It knows processes, gRPC and the protocol, and nothing of MCP's
// versions, transports and sessions.
package contract

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/mcphost/mcphost/host/internal/discover"
)

// Options say what is tested, and how much. Only Plugin must be set.
type Options struct {
	Plugin discover.Manifest // as host.PluginAt returns it, with its settings

	Run  *regexp.Regexp // only the rules whose ID matches; all if nil
	Skip *regexp.Regexp // and none of those; none if nil

	StartTimeout time.Duration // until the plugin answers; 30 s if zero
	Calls        int           // how many calls memory and latency are measured with; 300 if zero

	callLimit time.Duration // how long one call may take that is made up; 10 s if zero, less in tests
	settled   time.Duration // how long after its answer a call is taken to be over; 50 ms if zero, more in tests

	// Progress is told of each result as it is there; nil: nobody.
	Progress func(Result)
}

// A Verdict is what came of a rule.
type Verdict string

// The verdicts. A warning is no failure: the host copes, but somebody will not.
const (
	Pass Verdict = "pass"
	Fail Verdict = "fail"
	Warn Verdict = "warn"
	Skip Verdict = "skip" // the plugin offers nothing to judge by
)

// A Result is what came of one rule.
type Result struct {
	Rule    string  `json:"rule"` // its ID, such as "handshake/line"
	Title   string  `json:"title"`
	Basis   string  `json:"basis"` // where it is written
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail,omitempty"` // what was seen, and what to do
	TookMS  int64   `json:"took_ms"`

	// Blocked says that the plugin did not start, so that there was nothing to
	// judge.
	Blocked bool `json:"-"`
}

// A Report is what came of all rules.
type Report struct {
	Plugin  string   `json:"plugin"`
	Command []string `json:"command"`
	Results []Result `json:"results"`
	Costs   Costs    `json:"costs"`
}

// Costs are what was measured. They fail nobody.
type Costs struct {
	ColdStartMS []float64 `json:"cold_start_ms,omitempty"` // until Describe is answered
	CallP50MS   float64   `json:"call_p50_ms,omitempty"`
	CallP95MS   float64   `json:"call_p95_ms,omitempty"`
	CallP99MS   float64   `json:"call_p99_ms,omitempty"`
	MemoryMB    float64   `json:"memory_mb,omitempty"` // of its processes, after the calls; 0 if unknown
}

// Count returns how many rules had that verdict.
func (r *Report) Count(v Verdict) int {
	n := 0
	for _, result := range r.Results {
		if result.Verdict == v {
			n++
		}
	}
	return n
}

// A rule is one thing that is asked of a plugin.
type rule struct {
	id    string
	title string
	basis string
	judge func(ctx context.Context, s *suite) outcome
}

// An outcome is what a rule has seen.
type outcome struct {
	verdict Verdict
	detail  string
	blocked bool // there was no process to judge
}

func seen(v Verdict, format string, args []any) outcome {
	return outcome{verdict: v, detail: fmt.Sprintf(format, args...)}
}

func pass(format string, args ...any) outcome { return seen(Pass, format, args) }
func fail(format string, args ...any) outcome { return seen(Fail, format, args) }
func warn(format string, args ...any) outcome { return seen(Warn, format, args) }
func skip(format string, args ...any) outcome { return seen(Skip, format, args) }

// Rules names all rules, in the order that they are judged in.
func Rules() []Result {
	var list []Result
	for _, r := range rules() {
		list = append(list, Result{Rule: r.id, Title: r.title, Basis: r.basis})
	}
	return list
}

func rules() []rule {
	return slices.Concat(handshakeRules(), definitionRules(), callRules(), loadRules(), readRules(), lifeRules(), costRules())
}

// ErrSettings is why a plugin cannot be judged that wants other settings.
var ErrSettings = errors.New("it refuses its settings")

// Run judges a plugin by every rule. The error says that it could not be judged
// at all: there is no such plugin or no such rule, it refuses its settings, which is
// ErrSettings, or ctx has ended.
func Run(ctx context.Context, opts Options) (*Report, error) {
	chosen := slices.DeleteFunc(rules(), func(r rule) bool {
		return opts.Run != nil && !opts.Run.MatchString(r.id) || opts.Skip != nil && opts.Skip.MatchString(r.id)
	})
	if len(chosen) == 0 {
		return nil, errors.New("no rule is left to judge by: look at their IDs and at what is chosen of them")
	}
	s, err := newSuite(opts)
	if err != nil {
		return nil, err
	}
	sweep()
	defer s.close()
	report := &Report{Plugin: s.plugin.Name, Command: append([]string{s.plugin.Command}, s.plugin.Args...)}
	for _, r := range chosen {
		begun := time.Now()
		out := r.judge(ctx, s)
		if err := ended(ctx); err != nil {
			return nil, err
		}
		if s.unset != nil {
			return nil, fmt.Errorf("plugin %s: %w", s.plugin.Name, s.unset)
		}
		result := Result{
			Rule: r.id, Title: r.title, Basis: r.basis, Verdict: out.verdict, Detail: out.detail,
			TookMS: time.Since(begun).Milliseconds(), Blocked: out.blocked,
		}
		report.Results = append(report.Results, result)
		if opts.Progress != nil {
			opts.Progress(result)
		}
	}
	report.Costs = s.costs
	return report, nil
}

// ended returns why ctx has ended, nil if it has not. gRPC compares deadlines with
// the clock, so it may give a call up in the moment before ctx ends by them.
func ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
	return context.Cause(ctx)
}

// newSuite finds the plugin and what it is started with.
func newSuite(opts Options) (*suite, error) {
	found, skipped, err := discover.Scan(nil, []discover.Manifest{opts.Plugin})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		for _, s := range skipped {
			return nil, fmt.Errorf("plugin %s: %s", s.Name, s.Reason)
		}
		return nil, fmt.Errorf("plugin %s: is disabled", opts.Plugin.Name)
	}
	s := &suite{opts: opts, plugin: found[0]}
	if s.env, err = s.plugin.Environ(os.LookupEnv); err != nil {
		return nil, fmt.Errorf("plugin %s: %w", s.plugin.Name, err)
	}
	if s.settings, err = s.plugin.ResolvedSettings(os.LookupEnv); err != nil {
		return nil, fmt.Errorf("plugin %s: %w", s.plugin.Name, err)
	}
	if s.settings == nil {
		s.settings = []byte("{}")
	}
	if s.opts.StartTimeout == 0 {
		s.opts.StartTimeout = 30 * time.Second
	}
	if s.opts.callLimit == 0 {
		s.opts.callLimit = 10 * time.Second
	}
	if s.opts.settled == 0 {
		s.opts.settled = 50 * time.Millisecond
	}
	if s.opts.Calls == 0 {
		s.opts.Calls = 300
	}
	return s, nil
}
