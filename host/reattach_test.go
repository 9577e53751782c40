// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

const oneReattach = `{"hello":{"Protocol":"grpc","ProtocolVersion":1,"Pid":123,"Test":true,"Addr":{"Network":"unix","String":"/tmp/s"}}}`

func TestReattachIsReadAsPluginsPrintIt(t *testing.T) {
	running, err := ParseReattach(oneReattach)
	if err != nil {
		t.Fatal(err)
	}
	want := ReattachConfig{Protocol: "grpc", ProtocolVersion: 1, Pid: 123, Test: true, Addr: ReattachAddr{Network: "unix", String: "/tmp/s"}}
	if len(running) != 1 || running["hello"] != want {
		t.Errorf("got %+v", running)
	}
	if running, err := ParseReattach(""); running != nil || err != nil {
		t.Errorf("of nothing: %v, %v", running, err)
	}
}

func TestReattachThatCannotBeUsedShowsItsForm(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{`{`, "unexpected end of JSON input"},
		{`'{}'`, "invalid character"},
		{`[]`, "array at byte 1 does not fit"},
		{`{"a":{"Pid":"1"}}`, "string at byte "},
		{strings.Replace(oneReattach, "hello", "a b", 1), `a b: "a b" holds ' '`},
		{strings.Replace(oneReattach, "grpc", "netrpc", 1), `hello: it serves "netrpc", not grpc`},
		{strings.Replace(oneReattach, `Version":1`, `Version":7`, 1), "hello: it speaks plugin protocol 7, the host 1"},
		{strings.Replace(oneReattach, "unix", "udp", 1), `hello: its network is "udp", not unix or tcp`},
		{strings.Replace(oneReattach, "/tmp/s", "", 1), "hello: it has no address"},
	} {
		_, err := ParseReattach(test.value)
		if err == nil || !strings.HasPrefix(err.Error(), "MCPHOST_REATTACH: ") || !strings.Contains(err.Error(), test.want) ||
			!strings.HasSuffix(err.Error(), "; it must look like "+reattachShape) || strings.Contains(err.Error(), "host.") {
			t.Errorf("%s: got %v, want %q", test.value, err, test.want)
		}
	}
	if _, err := New(Config{Reattach: map[string]ReattachConfig{"a": {}}}, Options{}); err == nil || !strings.Contains(err.Error(), "reattach.a: ") {
		t.Errorf("New says %v", err)
	}
}

func TestReattachedNameIsAPluginWhateverElseIsThere(t *testing.T) {
	no := false
	at := ReattachConfig{ProtocolVersion: 1, Pid: 7, Addr: ReattachAddr{Network: "unix", String: "/tmp/s"}}
	var log bytes.Buffer
	s, err := New(Config{
		Plugins: []PluginConfig{
			{Name: "known", Command: "true", Provides: []string{"tools"}, Env: map[string]string{"X": "${NOT_SET_ANYWHERE}"}},
			{Name: "off", Command: "true", Enabled: &no, Provides: []string{"prompts"}},
			{Name: "lost"},
		},
		Reattach: map[string]ReattachConfig{"known": at, "off": at, "lost": at, "new": at},
	}, Options{Log: hclog.New(&hclog.LoggerOptions{Output: &log})})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(t.Context())
	if strings.Count(log.String(), "\n") != 4 || !strings.Contains(log.String(), "plugin new is attached to pid 7") {
		t.Errorf("the start logs %s", &log)
	}

	list, err := s.Plugins(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
		if p.State != "ok" || p.Reason != "attached to process 7 at /tmp/s" || p.Command != nil || p.Prefix != p.Name {
			t.Errorf("listed as %+v", p)
		}
	}
	if want := []string{"known", "lost", "new", "off"}; !slices.Equal(names, want) {
		t.Errorf("listed are %q, want %q", names, want)
	}
	for _, name := range names {
		c, err := s.candidate(name)
		if err != nil {
			t.Fatal(err)
		}
		if cfg, err := s.pluginConfig(c); err != nil || cfg.Attach == nil || cfg.Attach.Pid != 7 {
			t.Errorf("%s: attached to %v, %v", name, cfg.Attach, err)
		}
	}
	if got := s.provides(); got != mcp.AllKinds {
		t.Errorf("provides %v", got)
	}
	delete(s.cfg.Reattach, "new")
	delete(s.cfg.Reattach, "lost")
	s.cfg.Plugins = s.cfg.Plugins[:2]
	if got, want := s.provides(), mcp.KindTools|mcp.KindPrompts; got != want {
		t.Errorf("provides %v, want %v", got, want)
	}
}
