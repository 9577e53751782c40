// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	coldStarts  = 5
	memoryGrows = 32 << 20 // bytes over all calls: that is no cache any more
)

func costRules() []rule {
	return []rule{
		{"cost/memory", "keeps its memory over many calls", lifecycle + "Called", keepsMemory},
		{"cost/start", "measures cold starts", measured, measuresStart},
		{"cost/latency", "measures calls", measured, measuresCalls},
	}
}

// keepsMemory calls a third to warm up, then compares the second third with the
// last: what is still growing then grows for ever.
func keepsMemory(ctx context.Context, s *suite) outcome {
	list, none := s.goodTrials(ctx)
	if none != nil {
		return *none
	}
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	third := max(s.opts.Calls/3, 1)
	var after [3]int64
	for round := range after {
		for i := range third {
			one := list[i%len(list)]
			r := p.call(ctx, one.tool.GetName(), one.args)
			if fault := p.faultUnderUse(r); fault != "" {
				return fail("call %d, of %s: %s", round*third+i+1, one.probe, fault)
			}
		}
		known := false
		if after[round], known = memoryOf(p.cmd.Process.Pid); !known && !p.alive() {
			return fail("after %d calls: %s", (round+1)*third, p.death())
		} else if !known {
			return skip("this system does not tell how much memory a process has")
		}
	}
	return s.grown(after, third)
}

// grown judges the memory after each third of the calls.
func (s *suite) grown(after [3]int64, third int) outcome {
	warm, middle, end := after[0], after[1], after[2]
	s.costs.MemoryMB = float64(end) / (1 << 20)
	first, second := middle-warm, end-middle
	switch {
	case second > memoryGrows/4 && first > memoryGrows/4 && first+second > memoryGrows:
		return fail("it grows from %d to %d to %d MB over %d calls: something is kept", warm>>20, middle>>20, end>>20, 3*third)
	case first+second > memoryGrows:
		return warn("it grows from %d to %d MB over %d calls", warm>>20, end>>20, 2*third)
	}
	return pass("%d MB after %d calls", end>>20, 3*third)
}

// faultUnderUse says that a plugin has given up that has answered the same call
// before.
func (p *process) faultUnderUse(r *reply) string {
	switch {
	case r.err == nil:
		return ""
	case !p.alive():
		return p.death()
	case r.hangs():
		return fmt.Sprintf("there is no end after %s", p.limit)
	case status.Code(r.err) == codes.Unavailable:
		return "the plugin is not to be reached any more: " + cut(status.Convert(r.err).Message())
	}
	return "" // another rule's
}

// measuresStart takes the time until Describe is answered; what Configure does is
// the plugin's own.
func measuresStart(ctx context.Context, s *suite) outcome {
	for range coldStarts {
		begun := time.Now()
		p, none := s.another(ctx, s.introduced)
		if none != nil {
			return *none
		}
		s.costs.ColdStartMS = append(s.costs.ColdStartMS, millis(time.Since(begun)))
		p.kill()
	}
	sorted := slices.Sorted(slices.Values(s.costs.ColdStartMS))
	return pass("%.0f ms, the median of %d", sorted[len(sorted)/2], coldStarts)
}

func measuresCalls(ctx context.Context, s *suite) outcome {
	list, none := s.goodTrials(ctx)
	if none != nil {
		return *none
	}
	p, none := s.use(ctx)
	if none != nil {
		return *none
	}
	one := slices.MinFunc(list, func(a, b trial) int { return cmp.Compare(a.took, b.took) })
	var took []time.Duration
	for i := range s.opts.Calls {
		r := p.call(ctx, one.tool.GetName(), one.args)
		if fault := p.faultUnderUse(r); fault != "" {
			return fail("call %d of %s: %s", i+1, one.probe, fault)
		}
		if r.err != nil {
			return skip("not every call of %s ends in order", one.tool.GetName())
		}
		took = append(took, r.took)
	}
	slices.Sort(took)
	at := func(percent int) float64 { return millis(took[min(len(took)*percent/100, len(took)-1)]) }
	s.costs.CallP50MS, s.costs.CallP95MS, s.costs.CallP99MS = at(50), at(95), at(99)
	return pass("%s: %.2f ms, 95 of 100 within %.2f ms, 99 within %.2f ms", one.tool.GetName(), at(50), at(95), at(99))
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
