// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var (
	//go:embed mcphost.yaml
	hostConfig []byte
	//go:embed strict.yaml
	noExpectedFailures []byte
)

// A site is the folder of one run: what is tested, how it is configured, and
// what was said.
type site struct {
	dir     string
	host    string // the built mcphost
	plugins string // the folder of the built plugin
}

// build builds what is tested, into dir.
func build(ctx context.Context, dir string) (site, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return site{}, err
	}
	s := site{dir: dir, host: filepath.Join(dir, "mcphost"), plugins: filepath.Join(dir, "plugins")}
	if err := os.MkdirAll(s.plugins, 0o755); err != nil {
		return site{}, err
	}
	gomod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return site{}, fmt.Errorf("go env: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(gomod)))
	for target, pkg := range map[string]string{
		s.host:                                  "./cmd/mcphost",
		filepath.Join(s.plugins, "conformance"): "./plugins/conformance",
	} {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", target, pkg)
		cmd.Dir = root
		if said, err := cmd.CombinedOutput(); err != nil {
			return site{}, fmt.Errorf("go build %s: %w\n%s", pkg, err, said)
		}
	}
	return s, errors.Join(
		os.WriteFile(s.config(), hostConfig, 0o644),
		os.WriteFile(s.strict(), noExpectedFailures, 0o644),
	)
}

func (s site) config() string { return filepath.Join(s.dir, "mcphost.yaml") }
func (s site) strict() string { return filepath.Join(s.dir, "strict.yaml") }

// serve is the command line that serves at the site.
func (s site) serve(more ...string) []string {
	return append([]string{s.host, "serve", "--config", s.config(), "--plugins", s.plugins, "--log-level", "debug"}, more...)
}

// startHost starts the one host that the runs over HTTP share.
func (s site) startHost(ctx context.Context) (*process, error) {
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/mcp`)
	return start(ctx, filepath.Join(s.dir, "host.log"), address, s.serve("--http", "127.0.0.1:0"))
}

// startBridge starts what speaks HTTP to the suites and, for each session, to a
// host of its own over a pipe.
func (s site) startBridge(ctx context.Context, tools toolbox) (*process, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, filepath.Join(s.dir, "bridge.log"), regexp.MustCompile(`Listening on port`), []string{
		tools.node, tools.script("supergateway"),
		"--stdio", quoted(s.serve("--stdio")),
		"--outputTransport", "streamableHttp", "--stateful", "--port", port,
	})
	if err != nil {
		return nil, err
	}
	p.url = "http://127.0.0.1:" + port + "/mcp"
	return p, nil
}

// freePort returns a port that nobody listens on, as far as that can be known:
// the bridge cannot choose one by itself.
func freePort(ctx context.Context) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), nil
}

// quoted is args as one line for a shell.
func quoted(args []string) string {
	var line []string
	for _, arg := range args {
		line = append(line, "'"+strings.ReplaceAll(arg, "'", `'\''`)+"'")
	}
	return strings.Join(line, " ")
}
