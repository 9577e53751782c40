// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// oldestNode is the first major version of Node.js that loads the suites.
	oldestNode = 22
	// installTimeout bounds one installation, downloads included.
	installTimeout = 5 * time.Minute
)

// pinned holds what npm installs.
//
//go:embed npm
var pinned embed.FS

// A toolbox is where the installed tools are.
type toolbox struct {
	node    string // the interpreter
	modules string // the suites' node_modules
}

// script is the path of a package's program.
func (t toolbox) script(pkg string) string {
	return filepath.Join(t.modules, pkg, "dist", "index.js")
}

// A missingError says what the machine lacks, so that nothing can be run.
type missingError struct{ err error }

func (e *missingError) Error() string { return e.err.Error() }
func (e *missingError) Unwrap() error { return e.err }

// install returns the suites and a Node.js that is new enough for them, from the
// cache or from npm.
func install(ctx context.Context, out io.Writer) (toolbox, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return toolbox{}, &missingError{err}
	}
	cache, err := cacheDir()
	if err != nil {
		return toolbox{}, err
	}
	modules, err := installOnce(ctx, npm, cache, "suites")
	if err != nil {
		return toolbox{}, &missingError{err}
	}
	node, err := findNode(ctx, npm, cache)
	if err != nil {
		return toolbox{}, &missingError{err}
	}
	fmt.Fprintf(out, "suites from %s, run by %s\n", modules, node)
	return toolbox{node: node, modules: modules}, nil
}

// findNode returns the machine's own node, or installs one if it is too old.
func findNode(ctx context.Context, npm, cache string) (string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return "", err
	}
	version, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("node --version: %w", err)
	}
	if majorOf(string(version)) >= oldestNode {
		return node, nil
	}
	modules, err := installOnce(ctx, npm, cache, "node")
	if err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(modules, "node-*", "bin", "node"))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("node is %s and npm has none for this platform: install version %d or newer",
			strings.TrimSpace(string(version)), oldestNode)
	}
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// majorOf returns 22 for "v22.1.0", and 0 for what is no version.
func majorOf(version string) int {
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(version), "v"), ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return n
}

// installOnce installs the packages that the embedded folder pins, if the cache
// does not have them, and returns their node_modules. It works beside the place
// and renames, so that what is there is whole; whoever does the same at the same
// time is content.
func installOnce(ctx context.Context, npm, cache, what string) (modules string, err error) {
	files, sum := map[string][]byte{}, sha256.New()
	for _, name := range []string{"package.json", "package-lock.json"} {
		if files[name], err = pinned.ReadFile(path.Join("npm", what, name)); err != nil {
			return "", err
		}
		sum.Write(files[name])
	}
	home := filepath.Join(cache, "npm-"+hex.EncodeToString(sum.Sum(nil)[:6]))
	modules = filepath.Join(home, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return modules, nil
	}
	draft, err := os.MkdirTemp(cache, "draft-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(draft)
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(draft, name), content, 0o644); err != nil {
			return "", err
		}
	}
	if err := npmInstall(ctx, npm, draft); err != nil {
		return "", err
	}
	err = os.Rename(draft, home)
	if _, there := os.Stat(modules); there == nil {
		return modules, nil
	}
	return "", err
}

func npmInstall(ctx context.Context, npm, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "ci", "--prefix", dir, "--ignore-scripts", "--no-audit", "--no-fund", "--logs-max=0")
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("npm ci: %w: %s", err, reasonIn(string(said)))
	}
	return nil
}

// reasonIn is what npm says first of its errors: later ones are advice.
func reasonIn(said string) string {
	const lines = 3
	var reason []string
	for line := range strings.Lines(said) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "npm error "); ok && len(reason) < lines {
			reason = append(reason, text)
		}
	}
	return strings.Join(reason, "; ")
}

// cacheDir returns the directory that tests share, and makes it.
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
