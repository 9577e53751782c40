// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mcphost/mcphost/pluginapi"
)

// quickExit keeps the race detector from resting a second at every exit.
const quickExit = "atexit_sleep_ms=10"

// TestMain makes this test binary the programs that the tests run: mcphost
// itself, and a plugin, under the names that stand here.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"mcphost": main,
		"hello":   func() { os.Exit(helloPlugin().Main()) },
		"wire":    func() { os.Exit(wire()) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("GORACE", quickExit)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"install": install,
			"code":    code,
			"json":    jsonValue,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// install DIR puts the plugin "hello" into a plugin directory.
func install(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: install DIR")
	}
	program, err := lookPath(ts, "hello")
	ts.Check(err)
	data, err := os.ReadFile(program)
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), "hello"), data, 0o755))
}

func lookPath(ts *testscript.TestScript, name string) (string, error) {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is not in PATH", name)
}

// code N ARGS... runs mcphost and checks its exit code.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: code N ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec("mcphost", args[1:]...); err != nil {
		var exit interface{ ExitCode() int }
		if !errors.As(err, &exit) {
			ts.Fatalf("mcphost: %v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// json checks that standard output of the last command is one JSON document.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if out := ts.ReadFile("stdout"); neg || len(args) != 0 || !json.Valid([]byte(out)) {
		ts.Fatalf("standard output is not JSON: %q", out)
	}
}

func TestVersionIsTheBestThatIsKnown(t *testing.T) {
	module := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}
	commit := &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}}}
	for _, test := range []struct {
		stamped string
		info    *debug.BuildInfo
		want    string
	}{{"9.9", module, "9.9"}, {"", module, "v1.2.3"}, {"", commit, "abc"}, {"", &debug.BuildInfo{}, "dev"}, {"", nil, "dev"}} {
		got := programVersion(test.stamped, func() (*debug.BuildInfo, bool) { return test.info, test.info != nil })
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// The linker ignores a variable that does not exist.
func TestVersionIsStampedByTheLinker(t *testing.T) {
	program := filepath.Join(t.TempDir(), "mcphost")
	build := exec.Command("go", "build", "-ldflags", "-s -w -X main.version=1.2.3", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, args := range [][]string{{"--version"}, {"version"}, {"version", "--json"}, {"serve"}} {
		cmd := exec.Command(program, args...)
		cmd.Env = []string{"HOME=" + t.TempDir()}
		cmd.Stdin = strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}` + "\n")
		if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "1.2.3") {
			t.Errorf("%s prints %q, %v", args, out, err)
		}
	}
}

// helloPlugin is a plugin with every kind of result that a command shows.
func helloPlugin() *pluginapi.Plugin {
	p := pluginapi.New("hello", "1.2.3")
	type none struct{}
	pluginapi.AddTool(p, pluginapi.Tool{Name: "greet", Description: "Say hello to someone.\nPolitely."},
		func(_ context.Context, in struct {
			Who string `json:"who"`
		}) (string, error) {
			return "Hello, " + in.Who + "!", nil
		})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "fail", Description: "Fail."},
		func(context.Context, none) (string, error) { return "", errors.New("no luck\ntoday") })
	pluginapi.AddTool(p, pluginapi.Tool{Name: "blame", Description: "Fail in the words of the host."},
		func(context.Context, none) (string, error) {
			fmt.Fprintln(os.Stderr, `{"@level":"warn","@message":"call failed","tool":"hello__blame","err":"plugin hello stopped while it ran this call"}`)
			return "", errors.New("plugin hello stopped while it ran this call")
		})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "picture", Description: "Draw."},
		func(context.Context, none) (*pluginapi.Result, error) {
			return &pluginapi.Result{Content: []pluginapi.Content{
				pluginapi.Text{Text: "a drawing"},
				pluginapi.Image{Data: []byte("pixels\n"), MIMEType: "image/png"},
			}}, nil
		})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "noise", Description: "Print where it must not."},
		func(context.Context, none) (string, error) {
			fmt.Println("stray print of a plugin")
			return "printed", nil
		})
	pluginapi.AddTool(p, pluginapi.Tool{Name: "pid", Description: "Tell the process."},
		func(context.Context, none) (string, error) { return strconv.Itoa(os.Getpid()), nil })
	pluginapi.AddTool(p, pluginapi.Tool{Name: "die", Description: "End the process."},
		func(context.Context, none) (string, error) { os.Exit(3); return "", nil })
	pluginapi.AddTool(p, pluginapi.Tool{Name: "hang", Description: "Ignore everything."},
		func(context.Context, none) (string, error) {
			fmt.Fprintln(os.Stderr, "hanging")
			select {}
		})
	if name := os.Getenv("HELLO_EXTRA"); name != "" {
		pluginapi.AddTool(p, pluginapi.Tool{Name: name, Description: "Be there."},
			func(context.Context, none) (string, error) { return name, nil })
	}
	return p
}

// wire takes the wire, then prints and reads where a careless library would. It
// copies its real input to its real output.
func wire() int {
	in, out, err := takeWire()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("stray print")
	stolen, err := io.ReadAll(os.Stdin)
	if err != nil || len(stolen) != 0 {
		fmt.Fprintln(os.Stderr, "standard input is not empty:", string(stolen), err)
		return 1
	}
	if _, err := io.Copy(out, in); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
