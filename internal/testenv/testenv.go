// SPDX-License-Identifier: Apache-2.0

// Package testenv turns what a machine happens to have installed into what a
// test needs, or into a reason to skip it. It knows interpreters and their
// packages, and nothing of mcphost.
//
// Two environment variables steer it. REQUIRE is a comma-separated list of what
// must be there ("python,node"): a test that lacks it fails instead of being
// skipped. MCPHOST_TEST_CACHE is the directory to keep installed packages in;
// default: mcphost-test in the user's cache directory.
package testenv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// installTimeout bounds the making of an environment, downloads included.
const installTimeout = 5 * time.Minute

// Require does nothing if err is nil. Otherwise it ends the test: as failed if
// REQUIRE names what, else as skipped.
func Require(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("REQUIRE"), ","), what) {
		t.Fatalf("%s: %v", what, err)
		return
	}
	t.Skipf("%s: %v", what, err)
}

// Python returns the path of a python3 with the packages that the file
// requirements lists. They are installed into a virtual environment, which later
// tests with the same list share.
func Python(t testing.TB, requirements string) string {
	t.Helper()
	python, err := pythonWith(t.Context(), requirements)
	Require(t, "python", err)
	return python
}

// Node returns the path of node.
func Node(t testing.TB) string {
	t.Helper()
	node, err := exec.LookPath("node")
	Require(t, "node", err)
	return node
}

// pythonWith finds the environment for the requirements, or makes it.
func pythonWith(ctx context.Context, requirements string) (string, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", err
	}
	list, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(list, python...))
	dir := filepath.Join(cache, "python-"+hex.EncodeToString(sum[:6]))
	if err := makeOnce(ctx, dir, python, requirements); err != nil {
		return "", err
	}
	return interpreter(dir), nil
}

// makeOnce makes the environment if it is not there. Of several processes that
// do so at once one wins, and all are content: a virtual environment may be
// moved as long as it is entered by its interpreter, not by its scripts.
func makeOnce(ctx context.Context, dir, python, requirements string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	draft, err := os.MkdirTemp(filepath.Dir(dir), "draft-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(draft)

	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	if err := run(ctx, python, "-m", "venv", draft); err != nil {
		return err
	}
	if err := run(ctx, interpreter(draft), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements); err != nil {
		return err
	}
	err = os.Rename(draft, dir)
	if _, there := os.Stat(dir); there == nil {
		return nil
	}
	return err
}

func interpreter(dir string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(dir, "Scripts", "python.exe")
	}
	return filepath.Join(dir, "bin", "python3")
}

// cacheDir returns the directory that outlives tests, and makes it.
func cacheDir() (string, error) {
	dir := os.Getenv("MCPHOST_TEST_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(user, "mcphost-test")
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// run runs a command and, when it fails, says what it said last.
func run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, lines[len(lines)-1])
}
