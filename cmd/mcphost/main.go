// SPDX-License-Identifier: Apache-2.0

// Command mcphost serves the tools of its plugins over the Model Context
// Protocol. This file joins the commands to the process: its streams, its
// signals and its exit code.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/mattn/go-isatty"

	"github.com/mcphost/mcphost/cmd/mcphost/internal/cli"
)

// version is set by the linker, which can set nothing but a package variable:
// -ldflags '-X main.version=1.2.3'.
var version string

func main() { os.Exit(run()) }

// run ends gracefully at the first signal. Then signals do again what they do
// by default, so that the second one kills at once; plugins notice by
// themselves that their host is gone.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), ends()...)
	defer stop()
	defer context.AfterFunc(ctx, stop)()
	collectLess()
	// A reader that goes away must not kill the program before its plugins are
	// stopped, so writing to nobody is an error instead of a signal. Ignoring the
	// signal would be inherited by plugins.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)

	return cli.Main(ctx, os.Args[1:], cli.Env{
		In:         os.Stdin,
		Out:        os.Stdout,
		Err:        os.Stderr,
		Getenv:     os.Getenv,
		TakeWire:   takeWire,
		TypedInput: isatty.IsTerminal(os.Stdin.Fd()),
		WatchedErr: isatty.IsTerminal(os.Stderr.Fd()),
		WatchedOut: isatty.IsTerminal(os.Stdout.Fd()),
		Version:    programVersion(version, debug.ReadBuildInfo),
	})
}

// ends are the signals that end the program gracefully. A terminal that closes
// sends the last one; who started the program with nohup wants it ignored.
func ends() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// collectLess lets the heap grow further between collections than Go does by
// default: a host's live heap is a few megabytes, so it would collect all the
// time under load. A call costs an eighth less for it. GOGC and GOMEMLIMIT, if
// they are set, say what their owner wants.
func collectLess() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
	}
}

// programVersion is the version that the linker stamped, or else that of the
// module or of the commit, as the go command wrote it into the program.
func programVersion(stamped string, read func() (*debug.BuildInfo, bool)) string {
	if stamped != "" {
		return stamped
	}
	info, ok := read()
	if !ok {
		return "dev"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && setting.Value != "" {
			return setting.Value
		}
	}
	return "dev"
}
