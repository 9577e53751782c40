// SPDX-License-Identifier: Apache-2.0

//go:build unix

package contract

import (
	"context"
	"errors"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mcphost/mcphost/host/internal/discover"
)

// plugin is this test binary as a plugin with a fault.
func plugin(t *testing.T, fault string) discover.Manifest {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return discover.Manifest{Name: "patient", Command: self, Env: map[string]string{faultVar: fault, elsewhereVar: t.TempDir(), "GORACE": "atexit_sleep_ms=0"}}
}

// judge runs the contract, or only those of its rules that run matches.
func judge(t *testing.T, fault string, run string) *Report {
	t.Helper()
	return judgeWith(t, fault, run, Options{})
}

func judgeWith(t *testing.T, fault, run string, opts Options) *Report {
	t.Helper()
	opts.Plugin, opts.StartTimeout, opts.Calls, opts.callLimit = plugin(t, fault), 4*time.Second, 150, 3*time.Second
	if run != "" {
		opts.Run = regexp.MustCompile(run)
	}
	report, err := Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestGoodPluginKeepsEveryRule(t *testing.T) {
	t.Parallel()
	report := judge(t, "none", "")
	for _, r := range report.Results {
		if r.Verdict == Fail || r.Verdict == Warn {
			t.Errorf("%s: %s: %s", r.Rule, r.Verdict, r.Detail)
		}
		if r.Verdict == Skip && runtime.GOOS == "linux" {
			t.Errorf("%s is skipped: %s", r.Rule, r.Detail)
		}
	}
	if len(report.Results) != len(Rules()) || report.Costs.CallP50MS == 0 || len(report.Costs.ColdStartMS) != coldStarts {
		t.Errorf("%d results, costs %+v", len(report.Results), report.Costs)
	}
}

func TestToolThatHarmsItsProcessIsBlamedAlone(t *testing.T) {
	for fault, says := range map[string]string{
		"crashes in one tool":    "bad {}: process died: exit status 42, last words: out of luck",
		"crashes after one tool": "bad {}: process died: exit status 42, soon after the answer",
		"hangs in one tool":      "bad {}: there is no end after 3s, and the process answers nothing else",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			for _, r := range judgeWith(t, fault, "", Options{settled: time.Second}).Results {
				switch blamed := r.Rule == "calls/outcome"; {
				case blamed && (r.Verdict != Fail || r.Detail == "" || !strings.HasPrefix(r.Detail, says) || strings.Contains(r.Detail, "count")):
					t.Errorf("%s: %s: %s; want %q", r.Rule, r.Verdict, r.Detail, says)
				case !blamed && r.Verdict != Pass && runtime.GOOS == "linux":
					t.Errorf("%s: %s: %s", r.Rule, r.Verdict, r.Detail)
				}
			}
		})
	}
}

func TestPluginThatStopsAfterTheStdioStreamHarmsNoOtherRule(t *testing.T) {
	t.Parallel()
	for _, r := range judge(t, "stops a while after the stdio stream", "^services|^describe|^lists|^calls").Results {
		if r.Verdict == Fail {
			t.Errorf("%s: %s", r.Rule, r.Detail)
		}
	}
}

func TestAnyRuleCanBeJudgedAlone(t *testing.T) {
	for _, run := range []string{"^handshake/stdout$|^services/health$", "^handshake/socket$|^describe/name$"} {
		t.Run(run, func(t *testing.T) {
			t.Parallel()
			if report := judge(t, "none", run); report.Count(Pass) != 2 {
				t.Errorf("got %+v", report.Results)
			}
		})
	}
}

func TestRuleAloneFailsForAPluginThatDoesNotStart(t *testing.T) {
	for _, run := range []string{"^services/health$", "^life/shutdown$", "^configure/unknown$|^calls/outcome$"} {
		t.Run(run, func(t *testing.T) {
			t.Parallel()
			report := judge(t, "dies", run)
			if report.Count(Fail) != 1 || report.Results[0].Verdict != Fail || !report.Results[len(report.Results)-1].Blocked {
				t.Errorf("got %+v", report.Results)
			}
		})
	}
}

func TestNoRuleAtAllIsAnError(t *testing.T) {
	one := regexp.MustCompile("^calls/outcome$")
	for _, opts := range []Options{{Run: regexp.MustCompile("zzz")}, {Run: one, Skip: one}} {
		opts.Plugin = plugin(t, "none")
		if _, err := Run(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "no rule is left") {
			t.Errorf("got %v", err)
		}
	}
}

func TestEndOfTheContextEndsEveryWait(t *testing.T) {
	for fault, run := range map[string]string{
		"says nothing":    "^handshake/line$",
		"serves anybody":  "^handshake/cookie$",
		"hangs after use": "^cost/latency$",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begun := time.Now()
			_, err := Run(ctx, Options{Plugin: plugin(t, fault), Run: regexp.MustCompile(run), StartTimeout: time.Minute})
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 8*time.Second {
				t.Errorf("got %v after %s", err, time.Since(begun))
			}
		})
	}
}

func TestColdStartEndsWithDescribe(t *testing.T) {
	t.Parallel()
	for _, took := range judge(t, "configures slowly", "^cost/start$").Costs.ColdStartMS {
		if took >= millis(slowConfigure) {
			t.Errorf("it took %v ms, which is Configure's", took)
		}
	}
}

func TestSettingsForAPluginThatTakesNoneAreTheCallers(t *testing.T) {
	t.Parallel()
	opts := Options{Plugin: plugin(t, "takes no settings")}
	opts.Plugin.Settings = []byte(`{"a":"b"}`)
	if _, err := Run(t.Context(), opts); !errors.Is(err, ErrSettings) {
		t.Errorf("got %v", err)
	}
}

func TestPluginThatRefusesItsSettingsIsNotJudged(t *testing.T) {
	t.Parallel()
	for _, run := range []string{"", "^calls/outcome$"} {
		opts := Options{Plugin: plugin(t, "wants a root"), Run: regexp.MustCompile(run)}
		_, err := Run(t.Context(), opts)
		if !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), "root: required, but missing") {
			t.Errorf("%q: got %v", run, err)
		}
	}
}

func TestEachFaultIsFoundByItsOwnRule(t *testing.T) {
	for _, want := range faults() {
		t.Run(want.fault, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS != "linux" && (want.rule == "life/children" || want.rule == "cost/memory") {
				t.Skip("only Linux tells of other processes")
			}
			report := judge(t, want.fault, "^"+want.rule+"$")
			for _, r := range report.Results {
				if r.Rule == want.rule {
					if r.Verdict != want.verdict || !strings.Contains(r.Detail, want.says) {
						t.Errorf("%s: %s: %s; want %s, %q", r.Rule, r.Verdict, r.Detail, want.verdict, want.says)
					}
					if r.Basis == "" || r.Title == "" {
						t.Errorf("%s does not say where it is written", r.Rule)
					}
				} else if r.Verdict == Fail {
					t.Errorf("%s finds it, too: %s", r.Rule, r.Detail)
				}
			}
		})
	}
}

func TestEveryRuleHasAFaultThatItFinds(t *testing.T) {
	found := map[string]bool{}
	for _, f := range faults() {
		if f.verdict == Fail || f.verdict == Warn {
			found[f.rule] = true
		}
	}
	for _, r := range Rules() {
		if !found[r.Rule] && r.Rule != "cost/start" { // which measures, and fails nobody
			t.Errorf("no planted fault is for %s", r.Rule)
		}
	}
}
