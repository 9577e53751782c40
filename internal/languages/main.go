// SPDX-License-Identifier: Apache-2.0

// Command languages measures what a plugin costs in each language: it builds
// the tours in examples, which are the same plugin on each author kit, runs them
// in a host, and prints a table of cold starts, latencies, throughput and memory.
// It knows the host as programs embed it, and nothing of the plugin protocol.
// Run it from the root of the module:
//
//	go run ./internal/languages [-starts N] [-calls N] [-rounds N] [-write FILE]
//
// With -write the table replaces what FILE has between its two marks. The
// languages take turns, so that what else the machine does strikes all alike.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/mcphost/mcphost/host"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Stdout, os.Args[1:])
	stop()
	os.Exit(code)
}

// run is main with its surroundings as parameters.
func run(ctx context.Context, out io.Writer, args []string) (exitCode int) {
	var p plan
	flags := flag.NewFlagSet("languages", flag.ContinueOnError)
	flags.IntVar(&p.starts, "starts", 4, "cold starts of each plugin in a `round`")
	flags.IntVar(&p.calls, "calls", 2000, "calls, one after the other, of each plugin in a `round`")
	flags.IntVar(&p.rounds, "rounds", 5, "rounds")
	write := flags.String("write", "", "put the table into this Markdown `file`")
	dir := flags.String("examples", "examples", "the `directory` of the tours")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := table(ctx, out, p, *dir, *write); err != nil {
		fmt.Fprintln(os.Stderr, "languages:", err)
		return 1
	}
	return 0
}

// table measures all tours and prints, or writes, what came out.
func table(ctx context.Context, out io.Writer, p plan, dir, file string) error {
	tours, err := build(ctx, dir)
	if err != nil {
		return err
	}
	for round := range p.rounds {
		for _, t := range tours {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, p.rounds, t.language)
			if err := t.measure(ctx, p); err != nil {
				return fmt.Errorf("%s: %w", t.language, err)
			}
		}
	}
	text := markdown(tours, p)
	if file == "" {
		_, err := io.WriteString(out, text)
		return err
	}
	return replace(file, text)
}

// build builds the tours.
func build(ctx context.Context, dir string) ([]*tour, error) {
	folders, err := filepath.Glob(filepath.Join(dir, "tour-*"))
	if err != nil {
		return nil, err
	}
	if len(folders) == 0 {
		return nil, fmt.Errorf("there is no tour in %s; run this from the root of the module", dir)
	}
	var tours []*tour
	for _, folder := range folders {
		language := strings.TrimPrefix(filepath.Base(folder), "tour-")
		fmt.Fprintf(os.Stderr, "building %s\n", language)
		cmd := exec.CommandContext(ctx, "make", "build")
		cmd.Dir = folder
		if said, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", folder, err, said)
		}
		plugin, err := host.PluginAt(folder)
		if err != nil {
			return nil, err
		}
		tours = append(tours, &tour{language: language, plugin: plugin})
	}
	return tours, nil
}

// The marks between which a file has the table.
const (
	beginMark = "<!-- table: begin -->\n"
	endMark   = "<!-- table: end -->\n"
)

func replace(file, text string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(data), beginMark)
	_, after, ended := strings.Cut(rest, endMark)
	if !ok || !ended {
		return errors.New(file + " has no marks to write between: " + beginMark + endMark)
	}
	return os.WriteFile(file, []byte(before+beginMark+"\n"+text+"\n"+endMark+after), 0o644)
}

// markdown is the table, a line for each language.
func markdown(tours []*tour, p plan) string {
	var b strings.Builder
	b.WriteString("| language | cold start, median | p90 | call p50 | call p99 | calls/s, 64 at once | memory |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|\n")
	for _, t := range tours {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %.0f | %s |\n", t.language,
			millis(percentile(t.colds, 50)), millis(percentile(t.colds, 90)),
			micros(percentile(t.calls, 50)), micros(percentile(t.calls, 99)),
			median(t.rates), megabytes(t.memory))
	}
	fmt.Fprintf(&b, "\nMeasured on %s/%s with %d processors: %d cold starts and %d calls each, in %d rounds in which the languages took turns.\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), p.starts*p.rounds, p.calls*p.rounds, p.rounds)
	return b.String()
}
