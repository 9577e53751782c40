// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcphost/mcphost/host"
)

const (
	warmUp     = 500 // calls before the first that counts: compilers work meanwhile
	atOnce     = 64  // calls in flight when throughput is measured
	closeGrace = 10 * time.Second
)

// A plan says how much is measured.
type plan struct{ starts, calls, rounds int }

// A tour is the plugin of one language, and what was measured of it.
type tour struct {
	language string
	plugin   host.PluginConfig

	colds  []time.Duration // until the plugin has said what it is
	calls  []time.Duration // one after the other
	rates  []float64       // calls per second, atOnce
	memory int64           // bytes that stay with its processes; 0 if unknown
}

// measure makes one round, in a host that has the machine for itself.
func (t *tour) measure(ctx context.Context, p plan) (err error) {
	server, err := host.New(host.Config{Plugins: []host.PluginConfig{t.plugin}}, host.Options{})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
		defer cancel()
		err = errors.Join(err, server.Close(ctx))
	}()
	for range p.starts {
		detail, err := server.Inspect(ctx, t.plugin.Name)
		if err != nil {
			return err
		}
		t.colds = append(t.colds, detail.StartTime)
	}
	client, err := server.Connect(ctx, host.ClientOptions{})
	if err != nil {
		return err
	}
	defer client.Close()
	return t.load(ctx, caller{client, t.plugin.Name}, p)
}

// load measures calls, alone and many at once, and what is left in memory.
func (t *tour) load(ctx context.Context, c caller, p plan) error {
	for range warmUp {
		if err := c.greet(ctx); err != nil {
			return err
		}
	}
	for range p.calls {
		begun := time.Now()
		if err := c.greet(ctx); err != nil {
			return err
		}
		t.calls = append(t.calls, time.Since(begun))
	}
	rate, err := c.flood(ctx, p.calls)
	if err != nil {
		return err
	}
	t.rates = append(t.rates, rate)
	t.memory = childrenMemory()
	return nil
}

// A caller calls one plugin.
type caller struct {
	client *host.Client
	plugin string
}

func (c caller) greet(ctx context.Context) error {
	params := `{"name":"` + c.plugin + `__greet","arguments":{"who":"Ada"},` +
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}`
	result, err := c.client.Call(ctx, "tools/call", []byte(params))
	if err == nil && !strings.Contains(string(result), "Hello, Ada!") {
		return fmt.Errorf("greet answers %s", result)
	}
	return err
}

// flood returns how many calls are answered in a second when many are in flight.
func (c caller) flood(ctx context.Context, calls int) (perSecond float64, err error) {
	var left atomic.Int64
	left.Store(int64(calls))
	var failed atomic.Pointer[error]
	var callers sync.WaitGroup
	begun := time.Now()
	for range atOnce {
		callers.Go(func() {
			for left.Add(-1) >= 0 {
				if err := c.greet(ctx); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	callers.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(calls) / time.Since(begun).Seconds(), nil
}

// percentile returns the value that p percent of the others do not exceed.
func percentile(values []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + " ms" }
func micros(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) + " µs" }

func megabytes(bytes int64) string {
	if bytes == 0 {
		return "unknown"
	}
	return strconv.FormatInt(bytes>>20, 10) + " MB"
}

// childrenMemory is the resident memory of all processes that this one has
// started, with those that they have started, where the system tells.
func childrenMemory() int64 {
	parents := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// The name, in parentheses, may hold anything.
		fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
		pid, _ := strconv.Atoi(strings.Fields(string(data))[0])
		parents[pid], _ = strconv.Atoi(fields[1])
	}
	var total int64
	for pid := range parents {
		if pid != os.Getpid() && descends(parents, pid) {
			total += resident(pid)
		}
	}
	return total
}

// descends reports whether pid is a descendant of this process.
func descends(parents map[int]int, pid int) bool {
	for range 100 {
		switch pid {
		case os.Getpid():
			return true
		case 0, 1:
			return false
		}
		pid = parents[pid]
	}
	return false
}

func resident(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
