// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// results makes the folder that a suite leaves behind: the checks of each
// scenario, none for those that never ended.
func results(t *testing.T, checks map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for scenario, content := range checks {
		folder := filepath.Join(dir, "server-"+scenario+"-2026-11-21T01-02-03-004Z")
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if content == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, "checks.json"), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestVerdictsComeFromTheChecksOfEachScenario(t *testing.T) {
	dir := results(t, map[string]string{
		"tools":      `[{"id":"a","status":"SUCCESS"},{"id":"b","status":"INFO"},{"id":"c","status":"SKIPPED"}]`,
		"tools-call": `[{"id":"a","status":"SUCCESS"},{"id":"b","status":"FAILURE","errorMessage":"no text","details":{"got":1}}]`,
		"warned":     `[{"id":"w","status":"WARNING","errorMessage":"slow"}]`,
		"vacuous":    `[{"id":"v","status":"INFO","errorMessage":"not applicable"}]`,
		"empty":      `[]`,
		"hung":       "",
	})
	const failed = "FAILURE b: no text\n    {\"got\":1}"
	for _, test := range []struct {
		scenario string
		strict   bool
		want     []string
	}{
		{"tools", true, nil},
		{"tools-call", false, []string{failed}},
		{"warned", false, nil},
		{"warned", true, []string{"WARNING w: slow"}},
		{"vacuous", false, nil},
		{"vacuous", true, []string{"nothing was checked", "INFO v: not applicable"}},
		{"empty", true, []string{"nothing was checked"}},
		{"hung", false, []string{"did not come to an end; suite.log says why"}},
		{"absent", false, []string{"was not run"}},
	} {
		got, err := problemsOf(dir, test.scenario, test.strict)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s, strict %v: %q, %v; want %q", test.scenario, test.strict, got, err, test.want)
		}
	}
}

func TestExceptionsAreNotCountedAndMustStayTrue(t *testing.T) {
	dir := results(t, map[string]string{
		"fails":  `[{"id":"a","status":"FAILURE"}]`,
		"passes": `[{"id":"a","status":"SUCCESS"}]`,
	})
	l := leg{name: "leg", excepted: map[string]string{"fails": "reason", "passes": "reason"}}
	verdicts, err := judge(dir, []string{"fails", "passes"}, l)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	b := newBench(toolbox{}, site{}, &out)
	b.report("leg", dir, verdicts)
	if b.total != (tally{passed: 0, failed: 1}) {
		t.Errorf("total %v, want one failure: the stale exception", b.total)
	}
	for _, want := range []string{"not counted: fails: reason", "passes: passes: the exception is stale"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &out)
		}
	}
}

func TestSuiteThatFailsWithoutASayingSoIsAFailure(t *testing.T) {
	passed := []verdict{{scenario: "a"}}
	failed := []verdict{{scenario: "a", problems: []string{"x"}}}
	if got := doubt(errors.New("exit status 1"), passed, leg{suite: newest}); len(got) != 1 || len(got[0].problems) != 1 {
		t.Errorf("exit code 1 and no failure: %+v, want one problem", got)
	}
	for _, got := range [][]verdict{doubt(nil, passed, leg{}), doubt(errors.New("exit status 1"), failed, leg{})} {
		if len(got) != 0 {
			t.Errorf("got %+v, want no doubt", got)
		}
	}
}

func TestSuiteThatRunsNothingIsAFailure(t *testing.T) {
	verdicts, err := judge(t.TempDir(), nil, leg{})
	if err != nil || len(verdicts) != 1 || len(verdicts[0].problems) != 1 {
		t.Errorf("%+v, %v; want one problem", verdicts, err)
	}
}

func TestEveryKnownScenarioIsAccountedFor(t *testing.T) {
	known := []string{"run", "extension", "forgotten", "stale"}
	asked := map[string]bool{"run": true, "stale": true}
	var problems []string
	for _, v := range coverage(known, asked, map[string]string{"extension": "why", "stale": "why", "gone": "why"}) {
		if len(v.problems) > 0 {
			problems = append(problems, v.scenario)
		} else if v.scenario != "extension" || v.excepted != "why" {
			t.Errorf("unexpected %+v", v)
		}
	}
	if want := []string{"forgotten", "stale", "gone"}; !slices.Equal(problems, want) {
		t.Errorf("problems with %v, want %v", problems, want)
	}
}

func TestScenariosAreReadFromWhatTheSuiteSays(t *testing.T) {
	said := "Running all suite (2 scenarios) against x\n\n\n=== Running scenario: ping ===\nRunning client scenario 'ping'\n\n=== Running scenario: tools-list ===\n\n=== SUMMARY ===\n"
	if got, want := scenariosIn([]byte(said)), []string{"ping", "tools-list"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEmbeddedFilesAreReadable(t *testing.T) {
	x, err := readExceptions(exceptionsFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []map[string]string{x.Extensions, x.Bridge} {
		for name, reason := range list {
			if reason == "" {
				t.Errorf("%s is excepted without a reason", name)
			}
		}
		if len(list) == 0 {
			t.Error("a list of exceptions is empty: remove it")
		}
	}
	if _, err := readExceptions([]byte("extension: {}")); err == nil {
		t.Error("a misspelt section is accepted")
	}
	for _, what := range []string{"suites", "node"} {
		for _, file := range []string{"package.json", "package-lock.json"} {
			if data, err := pinned.ReadFile("npm/" + what + "/" + file); err != nil || len(data) == 0 {
				t.Errorf("%s of %s: %v", file, what, err)
			}
		}
	}
}

func TestRequirementsListScenariosOfServers(t *testing.T) {
	got, err := readRequirements([]byte("server:\n  - ping\nclient:\n  - x\nnot_scored:\n  - scenario: y\n    leg: client\n"))
	if err != nil || !slices.Equal(got, []string{"ping"}) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := readRequirements([]byte("client: [x]")); err == nil {
		t.Error("a file without scenarios of servers is accepted")
	}
}

func TestMissingToolsSkipUnlessRequired(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for require, want := range map[string]int{"": 0, "python": 0, "node": 2, "python,conformance": 2} {
		t.Setenv("REQUIRE", require)
		var out bytes.Buffer
		if code := run(t.Context(), &out, nil); code != want || !strings.Contains(out.String(), "npm") {
			t.Errorf("REQUIRE=%q: exit code %d, want %d; said %q", require, code, want, &out)
		}
	}
}

func TestReasonOfNpmIsShown(t *testing.T) {
	said := "npm warn old\nnpm error code ECONNREFUSED\nnpm error errno X\nnpm error FetchError\nnpm error Log files were not written\n"
	if got, want := reasonIn(said), "code ECONNREFUSED; errno X; FetchError"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMajorVersionsAreRead(t *testing.T) {
	for version, want := range map[string]int{"v22.23.3\n": 22, "v8.0.0": 8, "v100": 100, "": 0, "node": 0} {
		if got := majorOf(version); got != want {
			t.Errorf("%q: %d, want %d", version, got, want)
		}
	}
}

func TestProcessIsReadyWhenItSaysSoAndEndsWhenAsked(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	p, err := start(t.Context(), log, regexp.MustCompile(`http://\S+`), []string{
		sh, "-c", `trap 'echo bye; exit 0' INT; echo starting; echo "at http://host/mcp" >&2; while :; do sleep 0.05; done`,
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.url != "http://host/mcp" {
		t.Errorf("the url is %q", p.url)
	}
	if err := p.stop(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if said, _ := os.ReadFile(log); !strings.Contains(string(said), "starting\nat http://host/mcp\n") {
		t.Errorf("the log is %q", said)
	}
}

func TestProcessThatEndsEarlyIsAnError(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	_, err = start(context.Background(), filepath.Join(t.TempDir(), "log"), regexp.MustCompile(`ready`), []string{sh, "-c", "exit 3"})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v, want how it ended", err)
	}
}

func TestLookoutFindsALineInPieces(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	l := &lookout{log: file, pattern: regexp.MustCompile(`port=\d+`), found: make(chan string, 1)}
	for _, piece := range []string{"a line\npo", "rt=12", "34\nport=99\n"} {
		if n, err := l.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
	}
	if got := <-l.found; got != "port=1234" {
		t.Errorf("found %q, want the whole of the first match", got)
	}
}

func TestCommandLinesSurviveAShell(t *testing.T) {
	if got, want := quoted([]string{"/a b/c", "it's"}), `'/a b/c' 'it'\''s'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
