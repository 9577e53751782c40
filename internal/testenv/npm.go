// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// NPM installs the packages that package.json and package-lock.json in dir ask
// for, and returns the path of node_modules. They are kept in the cache, where
// later tests with the same two files share them. What is missing counts as
// "node" for Require.
func NPM(t testing.TB, dir string) (nodeModules string) {
	t.Helper()
	nodeModules, err := packagesOf(t.Context(), dir)
	Require(t, "node", err)
	return nodeModules
}

// packagesOf finds the packages that dir asks for, or installs them.
func packagesOf(ctx context.Context, dir string) (nodeModules string, err error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	files := make(map[string][]byte)
	sum := sha256.New()
	for _, name := range []string{"package.json", "package-lock.json"} {
		if files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return "", err
		}
		sum.Write(files[name])
	}
	home := filepath.Join(cache, "npm-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	if err := installOnce(ctx, npm, home, files); err != nil {
		return "", err
	}
	return filepath.Join(home, "node_modules"), nil
}

// installOnce installs into home if it is not there. It works beside it and
// renames, so that home is always whole; whoever else does the same is content.
func installOnce(ctx context.Context, npm, home string, files map[string][]byte) error {
	if _, err := os.Stat(home); err == nil {
		return nil
	}
	draft, err := os.MkdirTemp(filepath.Dir(home), "draft-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(draft)
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(draft, name), content, 0o644); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	// Without a log file the last line that npm prints is its reason to fail.
	if err := run(ctx, npm, "ci", "--prefix", draft, "--ignore-scripts", "--no-audit", "--no-fund", "--logs-max=0"); err != nil {
		return err
	}
	err = os.Rename(draft, home)
	if _, there := os.Stat(home); there == nil {
		return nil
	}
	return err
}
