// SPDX-License-Identifier: Apache-2.0

package runner

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// A tape is a channel that keeps the notifications sent on it.
type tape struct {
	jsonrpc.Channel
	said []string
}

func (c *tape) Notify(_ context.Context, method string, params []byte) error {
	c.said = append(c.said, method+" "+string(params))
	return nil
}

// recordingSink returns the sink of a call that wants progress under token 7
// and logs from level on. It must be called in a bubble.
func recordingSink(t *testing.T, level mcp.LogLevel) (*sink, *tape) {
	t.Helper()
	timer := startCallTimer(t.Context(), time.Minute, time.Hour)
	t.Cleanup(timer.stop)
	kept := &tape{}
	q := &Request{Channel: kept, Version: mcp.LatestStateless, Meta: mcp.RequestMeta{ProgressToken: []byte("7")}}
	return &sink{ctx: timer.ctx, req: q, timer: timer, level: level}, kept
}

func TestProgressThatDoesNotGrowIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, kept := recordingSink(t, mcp.LogNone)
		for _, progress := range []float64{0, 0, 2, 1, 2, 2.5} {
			s.Progress(mcp.Progress{Progress: progress})
		}
		want := []string{
			`notifications/progress {"progressToken":7,"progress":0}`,
			`notifications/progress {"progressToken":7,"progress":2}`,
			`notifications/progress {"progressToken":7,"progress":2.5}`,
		}
		if strings.Join(kept.said, "\n") != strings.Join(want, "\n") {
			t.Errorf("sent %q, want %q", kept.said, want)
		}
	})
}

func TestNoticesOfACallAreLimitedInRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const flood = 10 * noticeBurst
		s, kept := recordingSink(t, mcp.LogInfo)
		total := float64(flood)
		for i := range flood {
			s.Progress(mcp.Progress{Progress: float64(i + 1), Total: &total})
		}
		// The last one is told whatever the rate, so that a bar fills.
		if got, want := len(kept.said), noticeBurst+1; got != want {
			t.Errorf("%d notices of %d went out at once, want %d", got, flood, want)
		}
		if last := kept.said[len(kept.said)-1]; !strings.Contains(last, `"progress":1000,`) {
			t.Errorf("the last one is %s", last)
		}

		kept.said = nil
		time.Sleep(time.Second)
		for range flood {
			s.Log(mcp.LogMessage{Level: mcp.LogError, Data: []byte(`"x"`)})
		}
		if got := len(kept.said); got != noticesEachSecond {
			t.Errorf("%d notices went out a second later, want %d", got, noticesEachSecond)
		}
	})
}

func TestLogsBelowTheLevelOrOfNobodysInterestAreNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for level, want := range map[mcp.LogLevel]int{mcp.LogNone: 0, mcp.LogError: 1, mcp.LogDebug: 2} {
			s, kept := recordingSink(t, level)
			s.Log(mcp.LogMessage{Level: mcp.LogInfo, Data: []byte(`"x"`)})
			s.Log(mcp.LogMessage{Level: mcp.LogError, Data: []byte(`"x"`)})
			if len(kept.said) != want {
				t.Errorf("level %v: %d logs sent, want %d", level, len(kept.said), want)
			}
		}
	})
}
