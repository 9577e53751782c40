// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"
)

//go:embed exceptions.yaml
var exceptionsFile []byte

// maxDetails is how much of a failed check's details is shown, in bytes.
const maxDetails = 600

// A verdict is what came of one scenario in one leg.
type verdict struct {
	scenario string
	problems []string // none: it passed
	excepted string   // why its failure does not count; empty: it counts
}

// exceptions are the scenarios that need not pass, with their reasons.
type exceptions struct {
	Extensions map[string]string `yaml:"extensions"` // apply to servers that declare them
	Bridge     map[string]string `yaml:"bridge"`     // fail through the bridge
}

func readExceptions(data []byte) (exceptions, error) {
	var x exceptions
	if err := yaml.UnmarshalWithOptions(data, &x, yaml.DisallowUnknownField()); err != nil {
		return x, fmt.Errorf("exceptions: %w", err)
	}
	return x, nil
}

// readRequirements returns the scenarios of a server that a frozen file lists.
func readRequirements(data []byte) ([]string, error) {
	var file struct {
		Server []string `yaml:"server"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("requirements: %w", err)
	}
	if len(file.Server) == 0 {
		return nil, errors.New("requirements: no server scenario is listed")
	}
	return file.Server, nil
}

// judge reads what a suite left in dir about each scenario that counts.
func judge(dir string, counted []string, l leg) ([]verdict, error) {
	if len(counted) == 0 {
		return []verdict{{scenario: "suite", problems: []string{"ran no scenario"}}}, nil
	}
	var verdicts []verdict
	for _, name := range counted {
		problems, err := problemsOf(dir, name, l.version != "")
		if err != nil {
			return nil, err
		}
		v := verdict{scenario: name, problems: problems}
		reason, excepted := l.excepted[name]
		switch {
		case excepted && len(problems) > 0:
			v.problems, v.excepted = nil, reason
		case excepted:
			v.problems = []string{"passes: the exception is stale"}
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// doubt holds a suite that says something else than its results do against them.
func doubt(runErr error, verdicts []verdict, l leg) []verdict {
	clean := !slices.ContainsFunc(verdicts, func(v verdict) bool {
		return len(v.problems) > 0 || v.excepted != ""
	})
	if runErr == nil || !clean {
		return nil
	}
	return []verdict{{scenario: "suite", problems: []string{fmt.Sprintf("%s: %v, though no scenario failed", l.suite, runErr)}}}
}

// A check is one assertion of a scenario, as the suites write it.
type check struct {
	ID      string          `json:"id"`
	Status  string          `json:"status"`
	Message string          `json:"errorMessage"`
	Details json.RawMessage `json:"details"`
}

// problemsOf returns what is wrong with a scenario: what its checks say, or that
// it left none.
func problemsOf(dir, scenario string, strict bool) ([]string, error) {
	// The folder's name ends with the time of the run.
	mine := regexp.MustCompile(`^server-` + regexp.QuoteMeta(scenario) + `-\d{4}-\d\d-\d\dT`)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(entries, func(e os.DirEntry) bool { return mine.MatchString(e.Name()) })
	if i < 0 {
		return []string{"was not run"}, nil
	}
	data, err := os.ReadFile(filepath.Join(dir, entries[i].Name(), "checks.json"))
	if errors.Is(err, os.ErrNotExist) {
		return []string{"did not come to an end; suite.log says why"}, nil
	}
	if err != nil {
		return nil, err
	}
	var checks []check
	if err := json.Unmarshal(data, &checks); err != nil {
		return nil, fmt.Errorf("results of %s: %w", scenario, err)
	}
	return weigh(checks, strict), nil
}

// weigh returns what the checks of a scenario hold against it: failures, and in
// strict mode warnings, or that nothing applied, which the suite calls passed.
func weigh(checks []check, strict bool) []string {
	var problems, others []string
	succeeded := false
	for _, c := range checks {
		switch {
		case c.Status == "SUCCESS":
			succeeded = true
		case c.Status == "FAILURE", strict && c.Status == "WARNING":
			problems = append(problems, c.String())
		default:
			others = append(others, c.String())
		}
	}
	if strict && !succeeded && len(problems) == 0 {
		return append([]string{"nothing was checked"}, others...)
	}
	return problems
}

func (c check) String() string {
	text := fmt.Sprintf("%s %s: %s", c.Status, c.ID, c.Message)
	if len(c.Details) == 0 {
		return text
	}
	details := string(c.Details)
	if len(details) > maxDetails {
		details = details[:maxDetails] + "..."
	}
	return text + "\n    " + details
}
