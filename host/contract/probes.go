// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// maxHangs is how many tools may leave a call without an answer. No more are tried
// then: each takes its time.
const maxHangs = 3

// A probe is a tool that can be called without harm, and arguments for it.
type probe struct {
	tool *pluginv1.Tool
	args []byte
}

func (p probe) String() string { return p.tool.GetName() + " " + cut(string(p.args)) }

// A trial is a probe and what it said.
type trial struct {
	probe
	*reply
	fault string // what the call did to the process or kept it from; the tool is not called again
}

// candidates are the read-only tools for which arguments can be made up, with the
// required ones alone and with all.
func (s *suite) candidates(ctx context.Context) ([]probe, *outcome) {
	_, f, none := s.ask(ctx)
	if none != nil {
		return nil, none
	}
	var list []probe
	var left []string
	for _, tool := range f.tools {
		probes, err := probesOf(tool)
		if err != nil {
			left = append(left, fmt.Sprintf("%s (%v)", tool.GetName(), err))
		}
		list = append(list, probes...)
	}
	if len(list) == 0 {
		out := skip("there is no tool to try: those that change nothing say so with the annotation read_only; left out: %s", orNone(left))
		return nil, &out
	}
	return list, nil
}

// probesOf makes up arguments for a tool. Some may be there in spite of an error.
func probesOf(tool *pluginv1.Tool) ([]probe, error) {
	if !tool.GetAnnotations().GetReadOnly() {
		return nil, fmt.Errorf("not declared read-only")
	}
	raw := tool.GetInputSchemaJson()
	if len(raw) == 0 {
		return []probe{{tool, []byte("{}")}}, nil
	}
	var list []probe
	for _, all := range []bool{false, true} {
		args, err := generated(raw, all)
		if err != nil {
			return list, err
		}
		one := probe{tool, args}
		if err := one.fits(); err != nil {
			return list, err
		}
		list = append(list, one)
	}
	return list, nil
}

// fits reports what the tool's schema has against the arguments. A schema that is
// unusable is another rule's.
func (p probe) fits() error {
	compiled, err := compile(p.tool.GetInputSchemaJson())
	if err != nil || compiled == nil {
		return nil
	}
	return compiled.Validate(p.args)
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// tryAll calls all probes, once, and keeps what they said. A tool that ends the
// process or does not answer is left alone from then on, and the next one has a
// process of its own: nobody is blamed for another.
func (s *suite) tryAll(ctx context.Context) ([]trial, *outcome) {
	list, none := s.candidates(ctx)
	if none != nil {
		return nil, none
	}
	if s.tried != nil {
		return s.tried, nil
	}
	hangs := 0
	bad := map[string]bool{}
	for _, probe := range list {
		if bad[probe.tool.GetName()] || hangs == maxHangs {
			continue
		}
		p, none := s.use(ctx)
		if none != nil {
			return nil, none
		}
		t := trial{probe: probe, reply: p.call(ctx, probe.tool.GetName(), probe.args)}
		if t.fault = p.faultOf(ctx, t.reply, s.opts.settled); t.fault != "" {
			bad[probe.tool.GetName()] = true
		}
		if t.hangs() {
			hangs++
		}
		s.tried = append(s.tried, t)
	}
	return s.tried, nil
}

// faultOf says what a call did to its process, also in the moment after.
func (p *process) faultOf(ctx context.Context, r *reply, settled time.Duration) string {
	switch {
	case r.err == nil && p.wait(ctx, settled):
		return p.death() + ", soon after the answer"
	case !p.alive():
		return p.death()
	case !r.hangs():
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, exitWait)
	defer cancel()
	if _, err := p.describe(ctx); err != nil {
		return fmt.Sprintf("there is no end after %s, and the process answers nothing else meanwhile: do not block what serves all calls", p.limit)
	}
	return fmt.Sprintf("there is no end after %s", p.limit)
}

// hangs reports whether nobody has ended the call but us.
func (r *reply) hangs() bool { return status.Code(r.err) == codes.DeadlineExceeded }

// goodTrials are those that have left the process as it was.
func (s *suite) goodTrials(ctx context.Context) ([]trial, *outcome) {
	all, none := s.tryAll(ctx)
	if none != nil {
		return nil, none
	}
	bad := map[string]string{}
	for _, t := range all {
		if t.fault != "" {
			bad[t.tool.GetName()] = t.fault
		}
	}
	var good []trial
	for _, t := range all {
		if bad[t.tool.GetName()] == "" {
			good = append(good, t)
		}
	}
	if len(good) == 0 {
		out := skip("no tool is left to try: %s: %s", all[0].tool.GetName(), all[0].fault)
		return nil, &out
	}
	return good, nil
}

// slowed finds a tool that reports progress, as slow ones do, and that larger
// numbers make slower, with such arguments. They conform to its schema.
func slowed(trials []trial, to func(name string) float64) (probe, bool) {
	// The last one has most arguments, a delay perhaps among them.
	for i := len(trials) - 1; i >= 0; i-- {
		t := trials[i]
		if !t.progresses() {
			continue
		}
		slow := probe{t.tool, resized(t.args, t.tool.GetInputSchemaJson(), to)}
		if string(slow.args) != string(t.args) && slow.fits() == nil {
			return slow, true
		}
	}
	return probe{}, false
}

// progresses reports whether the call has reported progress.
func (r *reply) progresses() bool {
	for _, event := range r.events {
		if event.GetProgress() != nil {
			return true
		}
	}
	return false
}
