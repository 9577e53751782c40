// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host"
	"github.com/mcphost/mcphost/host/contract"
	"github.com/mcphost/mcphost/internal/testenv"
)

// An example is judged as an operator configures it. EMPTY in its settings
// stands for an empty file, which is a database, too.
type example struct{ lang, settings string }

func (e example) configured(t *testing.T) []byte {
	t.Helper()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return []byte(strings.ReplaceAll(e.settings, "EMPTY", empty))
}

// works are the plugins for real work.
func works() map[string]example {
	return map[string]example{
		"content-search":    {"rust", `{"root":"."}`},
		"http-api":          {"typescript", `{"base_url":"http://127.0.0.1:1"}`},
		"sqlite-query-java": {"java", `{"database":"EMPTY"}`},
		"text-analytics":    {"python", `{"root":"samples"}`},
	}
}

// What "mcphost plugin test" asks of any plugin, every example keeps.
func TestEveryExampleIsJudgedWell(t *testing.T) {
	judged := works()
	for _, lang := range languages() {
		judged["tour-"+lang] = example{lang, `{}`}
	}
	for _, lang := range []string{"typescript", "cpp"} {
		judged["hello-"+lang] = example{lang, `{}`}
	}
	for name, ex := range judged {
		t.Run(name, func(t *testing.T) {
			plugin, err := host.PluginAt(testenv.Plugin(t, ex.lang, "..", name))
			if err != nil {
				t.Fatal(err)
			}
			plugin.Settings = ex.configured(t)
			report, err := contract.Run(t.Context(), contract.Options{Plugin: plugin})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Results {
				if r.Verdict == contract.Fail || r.Verdict == contract.Warn {
					t.Errorf("%s: %s: %s", r.Rule, r.Verdict, r.Detail)
				}
			}
			t.Logf("%d passed, %d skipped", report.Count(contract.Pass), report.Count(contract.Skip))
		})
	}
}

func TestPluginsForRealWorkPassTheirOwnTests(t *testing.T) {
	for name, ex := range works() {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "make", "test")
			cmd.Dir = testenv.Plugin(t, ex.lang, "..", name)
			cmd.Env = append(cmd.Environ(), testenv.Builder(t, ex.lang)...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("make test: %v\n%s", err, out)
			}
		})
	}
}
