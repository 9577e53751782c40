// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"context"
	"slices"
	"time"
)

const (
	coldStarts  = 5
	memoryGrows = 32 << 20 // bytes over all calls: that is no cache any more
)

func costRules() []rule {
	return []rule{
		{"cost/memory", "keeps its memory over many calls", lifecycle + "Called", keepsMemory},
		{"cost/start", "measures cold starts", "docs/performance.md", measuresStart},
		{"cost/latency", "measures calls", "docs/performance.md", measuresCalls},
	}
}

// keepsMemory calls a third to warm up, then compares the second third with the
// last: what is still growing then grows for ever.
func keepsMemory(ctx context.Context, s *suite) outcome {
	list, _, none := s.probes(ctx)
	if none != nil {
		return *none
	}
	p, none := s.fresh(ctx)
	if none != nil {
		return *none
	}
	defer p.kill()
	third := max(s.opts.Calls/3, 1)
	call := func() {
		for i := range third {
			probe := list[i%len(list)]
			p.call(ctx, probe.tool.GetName(), probe.args, callLimit)
		}
	}
	call()
	warm, known := memoryOf(p.cmd.Process.Pid)
	if !known {
		return skip("this system does not tell how much memory a process has")
	}
	call()
	middle, _ := memoryOf(p.cmd.Process.Pid)
	call()
	end, _ := memoryOf(p.cmd.Process.Pid)
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

func measuresStart(ctx context.Context, s *suite) outcome {
	for range coldStarts {
		begun := time.Now()
		p, none := s.fresh(ctx)
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
	list, replies, none := s.tryAll(ctx)
	if none != nil {
		return *none
	}
	p, none := s.use(ctx)
	if none != nil {
		return *none
	}
	fastest := 0
	for i, r := range replies {
		if r.took < replies[fastest].took {
			fastest = i
		}
	}
	probe := list[fastest]
	var took []time.Duration
	for range s.opts.Calls {
		r := p.call(ctx, probe.tool.GetName(), probe.args, callLimit)
		if r.err != nil {
			return skip("not every call of %s ends in order", probe.tool.GetName())
		}
		took = append(took, r.took)
	}
	slices.Sort(took)
	at := func(percent int) float64 { return millis(took[min(len(took)*percent/100, len(took)-1)]) }
	s.costs.CallP50MS, s.costs.CallP95MS, s.costs.CallP99MS = at(50), at(95), at(99)
	return pass("%s: %.2f ms, 95 of 100 within %.2f ms, 99 within %.2f ms", probe.tool.GetName(), at(50), at(95), at(99))
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
