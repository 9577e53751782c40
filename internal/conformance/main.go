// SPDX-License-Identifier: Apache-2.0

// Command conformance runs the official MCP conformance suites against the
// built mcphost with plugins/conformance: over HTTP, all of them against one
// process on one URL, and over a pipe through a bridge. It turns what the suites
// write into one line per run, the details of each failure, and a closing line
// "N passed, M failed". It knows how the suites are started and how their
// results look, and nothing of MCP. Run it from anywhere inside the module:
//
//	go run ./internal/conformance [-run REGEXP] [-keep DIR]
//
// The exit code is 0 if nothing failed, 1 if something did, 2 if the runs could
// not be made. Without npm it says so and ends with 0, unless the environment
// variable REQUIRE names "conformance" or "node".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Stdout, os.Args[1:])
	stop()
	os.Exit(code)
}

// run is main with its surroundings as parameters.
func run(ctx context.Context, out io.Writer, args []string) (exitCode int) {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	only := flags.String("run", "", "make only the runs whose name matches this `regexp`")
	keep := flags.String("keep", "", "write what the suites and the host say to this `directory`; default: a temporary one")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	filter, err := regexp.Compile(*only)
	if err != nil {
		fmt.Fprintln(out, "conformance:", err)
		return 2
	}
	total, err := conform(ctx, out, filter, *keep)
	if missing, ok := errors.AsType[*missingError](err); ok && !required(os.Getenv("REQUIRE")) {
		fmt.Fprintln(out, "conformance: skipped:", missing)
		return 0
	}
	if err != nil {
		fmt.Fprintln(out, "conformance:", err)
		return 2
	}
	fmt.Fprintln(out, total)
	if total.failed > 0 {
		return 1
	}
	return 0
}

// conform builds what is tested, installs what tests it, and makes the runs.
func conform(ctx context.Context, out io.Writer, filter *regexp.Regexp, keep string) (total tally, err error) {
	tools, err := install(ctx, out)
	if err != nil {
		return total, err
	}
	dir := keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "conformance-"); err != nil {
			return total, err
		}
		defer func() {
			if err == nil && total.failed == 0 {
				err = os.RemoveAll(dir)
			}
		}()
	}
	site, err := build(ctx, dir)
	if err != nil {
		return total, err
	}
	return newBench(tools, site, out).runAll(ctx, filter)
}

// required reports whether a machine that lacks something is at fault.
func required(list string) bool {
	names := strings.Split(list, ",")
	return slices.Contains(names, "conformance") || slices.Contains(names, "node")
}
