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

func main() { os.Exit(run()) }

// run ends gracefully at the first signal. Then signals do again what they do
// by default, so that the second one kills at once; plugins notice by
// themselves that their host is gone.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)()

	return cli.Main(ctx, os.Args[1:], cli.Env{
		In:         os.Stdin,
		Out:        os.Stdout,
		Err:        os.Stderr,
		Getenv:     os.Getenv,
		TakeWire:   takeWire,
		TypedInput: isatty.IsTerminal(os.Stdin.Fd()),
		WatchedErr: isatty.IsTerminal(os.Stderr.Fd()),
		Version:    version(),
	})
}

// version is that of the module or of the commit, as the go command wrote it
// into the program.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "dev"
	}
	return info.Main.Version
}
