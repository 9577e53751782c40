// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mcphost/mcphost/host/contract"
)

type contractFlags struct {
	run, skip string
	timeout   time.Duration
	calls     int
	settings  []string
	asJSON    bool
	junit     string
	list      bool
}

func (a *app) pluginTestCommand() *cobra.Command {
	var f contractFlags
	cmd := &cobra.Command{
		Use:   "test PATH",
		Short: "Put a plugin through all that the host expects of it",
		Long: `test starts the plugin at PATH, an executable or a folder with a plugin.yaml, as
the host would, and judges it by a list of rules: handshake, services, lists and
schemas, calls with made-up arguments, shutdown, what it costs. Only tools that
say that they change nothing (the annotation read_only) are called.

Settings come from the entry of the plugin's name in the configuration file, if
any, and from --set. A rule that fails ends the command with exit code 1, and so
does an interrupt.`,
		Example: `  mcphost plugin test .
  mcphost plugin test ./bin/hello --run '^calls/'
  mcphost plugin test . --junit report.xml --json > report.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return noArgs(cmd, args)
			}
			return oneArg("the path of an executable or of a folder with a plugin.yaml")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return a.contractRules(f.asJSON)
			}
			return a.pluginTest(cmd.Context(), args[0], &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.run, "run", "", "only rules whose ID matches this regular expression")
	flags.StringVar(&f.skip, "skip", "", "no rules whose ID matches this regular expression")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "until the plugin must have started")
	flags.IntVar(&f.calls, "calls", 300, "how many calls memory and latency are measured with")
	flags.StringArrayVar(&f.settings, "set", nil, "setting name=value of the plugin, as JSON or else text; may be repeated")
	flags.BoolVar(&f.asJSON, "json", false, "print the report as JSON")
	flags.StringVar(&f.junit, "junit", "", "write the report to this file as JUnit XML")
	flags.BoolVar(&f.list, "list", false, "list the rules instead")
	return cmd
}

func (a *app) contractRules(asJSON bool) error {
	if asJSON {
		return a.printValue(contract.Rules())
	}
	var b strings.Builder
	for _, r := range contract.Rules() {
		fmt.Fprintf(&b, "%-24s %s (%s)\n", r.Rule, r.Title, r.Basis)
	}
	return a.print([]byte(b.String()))
}

func (a *app) pluginTest(ctx context.Context, path string, f *contractFlags) error {
	opts, err := a.contractOptions(path, f)
	if err != nil {
		return withCode(exitUsage, err)
	}
	if !f.asJSON {
		opts.Progress = (&contractPrinter{print: func(text string) { _ = a.print([]byte(text)) }}).result // the closing line tells
	}
	report, err := contract.Run(ctx, opts)
	if errors.Is(err, contract.ErrSettings) {
		err = fmt.Errorf("%w: settings are what --set name=value and its entry in mcphost.yaml give", err)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return interrupted(ctx, "plugin test")
	case err != nil:
		return withCode(exitUsage, fmt.Errorf("plugin test: %w", err))
	}
	return a.contractReport(report, f)
}

func (a *app) contractOptions(path string, f *contractFlags) (contract.Options, error) {
	cfg, _, err := a.onePlugin(path, f.settings)
	if err != nil {
		return contract.Options{}, err
	}
	opts := contract.Options{Plugin: cfg.Plugins[0], StartTimeout: f.timeout, Calls: f.calls}
	if opts.Run, err = ruleExpression("--run", f.run); err != nil {
		return opts, err
	}
	if opts.Skip, err = ruleExpression("--skip", f.skip); err != nil {
		return opts, err
	}
	if f.calls < 1 {
		return opts, errors.New("plugin test: --calls must be 1 or more")
	}
	if f.timeout <= 0 {
		return opts, errors.New("plugin test: --timeout must be more than 0, such as 30s")
	}
	return opts, nil
}

// ruleExpression is nil if there is none.
func ruleExpression(flag, text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	expression, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("plugin test: %s: %w", flag, err)
	}
	return expression, nil
}

// marks stand before the results for people.
func mark(v contract.Verdict) string {
	switch v {
	case contract.Pass:
		return "✓"
	case contract.Fail:
		return "✗"
	case contract.Warn:
		return "!"
	}
	return "-"
}

// A contractPrinter shows people the results, group by group. Of a plugin that does
// not start, it leaves out the rules that had nothing to judge: one has failed for
// all of them.
type contractPrinter struct {
	print func(text string)
	group string
	told  bool // that rules are left out
}

func (p *contractPrinter) result(r contract.Result) {
	if r.Blocked && r.Verdict == contract.Skip {
		if !p.told {
			p.told = true
			p.print("the other rules cannot be judged, since the plugin does not start\n")
		}
		return
	}
	group, _, _ := strings.Cut(r.Rule, "/")
	if group != p.group {
		p.group = group
		p.print(group + "\n")
	}
	p.print(resultLine(r))
}

// longList is how many results people look through without losing a failure.
const longList = 20

// contractClosing is what the results end with: the failures once more, if they may have
// gone by, and the numbers.
func contractClosing(report *contract.Report) string {
	var b strings.Builder
	failed := report.Count(contract.Fail)
	if shown := len(report.Results) - contractBlocked(report); failed > 0 && shown > longList {
		b.WriteString("failed\n")
		for _, r := range report.Results {
			if r.Verdict == contract.Fail {
				b.WriteString(resultLine(r))
			}
		}
	}
	fmt.Fprintf(&b, "%s: %d passed, %d failed, %d warnings, %d skipped\n", report.Plugin,
		report.Count(contract.Pass), failed, report.Count(contract.Warn), report.Count(contract.Skip))
	return b.String()
}

// contractBlocked counts the rules that had nothing to judge.
func contractBlocked(report *contract.Report) int {
	n := 0
	for _, r := range report.Results {
		if r.Blocked {
			n++
		}
	}
	return n
}

func resultLine(r contract.Result) string {
	line := fmt.Sprintf("  %s %s %s", mark(r.Verdict), r.Rule, r.Title)
	switch {
	case r.Verdict == contract.Pass && r.Detail != "":
		line += " (" + oneLine(r.Detail) + ")"
	case r.Verdict != contract.Pass:
		line += "\n      " + oneLine(r.Detail)
		if r.Verdict != contract.Skip {
			line += "\n      see " + r.Basis
		}
	}
	return line + "\n"
}

// contractReport prints and writes what came out, and makes failures the error.
func (a *app) contractReport(report *contract.Report, f *contractFlags) error {
	if f.junit != "" {
		if err := os.WriteFile(f.junit, junit(report), 0o644); err != nil {
			return fmt.Errorf("plugin test: %w", err)
		}
	}
	failed := report.Count(contract.Fail)
	if f.asJSON {
		if err := a.printValue(report); err != nil {
			return err
		}
	} else if err := a.print([]byte(contractClosing(report))); err != nil {
		return err
	}
	if failed > 0 {
		return withCode(exitFailure, fmt.Errorf("plugin test: %s does not keep the contract", report.Plugin))
	}
	return nil
}

// junit is the report as continuous integration reads it. Warnings are output.
func junit(report *contract.Report) []byte {
	type message struct {
		Message string `xml:"message,attr"`
	}
	type testcase struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Time    string   `xml:"time,attr"`
		Failure *message `xml:"failure,omitempty"`
		Skipped *message `xml:"skipped,omitempty"`
		Out     string   `xml:"system-out,omitempty"`
	}
	suite := struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Cases    []testcase `xml:"testcase"`
	}{Name: report.Plugin, Tests: len(report.Results), Failures: report.Count(contract.Fail), Skipped: report.Count(contract.Skip)}
	for _, r := range report.Results {
		c := testcase{Name: r.Rule + ": " + r.Title, Class: report.Plugin, Time: fmt.Sprintf("%.3f", float64(r.TookMS)/1000)}
		switch r.Verdict {
		case contract.Fail:
			c.Failure = &message{r.Detail + "; see " + r.Basis}
		case contract.Skip:
			c.Skipped = &message{r.Detail}
		default:
			c.Out = r.Detail
		}
		suite.Cases = append(suite.Cases, c)
	}
	data, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return nil // plain values always have a form
	}
	return append([]byte(xml.Header), append(data, '\n')...)
}
