// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package interop_test runs the program as it is installed, under clients that
// were written elsewhere: the official Go, TypeScript and Python ones, that of
// mcp-go, the Inspector, a shell, a plain HTTP client, and an operator who kills
// things. It knows what the program
// promises and nothing of how it keeps it. It runs where a process can be told
// to stop by a signal, so not on Windows.
package interop_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mcphost/mcphost/internal/testenv"
)

const (
	// patience bounds a test that hangs; no promise is this long.
	patience = 2 * time.Minute

	modernVersion = "2026-07-28"
	legacyVersion = "2025-11-25"

	plantedText = "The owl and the pussy-cat went to sea.\n"
)

// TestMain builds the program and its plugins and puts them first on the PATH,
// where the tests and the shells they start find them.
func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "mcphost-interop-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "make a directory for the programs:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	const module = "github.com/mcphost/mcphost/"
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator),
		module+"cmd/mcphost", module+"plugins/files", module+"plugins/conformance",
		module+"examples/hello-go", module+"cmd/mcphost/interop/testdata/asker")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the programs: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH")); err != nil {
		fmt.Fprintln(os.Stderr, "set the path:", err)
		return 1
	}
	return m.Run()
}

// A site is a place where mcphost is installed: plugins, a configuration, and a
// folder with one planted file that the plugin "files" may read.
type site struct {
	config  string // path of mcphost.yaml
	planted string // path of the file that holds plantedText
	root    string // the folder it is in
	greeter string // the plugin with greet and count: in Python, or in Go without it
}

// newSite installs files, hello-go and, where there is a Python, hello-python.
// One call at a time per greeter shows that a cancelled call has really ended.
func newSite(t *testing.T) site {
	t.Helper()
	dir := t.TempDir()
	s := site{
		config:  filepath.Join(dir, "mcphost.yaml"),
		planted: filepath.Join(dir, "root", "owl.txt"),
		root:    filepath.Join(dir, "root"),
		greeter: "hello-go",
	}
	install(t, dir, "files")
	install(t, dir, "hello-go")
	if installPython(t, dir) {
		s.greeter = "hello-python"
	}
	write(t, s.planted, plantedText)
	write(t, s.config, fmt.Sprintf(`
plugin_dirs: [plugins]
wait: all
plugins:
  files:
    settings: {roots: [%q]}
  %s:
    limits: {max_concurrent: 1}
`, s.root, s.greeter))
	return s
}

// install copies a built program into the plugin directory.
func install(t *testing.T, dir, program string) {
	t.Helper()
	from := find(t, program)
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, "plugins", filepath.Base(from))
	write(t, to, string(data))
	if err := os.Chmod(to, 0o755); err != nil {
		t.Fatal(err)
	}
}

// installPython copies hello-python into the plugin directory, and reports
// whether this machine can run it. The reason why not is a skipped subtest.
func installPython(t *testing.T, dir string) bool {
	t.Helper()
	example := filepath.Join("..", "..", "..", "examples", "hello-python")
	python := ""
	t.Run("with Python", func(t *testing.T) {
		python = testenv.Python(t, filepath.Join(example, "requirements.txt"))
	})
	if python == "" {
		return false
	}
	// Its plugin.yaml names python3; a plugin inherits the PATH.
	t.Setenv("PATH", filepath.Dir(python)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if err := os.CopyFS(filepath.Join(dir, "plugins", "hello-python"), os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	return true
}

// serve returns the command that serves the site on its standard streams.
func (s site) serve(ctx context.Context, t *testing.T, flags ...string) *exec.Cmd {
	return serveCommand(ctx, t, s.config, flags...)
}

// serveCommand returns "mcphost serve" for a configuration. The test's log is
// its standard error.
func serveCommand(ctx context.Context, t *testing.T, config string, flags ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, find(t, "mcphost"), append([]string{"serve", "--config", config}, flags...)...)
	cmd.Stderr = t.Output()
	cmd.WaitDelay = 10 * time.Second // for a child that keeps a stream open
	return cmd
}

// serveHTTP serves a configuration over HTTP until the test ends, and returns
// the endpoint's URL and the process. At the end the host must stop cleanly.
func serveHTTP(t *testing.T, config string) (url string, host *os.Process) {
	t.Helper()
	cmd := serveCommand(context.WithoutCancel(t.Context()), t, config, "--http", "127.0.0.1:0")
	cmd.Stderr = nil
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewReader(io.TeeReader(stderr, t.Output()))
	drained := make(chan struct{})
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // unless the test has ended it
		kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		<-drained
		if err := cmd.Wait(); err != nil {
			t.Errorf("mcphost serve --http ended with %v, want exit code 0", err)
		}
	})
	url = readURL(log)
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, log)
	}()
	if url == "" {
		t.Fatal("mcphost serve --http printed no URL")
	}
	return url, cmd.Process
}

// readURL reads what the host prints until it says where it listens.
func readURL(log *bufio.Reader) string {
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/[\w/]*`)
	for {
		line, err := log.ReadString('\n')
		if url := address.FindString(line); url != "" {
			return url
		}
		if err != nil {
			return ""
		}
	}
}

// bounded returns a context that ends a test which hangs.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func find(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.TrimPrefix(content, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}
