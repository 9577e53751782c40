// SPDX-License-Identifier: Apache-2.0

// Package schematest holds messages against the published JSON Schemas of MCP,
// each message against that of the version it was sent in. It turns what a test
// transport carries into test failures that name what is wrong and where. It
// knows JSON-RPC, the schemas and the names of MCP's versions, and nothing of
// mcphost.
//
// The schemas lie in a folder "shared/schema" beside the module or above it.
// Where there is none nothing is checked, and the test's log says so; with
// "schema" in the comma-separated environment variable REQUIRE it is a failure.
package schematest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Versions are the protocol versions that have a schema, oldest first.
func Versions() []string {
	return []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}
}

// A Checker reports messages that are not of their version as failures of its
// test, which must not be over. It is safe for concurrent use.
type Checker struct {
	t      testing.TB
	loaded *schemas // nil where there are none
}

// schemas are read and compiled when they are first needed.
type schemas struct {
	dir string // where they lie

	mu       sync.Mutex
	versions map[string]*version
}

// New returns a Checker that reports to t.
func New(t testing.TB) *Checker {
	t.Helper()
	dir, err := find()
	switch {
	case err == nil:
		return &Checker{t: t, loaded: &schemas{dir: dir, versions: make(map[string]*version)}}
	case slices.Contains(strings.Split(os.Getenv("REQUIRE"), ","), "schema"):
		t.Fatalf("schema: %v", err)
	default:
		t.Logf("schema: messages are not checked against the schemas of MCP: %v", err)
	}
	return &Checker{t: t}
}

// For returns the same Checker for another test, such as a subtest: it shares
// what has been compiled.
func (c *Checker) For(t testing.TB) *Checker { return &Checker{t: t, loaded: c.loaded} }

// Server checks a message that a server has sent in this version. method is that
// of the request which the message answers, and is not looked at for requests
// and notifications.
func (c *Checker) Server(version, method string, message []byte) {
	c.t.Helper()
	if err := c.Check(version, method, message); err != nil {
		c.t.Errorf("not a message of version %s: %v\n%s", version, err, message)
	}
}

// Check is Server, but returns what is wrong. It returns nil where there are no
// schemas.
func (c *Checker) Check(version, method string, message []byte) error {
	if c.loaded == nil {
		return nil
	}
	v, err := c.loaded.version(version)
	if err != nil {
		return err
	}
	m, err := parse(message)
	if err != nil {
		return err
	}
	if m.fields["jsonrpc"] != "2.0" {
		return errors.New(`"jsonrpc" is not "2.0"`)
	}
	switch has := m.has; {
	case has("method") && has("id"):
		return v.request(m)
	case has("method"):
		return v.notification(m)
	case has("error") && !has("result"):
		return v.failure(m)
	case has("result") && !has("error"):
		return c.result(v, method, m)
	}
	return errors.New("neither a request, a notification nor a response")
}

// result checks a response that is no error. One to a method that no version
// knows, which an extension may bring, must only be a result at all.
func (c *Checker) result(v *version, method string, m message) error {
	if err := v.validate(v.resultEnvelope, m.fields); err != nil {
		return err
	}
	if _, known := v.results[method]; known {
		return v.result(method, m)
	}
	for _, name := range Versions() {
		other, err := c.loaded.version(name)
		if err != nil {
			return err
		}
		if _, known := other.results[method]; known {
			return fmt.Errorf("a result for %s, which this version does not have", method)
		}
	}
	return v.validate("Result", m.fields["result"])
}

func (s *schemas) version(name string) (*version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.versions[name]; v != nil {
		return v, nil
	}
	if !slices.Contains(Versions(), name) {
		return nil, fmt.Errorf("there is no version %q", name)
	}
	v, err := load(filepath.Join(s.dir, "mcp-"+name+".schema.json"))
	if err != nil {
		return nil, fmt.Errorf("schema of version %s: %w", name, err)
	}
	s.versions[name] = v
	return v, nil
}

// find returns the folder of the schemas.
func find() (string, error) {
	dir, err := moduleRoot()
	if err != nil {
		return "", err
	}
	for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
		schemas := filepath.Join(parent, "shared", "schema")
		if _, err := os.Stat(schemas); err == nil {
			return schemas, nil
		}
	}
	return "", errors.New("no folder shared/schema beside the module or above it")
}

// moduleRoot returns the folder of go.mod above the one that the test runs in.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("the test runs outside of a module")
		}
		dir = parent
	}
}
