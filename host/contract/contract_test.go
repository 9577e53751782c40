// SPDX-License-Identifier: Apache-2.0

package contract

import (
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
	if runtime.GOOS == "windows" {
		t.Skip("windows has neither the signals nor the sockets")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return discover.Manifest{Name: "patient", Command: self, Env: map[string]string{faultVar: fault, elsewhereVar: t.TempDir(), "GORACE": "atexit_sleep_ms=0"}}
}

// judge runs the contract, without what takes long if no rule of interest does.
func judge(t *testing.T, fault string, run string) *Report {
	t.Helper()
	opts := Options{Plugin: plugin(t, fault), StartTimeout: 4 * time.Second, Calls: 150}
	if run != "" {
		opts.Run = regexp.MustCompile("^handshake/line$|" + run)
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
		if r.Verdict == Skip && !strings.HasPrefix(r.Rule, "resources/") && !strings.HasPrefix(r.Rule, "prompts/") &&
			!strings.HasPrefix(r.Rule, "completions/") && r.Rule != "watch/begin" && runtime.GOOS == "linux" {
			t.Errorf("%s is skipped: %s", r.Rule, r.Detail)
		}
	}
	if len(report.Results) != len(Rules()) || report.Costs.CallP50MS == 0 || len(report.Costs.ColdStartMS) != coldStarts {
		t.Errorf("%d results, costs %+v", len(report.Results), report.Costs)
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

// faults are what can be wrong with a plugin, each with the rule that finds it
// and what the rule says.
func faults() map[string]struct {
	rule    string
	verdict Verdict
	says    string
} {
	return map[string]struct {
		rule    string
		verdict Verdict
		says    string
	}{
		"serves anybody":              {"handshake/cookie", Fail, "goes on"},
		"dies":                        {"handshake/line", Fail, "cannot find libplugin"},
		"says nothing":                {"handshake/line", Fail, "prints nothing"},
		"forgets the newline":         {"handshake/line", Fail, "no newline"},
		"chats before the handshake":  {"handshake/stdout", Fail, "loading..."},
		"speaks another version":      {"handshake/version", Fail, "protocol version 9"},
		"has an open socket":          {"handshake/socket", Fail, "0777"},
		"listens elsewhere":           {"handshake/socket", Fail, "not in PLUGIN_UNIX_SOCKET_DIR"},
		"starts slowly":               {"handshake/speed", Warn, "it takes 2."},
		"has no health":               {"services/health", Fail, "no health service"},
		"has no controller":           {"services/controller", Fail, "no plugin.GRPCController"},
		"ends the stdio stream":       {"services/stdio", Fail, "ends by itself"},
		"has no name":                 {"describe/name", Warn, `the name ""`},
		"promises prompts":            {"describe/abilities", Fail, "prompts"},
		"has a wrong settings schema": {"configure/schema", Fail, "unusable"},
		"takes any setting":           {"configure/unknown", Warn, "misspelled"},
		"lists without end":           {"lists/end", Fail, "comes again"},
		"changes revisions":           {"lists/stable", Fail, "revisions"},
		"misnames a tool":             {"tools/names", Fail, "count to n"},
		"lists a tool twice":          {"tools/unique", Fail, "listed twice"},
		"has a wrong input schema":    {"tools/input-schema", Fail, "input schema is unusable"},
		"takes an array":              {"tools/object", Fail, "at the root"},
		"has a wrong output schema":   {"tools/output-schema", Fail, "output schema is unusable"},
		"describes nothing":           {"tools/description", Warn, "a model chooses"},
		"answers twice":               {"calls/outcome", Fail, "2 outcomes"},
		"does not answer":             {"calls/outcome", Fail, "0 outcomes"},
		"answers with a status":       {"calls/outcome", Fail, "status Internal"},
		"sends a picture of no kind":  {"calls/content", Fail, "no MIME type"},
		"breaks its output schema":    {"calls/structured", Fail, "does not conform"},
		"counts backwards":            {"calls/progress", Fail, "must grow"},
		"reports after the outcome":   {"calls/progress", Fail, "after the outcome"},
		"crashes on bad arguments":    {"calls/bad-arguments", Fail, "the process dies"},
		"knows every tool":            {"calls/unknown-tool", Fail, "NOT_FOUND"},
		"locks itself out":            {"calls/concurrency", Fail, "locked"},
		"ignores cancellation":        {"calls/cancellation", Fail, "goes on"},
		"takes small messages only":   {"calls/large-message", Fail, "64 MiB"},
		"prints in calls":             {"calls/stdout", Warn, "called"},
		"hangs at shutdown":           {"life/shutdown", Fail, "still runs"},
		"exits with status 3":         {"life/exit-status", Fail, "exit status 3"},
		"drops calls at shutdown":     {"life/call-first", Fail, "asked to stop"},
		"dies of SIGTERM":             {"life/sigterm", Fail, "SIGTERM"},
		"outlives its host":           {"life/host-gone", Fail, "lives on"},
		"dies of an interrupt":        {"life/interrupt", Fail, "SIGINT"},
		"starts a child":              {"life/children", Fail, "1 process"},
		"leaves its socket":           {"life/files", Warn, "is left"},
		"leaks":                       {"cost/memory", Fail, "something is kept"},
	}
}

func TestEachFaultIsFoundByItsOwnRule(t *testing.T) {
	for fault, want := range faults() {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS != "linux" && (want.rule == "life/children" || want.rule == "cost/memory") {
				t.Skip("only Linux tells of other processes")
			}
			report := judge(t, fault, "^"+want.rule+"$")
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
		found[f.rule] = true
	}
	// What the patient does not have, the tours have; what measures fails nobody.
	for _, r := range Rules() {
		switch group, _, _ := strings.Cut(r.Rule, "/"); {
		case found[r.Rule], group == "resources", group == "prompts", group == "completions", group == "watch":
		case r.Rule == "cost/start", r.Rule == "cost/latency", r.Rule == "life/restart":
		default:
			t.Errorf("no planted fault is for %s", r.Rule)
		}
	}
}

func TestArgumentsAreMadeUpOfSchemas(t *testing.T) {
	for schema, want := range map[string]string{
		`{"type":"object"}`: `{}`,
		`{"type":"object","properties":{"a":{"type":"string","minLength":3},"b":{"type":"integer","minimum":5}},"required":["a"]}`:      `{"a":"aaa","b":5}`,
		`{"type":"object","properties":{"a":{"enum":["x","y"]},"b":{"const":7},"c":{"default":[1]},"d":{"examples":["e"]}}}`:            `{"a":"x","b":7,"c":[1],"d":"e"}`,
		`{"type":"object","properties":{"a":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"number","exclusiveMinimum":2}}}`:                `{"a":3}`,
		`{"type":"object","properties":{"a":{"type":"array","minItems":2,"items":{"type":"boolean"}},"b":{"anyOf":[{"type":"null"}]}}}`: `{"a":[false,false],"b":null}`,
		`{"type":"object","properties":{"a":{"type":["string","null"],"format":"date"}}}`:                                               `{"a":"2026-01-01"}`,
	} {
		if got, err := generated([]byte(schema), true); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v; want %s", schema, got, err, want)
		}
	}
	if got, err := generated([]byte(`{"type":"object","properties":{"a":{"type":"string","pattern":"^x"}},"required":["a"]}`), false); err == nil {
		t.Errorf("a pattern was met by %s", got)
	}
	if _, err := generated([]byte(`{"$ref":"#"}`), true); err != nil {
		t.Errorf("a schema that is itself: %v", err)
	}
}
