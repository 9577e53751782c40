// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The packages that npm installs the suites as.
const (
	newest = "conformance-next"
	stable = "conformance-stable"
)

// legTimeout bounds one run of a suite, which bounds each scenario by itself.
const legTimeout = 15 * time.Minute

// A leg is one run of a suite.
type leg struct {
	name         string
	suite        string // newest or stable
	requirements string // a revision, whose required scenarios alone count
	version      string // or a version, in which all that apply count, warnings too
	excepted     map[string]string
}

// legsOverHTTP are made against one process on one URL.
func legsOverHTTP() []leg {
	return []leg{
		{name: "http/requirements-2026-07-28", suite: newest, requirements: "2026-07-28"},
		{name: "http/requirements-2025-11-25", suite: newest, requirements: "2025-11-25"},
		{name: "http/strict-2026-07-28", suite: newest, version: "2026-07-28"},
		{name: "http/strict-2025-11-25", suite: newest, version: "2025-11-25"},
		{name: "http/strict-2025-06-18", suite: newest, version: "2025-06-18"},
		{name: "http/strict-2025-03-26", suite: newest, version: "2025-03-26"},
		{name: "http/stable", suite: stable},
	}
}

// legsOverPipe are made against a bridge.
func legsOverPipe(excepted map[string]string) []leg {
	return []leg{
		{name: "pipe/requirements-2026-07-28", suite: newest, requirements: "2026-07-28", excepted: excepted},
		{name: "pipe/requirements-2025-11-25", suite: newest, requirements: "2025-11-25", excepted: excepted},
	}
}

// A tally counts scenarios, each once for each leg; excepted ones are neither.
type tally struct{ passed, failed int }

func (t tally) String() string { return fmt.Sprintf("%d passed, %d failed", t.passed, t.failed) }

// A bench makes the legs and reports what comes of them.
type bench struct {
	tools toolbox
	site  site
	out   io.Writer

	total tally
	asked map[string]bool // the scenarios that counted in any leg
}

func newBench(tools toolbox, s site, out io.Writer) *bench {
	return &bench{tools: tools, site: s, out: out, asked: map[string]bool{}}
}

// runAll makes the legs that the filter lets through. An error means that they
// could not be made.
func (b *bench) runAll(ctx context.Context, filter *regexp.Regexp) (tally, error) {
	x, err := readExceptions(exceptionsFile)
	if err != nil {
		return b.total, err
	}
	startHost := func() (*process, error) { return b.site.startHost(ctx) }
	startBridge := func() (*process, error) { return b.site.startBridge(ctx, b.tools) }
	overHTTP, overPipe := legsOverHTTP(), legsOverPipe(x.Bridge)
	if err := b.runLegs(ctx, startHost, chosen(overHTTP, filter)); err != nil {
		return b.total, err
	}
	if err := b.runLegs(ctx, startBridge, chosen(overPipe, filter)); err != nil {
		return b.total, err
	}
	if len(chosen(overHTTP, filter)) < len(overHTTP) {
		return b.total, nil // nothing can be said of what was not asked
	}
	known, err := b.knownScenarios(ctx)
	if err != nil {
		return b.total, err
	}
	b.report("coverage", b.site.dir, coverage(known, b.asked, x.Extensions))
	return b.total, nil
}

func chosen(legs []leg, filter *regexp.Regexp) []leg {
	return slices.DeleteFunc(slices.Clone(legs), func(l leg) bool { return !filter.MatchString(l.name) })
}

// runLegs makes legs against one server, which it starts and stops.
func (b *bench) runLegs(ctx context.Context, start func() (*process, error), legs []leg) (err error) {
	if len(legs) == 0 {
		return nil
	}
	server, err := start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	for _, l := range legs {
		if err := b.runLeg(ctx, server.url, l); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	return nil
}

// runLeg runs a suite once and reports what came of each scenario that counts.
func (b *bench) runLeg(ctx context.Context, url string, l leg) error {
	dir := filepath.Join(b.site.dir, l.name)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, legTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.tools.node, append([]string{b.tools.script(l.suite)}, l.args(url, dir, b.site.strict())...)...)
	said, runErr := cmd.CombinedOutput()
	if err := os.WriteFile(filepath.Join(dir, "suite.log"), said, 0o644); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ran := scenariosIn(said)
	counted := ran
	if l.requirements != "" {
		var err error
		if counted, err = b.required(l.requirements); err != nil {
			return err
		}
	}
	verdicts, err := judge(dir, counted, l)
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		b.asked[v.scenario] = true
	}
	b.report(l.name, dir, append(verdicts, doubt(runErr, verdicts, l)...))
	return nil
}

// args is the command line of a leg's suite.
func (l leg) args(url, dir, strict string) []string {
	args := []string{"server", "--url", url, "-o", dir}
	switch {
	case l.requirements != "":
		return append(args, "--requirements", l.requirements)
	case l.version != "":
		return append(args, "--suite", "all", "--spec-version", l.version, "--expected-failures", strict)
	default:
		return append(args, "--suite", "all")
	}
}

// report counts verdicts and writes one line, then the details of failures and
// the reasons of exceptions.
func (b *bench) report(name, dir string, verdicts []verdict) {
	var sum tally
	var details []string
	excepted := 0
	for _, v := range verdicts {
		switch {
		case len(v.problems) > 0:
			sum.failed++
			for _, problem := range v.problems {
				details = append(details, v.scenario+": "+problem)
			}
		case v.excepted != "":
			excepted++
			details = append(details, "not counted: "+v.scenario+": "+v.excepted)
		default:
			sum.passed++
		}
	}
	if sum.failed > 0 {
		details = append(details, "all of it: "+dir)
	}
	b.total.passed += sum.passed
	b.total.failed += sum.failed
	fmt.Fprintf(b.out, "%-30s %s, %d not counted\n", name, sum, excepted)
	for _, line := range details {
		fmt.Fprintf(b.out, "  %s\n", line)
	}
}

// required are the scenarios that a revision's requirements list.
func (b *bench) required(revision string) ([]string, error) {
	file := filepath.Join(b.tools.modules, newest, "requirements", revision+".yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return readRequirements(data)
}

// knownScenarios are those of the newest suite.
func (b *bench) knownScenarios(ctx context.Context) ([]string, error) {
	said, err := exec.CommandContext(ctx, b.tools.node, b.tools.script(newest), "list", "--server").Output()
	if err != nil {
		return nil, fmt.Errorf("list the scenarios: %w", err)
	}
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^  - (\S+)`).FindAllSubmatch(said, -1) {
		names = append(names, string(match[1]))
	}
	return names, nil
}

// coverage accounts for every scenario that a suite knows: it was asked for, or
// an exception says why not.
func coverage(known []string, asked map[string]bool, extensions map[string]string) []verdict {
	var verdicts []verdict
	for _, name := range known {
		reason, listed := extensions[name]
		v := verdict{scenario: name}
		switch {
		case asked[name] && listed:
			v.problems = []string{"was run: the exception is stale"}
		case asked[name]:
			continue
		case !listed:
			v.problems = []string{"was not run and is not among the exceptions"}
		default:
			v.excepted = reason
		}
		verdicts = append(verdicts, v)
	}
	for _, name := range slices.Sorted(maps.Keys(extensions)) {
		if !slices.Contains(known, name) {
			verdicts = append(verdicts, verdict{scenario: name, problems: []string{"is an exception that the suite does not know"}})
		}
	}
	return verdicts
}

// scenariosIn are those that a suite says it ran.
func scenariosIn(said []byte) []string {
	var names []string
	for line := range strings.Lines(string(said)) {
		if rest, ok := strings.CutPrefix(line, "=== Running scenario: "); ok {
			names = append(names, strings.TrimSuffix(strings.TrimSpace(rest), " ==="))
		}
	}
	return names
}
