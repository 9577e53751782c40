// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	buildTimeout = 15 * time.Minute // of one plugin, with all that it needs
	forgetAfter  = 24 * time.Hour   // then what was built of older sources goes
)

// builtBy names, for each language, what Require calls it, and the tool without
// which nothing can be built.
func builtBy(lang string) (what, tool string) {
	switch lang {
	case "go":
		return "go", "go"
	case "python":
		return "python", "python3"
	case "typescript":
		return "node", "npm"
	case "rust":
		return "rust", "cargo"
	case "java":
		return "java", "mvn"
	case "cpp":
		return "cpp", "grpc_cpp_plugin"
	}
	return lang, lang
}

// Plugin builds the example of that name, which is written in lang, as its
// README says, and returns its folder. It is built in a copy beside a copy of
// the author kit, once for each state of their sources; what was built is kept
// in the cache. root is the folder of the module. What is missing counts as
// "python", "node", "rust", "java" or "cpp" for Require.
func Plugin(t testing.TB, lang, root, name string) (dir string) {
	t.Helper()
	what, tool := builtBy(lang)
	dir, err := pluginIn(t.Context(), lang, tool, root, name)
	Require(t, what, err)
	return dir
}

// NameOf is what Require calls the tools of a language.
func NameOf(lang string) string {
	what, _ := builtBy(lang)
	return what
}

// Builder returns what "make" in a project of that language needs in its
// environment besides what there is, so that all projects share what was built
// for one. Missing tools count under NameOf(lang) for Require.
func Builder(t testing.TB, lang string) (env []string) {
	t.Helper()
	what, tool := builtBy(lang)
	cache, err := cacheDir()
	for _, needed := range []string{"make", tool} {
		_, missing := exec.LookPath(needed)
		err = errors.Join(err, missing)
	}
	Require(t, what, err)
	return builderEnv(cache)
}

// builderEnv: Rust's compiler has one cache for all plugins.
func builderEnv(cache string) []string {
	return []string{"CARGO_TARGET_DIR=" + filepath.Join(cache, "cargo")}
}

func pluginIn(ctx context.Context, lang, tool, root, name string) (string, error) {
	for _, needed := range []string{"make", tool} {
		if _, err := exec.LookPath(needed); err != nil {
			return "", err
		}
	}
	if lang == "go" {
		return goPlugin(ctx, root, name)
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	sources, err := sourcesOf(root, filepath.Join("examples", name), filepath.Join("pluginapi", lang), "proto")
	if err != nil {
		return "", err
	}
	home := filepath.Join(cache, "plugin-"+name+"-"+digest(sources))
	unlock, err := lock(home + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	dir := filepath.Join(home, "examples", name)
	done := filepath.Join(home, "built")
	if _, err := os.Stat(done); err == nil {
		return dir, nil
	}
	forget(cache, name, home)
	if err := errors.Join(os.RemoveAll(home), copyAll(home, sources)); err != nil {
		return "", err
	}
	if err := makePlugin(ctx, cache, dir); err != nil {
		return "", err
	}
	return dir, os.WriteFile(done, nil, 0o644)
}

// goPlugin builds in the module itself: the go command has a cache of its own.
func goPlugin(ctx context.Context, root, name string) (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "go-"+name)
	unlock, err := lock(dir + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	manifest, err := os.ReadFile(filepath.Join(root, "examples", name, "plugin.yaml"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "plugin.yaml"), manifest, 0o644); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, "bin", name), "./examples/"+name)
	cmd.Dir = root
	return dir, spoken(cmd)
}

// makePlugin runs "make build".
func makePlugin(ctx context.Context, cache, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "make", "build")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), builderEnv(cache)...)
	return spoken(cmd)
}

// spoken runs a command and, when it fails, says the last that it said.
func spoken(cmd *exec.Cmd) error {
	const last = 2000
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w:\n%s", strings.Join(cmd.Args, " "), err, out[max(0, len(out)-last):])
}

// sourcesOf reads the files below some folders, but for what was built. They are
// named relative to root. A folder that is not there has none.
func sourcesOf(root string, folders ...string) (map[string][]byte, error) {
	sources := map[string][]byte{}
	for i, folder := range folders {
		top := filepath.Join(root, folder)
		if _, err := os.Stat(top); i > 0 && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && built(entry.Name()):
				return filepath.SkipDir
			case !entry.Type().IsRegular():
				return nil
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			sources[name], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// built reports whether tools fill folders of that name.
func built(name string) bool {
	return slices.Contains([]string{".venv", "node_modules", "target", "dist", "bin", "build", "__pycache__"}, name) ||
		strings.HasSuffix(name, ".egg-info") || strings.HasSuffix(name, "_cache")
}

func digest(sources map[string][]byte) string {
	names := make([]string, 0, len(sources))
	for name := range sources {
		names = append(names, name)
	}
	slices.Sort(names)
	sum := sha256.New()
	for _, name := range names {
		fmt.Fprintf(sum, "%s %d\n", name, len(sources[name]))
		sum.Write(sources[name])
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

func copyAll(home string, sources map[string][]byte) error {
	for name, content := range sources {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(string(content), "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(path, content, mode); err != nil {
			return err
		}
	}
	return nil
}

// forget removes what was built of older sources of the example.
func forget(cache, name, home string) {
	others, _ := filepath.Glob(filepath.Join(cache, "plugin-"+name+"-*"))
	for _, other := range others {
		if info, err := os.Stat(other); err == nil && !strings.HasPrefix(other, home) && time.Since(info.ModTime()) > forgetAfter {
			_ = os.RemoveAll(other) // another day, then
		}
	}
}
