// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	manyPlugins = 50
	toolsEach   = 2 // greet and count

	// orphanLife is how long a plugin may outlive its host.
	orphanLife = time.Second
	// stopTimeout is how long the host may take to stop when asked.
	stopTimeout = 10 * time.Second
)

func TestHandshakesStartNoPlugin(t *testing.T) {
	f := newFarm(t, manyPlugins)
	url, host := serveHTTP(t, f.config)
	for _, h := range []struct{ name, request string }{
		{"initialize", initialize},
		{"server/discover", modern(1, "server/discover", `{}`)},
	} {
		// A client that checks nothing: to compile the schemas takes ten times as
		// long as the answer.
		client := &poster{url: url, client: &http.Client{Transport: &http.Transport{}}}
		t.Cleanup(client.client.CloseIdleConnections)
		asked := time.Now()
		client.post(bounded(t), t, h.request)
		// 5 ms are the aim on a quiet machine. That no plugin was started, which
		// takes far longer, is what holds on any.
		t.Logf("%s with %d plugins was answered in %.2f ms", h.name, manyPlugins, float64(time.Since(asked))/1e6)
		newPoster(t, url).post(bounded(t), t, h.request) // which checks
	}
	wantNoChild(t, host.Pid, "after the handshakes")
	if started := f.started(t); len(started) > 0 {
		t.Errorf("the handshakes started %d plugins, such as %+v", len(started), started[0])
	}
}

func TestFirstListStartsEachPluginOnce(t *testing.T) {
	for _, era := range []struct {
		version string
		opening []string
		request func(id int, method, params string) string
	}{
		{legacyVersion, []string{initialize, initialized}, request},
		{modernVersion, []string{modern(1, "server/discover", `{}`)}, modern},
	} {
		t.Run(era.version, func(t *testing.T) {
			f := newFarm(t, manyPlugins)
			spawned := time.Now()
			p := f.open(t)
			for _, message := range era.opening {
				p.send(message)
			}
			p.answer(1)
			t.Logf("first answer %v after the program was started", time.Since(spawned))
			wantNoChild(t, p.cmd.Process.Pid, "before the first list")

			for id := 2; id <= 3; id++ {
				asked := time.Now()
				if got, want := tools(t, p.ask(id, era.request(id, "tools/list", `{}`))), manyPlugins*toolsEach; got != want {
					t.Errorf("list %d holds %d tools, want %d", id-1, got, want)
				}
				t.Logf("list %d took %v", id-1, time.Since(asked))
			}
			f.wantStartedOnce(t, manyPlugins)
		})
	}
}

func TestConcurrentFirstListsStartEachPluginOnce(t *testing.T) {
	const clients = 100
	f := newFarm(t, manyPlugins)
	url, host := serveHTTP(t, f.config)
	wantNoChild(t, host.Pid, "before the first list")

	ctx := bounded(t)
	var lists sync.WaitGroup
	first := newPoster(t, url)
	for range clients {
		client := first.another()
		lists.Go(func() {
			_, body, err := client.exchange(ctx, modern(2, "tools/list", `{}`))
			if err != nil {
				t.Error(err)
				return
			}
			if got, want := bytes.Count(body, []byte(`"inputSchema"`)), manyPlugins*toolsEach; got != want {
				t.Errorf("a client sees %d tools, want %d", got, want)
			}
		})
	}
	lists.Wait()
	f.wantStartedOnce(t, manyPlugins)
}

func TestKilledHostLeavesNoPlugin(t *testing.T) {
	f := newFarm(t, manyPlugins)
	p := f.open(t)
	p.handshake()
	p.ask(2, request(2, "tools/list", `{}`))
	if got := len(f.alive(t)); got != manyPlugins {
		t.Fatalf("%d plugins run, want %d", got, manyPlugins)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	t.Logf("the last plugin ended %v after its host", f.wantNoneAlive(t, orphanLife))
}

func TestPluginKilledInMidCallIsAnsweredOnceAndTheNextCallWorks(t *testing.T) {
	f := newFarm(t, 1)
	p := f.open(t)
	p.handshake()
	p.send(slowCount(2))
	p.await(func(f frame) bool { return f.Method == "notifications/progress" })
	victim := f.started(t)[0]
	if err := syscall.Kill(victim.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var result struct {
		IsError bool `json:"isError"`
	}
	answer := p.answer(2)
	if err := json.Unmarshal(answer.Result, &result); err != nil || !result.IsError {
		t.Errorf("the call of a killed plugin got %s, want a tool error (%v)", answer.Result, err)
	}

	next := p.ask(3, request(3, "tools/call", `{"name":"p00__greet","arguments":{"who":"Ada"}}`))
	if !strings.Contains(string(next.Result), "Hello, Ada!") {
		t.Errorf("the next call got %s", next.Result)
	}
	if answers := p.finish(2); len(answers) != 1 {
		t.Errorf("the call of a killed plugin got %d answers, want one", len(answers))
	}
	if starts := f.started(t); len(starts) != 2 || starts[1].pid == victim.pid {
		t.Errorf("starts = %+v, want a second one under a new pid", starts)
	}
	f.wantNoneAlive(t, orphanLife)
}

// slowCount calls p00's counter, which goes on for hours and makes progress.
func slowCount(id int) string {
	return request(id, "tools/call", fmt.Sprintf(
		`{"name":"p00__count","arguments":{"n":%d,"delay_ms":%d},"_meta":{"progressToken":"slow"}}`, hours, hoursDelay))
}

func TestTerminatedHostExitsWellAndLeavesNoPlugin(t *testing.T) {
	f := newFarm(t, manyPlugins)
	p := f.open(t)
	p.handshake()
	p.ask(2, request(2, "tools/list", `{}`))
	p.send(slowCount(3))
	p.await(func(f frame) bool { return f.Method == "notifications/progress" })

	asked := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// The call in flight is answered, though not with a result.
	p.await(func(f frame) bool { return f.Method == "" && string(f.ID) == "3" })
	_, _ = io.Copy(io.Discard, p.out)
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM the host ended with %v, want exit code 0", err)
	}
	took := time.Since(asked)
	t.Logf("the host stopped %v after SIGTERM", took)
	if took > stopTimeout {
		t.Errorf("the host stopped %v after SIGTERM, want at most %v", took, stopTimeout)
	}
	if alive := f.alive(t); len(alive) > 0 {
		t.Errorf("%d plugins outlive their host, such as %+v", len(alive), alive[0])
	}
}

func TestTerminatedHTTPHostExitsWellAndLeavesNoPlugin(t *testing.T) {
	f := newFarm(t, 4)
	var host *os.Process
	// serveHTTP's cleanup, at the end of the subtest, stops the host and wants
	// exit code 0.
	t.Run("serve", func(t *testing.T) {
		var url string
		url, host = serveHTTP(t, f.config)
		newPoster(t, url).post(bounded(t), t, modern(2, "tools/list", `{}`))
		if got := len(f.alive(t)); got != 4 {
			t.Errorf("%d plugins run, want 4", got)
		}
	})
	if alive := f.alive(t); len(alive) > 0 {
		t.Errorf("%d plugins outlive host %d, such as %+v", len(alive), host.Pid, alive[0])
	}
}
