// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func TestResultIsShownAsText(t *testing.T) {
	for name, test := range map[string]struct{ result, want string }{
		"text keeps its newline":  {`{"content":[{"type":"text","text":"a\n"},{"type":"text","text":"b"}]}`, "a\nb\n"},
		"text of a resource":      {`{"content":[{"type":"resource","resource":{"uri":"u","text":"inside"}}]}`, "inside\n"},
		"bytes are mentioned":     {`{"content":[{"type":"resource","resource":{"uri":"u","mimeType":"a/b","blob":"eHl6"}}]}`, "[resource of type a/b, 3 bytes; --out FILE saves the first one]\n"},
		"link":                    {`{"content":[{"type":"resource_link","name":"n","uri":"file:///x"}]}`, "[link to n: file:///x]\n"},
		"a kind of the future":    {`{"content":[{"type":"smell","of":"tea"}]}`, "{\"type\":\"smell\",\"of\":\"tea\"}\n"},
		"structure without text":  {`{"content":[],"structuredContent":{"n":1e2}}`, "{\"n\":1e2}\n"},
		"text besides structure":  {`{"content":[{"type":"text","text":"t"}],"structuredContent":{"n":1}}`, "t\n"},
		"no escapes in a mention": {`{"content":[{"type":"resource_link","name":"a\u001b[2J","uri":"u"}]}`, "[link to a [2J: u]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			a := &app{env: Env{Out: &out, Err: io.Discard}}
			if err := a.printResult("x", []byte(test.result), callFlags{}, false); err != nil || out.String() != test.want {
				t.Errorf("got %q, %v, want %q", out.String(), err, test.want)
			}
		})
	}
}

func TestFirstBytesAreSavedOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	var out bytes.Buffer
	a := &app{env: Env{Out: &out, Err: io.Discard}}
	result := `{"content":[{"type":"resource","resource":{"uri":"u","blob":"eHl6"}},{"type":"audio","mimeType":"a/b","data":"AAAA"}]}`
	if err := a.printResult("x", []byte(result), callFlags{out: file}, false); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "xyz" {
		t.Errorf("saved %q, %v", data, err)
	}
	if !strings.Contains(out.String(), "audio of type a/b, 3 bytes") {
		t.Errorf("printed %q", out.String())
	}
}

func TestResultThatAsksIsAnError(t *testing.T) {
	a := &app{env: Env{Out: io.Discard, Err: io.Discard}}
	err := a.printResult("x", []byte(`{"resultType":"input_required"}`), callFlags{}, false)
	if err == nil || !strings.Contains(err.Error(), "asks questions") {
		t.Errorf("got %v", err)
	}
}

func TestArgumentsAreSentAsTheyAreWritten(t *testing.T) {
	for name, test := range map[string]struct {
		flags callFlags
		stdin string
		want  string // empty: an error
	}{
		"none":                   {callFlags{}, "", "{}"},
		"digits survive":         {callFlags{args: `{"n": 12345678901234567890}`}, "", `{"n": 12345678901234567890}`},
		"from standard input":    {callFlags{argsFile: "-"}, `{"a":1}`, `{"a":1}`},
		"pairs win":              {callFlags{args: `{"a":1,"b":2}`, pairs: []string{"b=x=y", "c=[1]"}}, "", `{"a":1,"b":"x=y","c":[1]}`},
		"large number in pair":   {callFlags{pairs: []string{"n=12345678901234567890"}}, "", `{"n":12345678901234567890}`},
		"array":                  {callFlags{args: `[]`}, "", ""},
		"null":                   {callFlags{args: `null`, pairs: []string{"a=1"}}, "", ""},
		"broken":                 {callFlags{args: `{"a"`}, "", ""},
		"name twice":             {callFlags{args: `{"a":1,"a":2}`}, "", ""},
		"name twice, escaped":    {callFlags{args: `{"a":1,"\u0061":2}`}, "", ""},
		"name twice, deep":       {callFlags{argsFile: "-"}, `{"a":[{"b":1,"b":2}]}`, ""},
		"name twice in a pair":   {callFlags{pairs: []string{`a={"b":1,"b":2}`}}, "", ""},
		"pair twice":             {callFlags{pairs: []string{"a=1", "a=1"}}, "", ""},
		"two values":             {callFlags{argsFile: "-"}, `{} {}`, ""},
		"nothing":                {callFlags{argsFile: "-"}, "\n", ""},
		"bytes that are no text": {callFlags{args: "{\"a\":\"\xff\"}"}, "", ""},
		"pair that is no text":   {callFlags{pairs: []string{"a=\xff"}}, "", ""},
		"name that is no text":   {callFlags{pairs: []string{"\xff=a"}}, "", ""},
		"pair without name":      {callFlags{pairs: []string{"=1"}}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.flags.arguments(strings.NewReader(test.stdin))
			if string(got) != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestReportsAreShownOnlyToSomebody(t *testing.T) {
	if (&app{}).reporter() != nil {
		t.Error("asks for reports that nobody watches")
	}
	var notes bytes.Buffer
	report := (&app{env: Env{Err: &notes, WatchedErr: true}}).reporter()
	report("notifications/progress", []byte(`{"progressToken":1,"progress":2,"total":5,"message":"two\u0007"}`))
	report("notifications/progress", []byte(`{"progressToken":1,"progress":2.5}`))
	report("notifications/message", []byte(`{"level":"warning","data":"hot"}`))
	report("notifications/other", []byte(`[]`))
	if want := "mcphost: 2/5 two \nmcphost: 2.5 \nmcphost: warning: \"hot\"\n"; notes.String() != want {
		t.Errorf("got %q, want %q", notes.String(), want)
	}
}

func TestResultsCannotSteerATerminal(t *testing.T) {
	result := []byte(`{"content":[{"type":"text","text":"a\u001b[31m\u0007\u009b2J\tb\nc"}]}`)
	for watched, want := range map[bool]string{true: "a\uFFFD[31m\uFFFD\uFFFD2J\tb\nc\n", false: "a\x1b[31m\a\u009b2J\tb\nc\n"} {
		var out bytes.Buffer
		a := &app{env: Env{Out: &out, WatchedOut: watched}}
		if err := a.printResult("t", result, callFlags{}, false); err != nil || out.String() != want {
			t.Errorf("watched %t: got %q, %v; want %q", watched, out.String(), err, want)
		}
	}
}

func TestAddressesAreListenedOnAsTheyAreWritten(t *testing.T) {
	for addr, want := range map[string]string{"0.0.0.0:1": "tcp4", "127.0.0.1:1": "tcp4", "[::]:1": "tcp", ":1": "tcp", "localhost:1": "tcp"} {
		if got := networkOf(addr); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
	for addr, want := range map[string]string{
		"0.0.0.0:80": "127.0.0.1:80", "[::]:80": "[::1]:80", "192.0.2.7:80": "192.0.2.7:80", "127.0.0.1:80": "127.0.0.1:80",
	} {
		if got := reachable(addr); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

func TestFaultOfPluginsNamesEach(t *testing.T) {
	err := pluginFaults([]failedPlugin{{"a", "backoff", "it\nbroke"}, {"b", "skipped", "gone"}})
	if want := "plugin a: backoff: it broke\nplugin b: skipped: gone"; err.Error() != want || exitCode(err) != exitPlugins {
		t.Errorf("got %q, exit code %d", err, exitCode(err))
	}
	if err := pluginFaults(nil); err != nil {
		t.Errorf("nothing failed, yet: %v", err)
	}
}

func TestCauseOfAFailureIsTakenFromTheLog(t *testing.T) {
	log := hclog.NewInterceptLogger(&hclog.LoggerOptions{Level: hclog.Off})
	why := listen(log)
	room := log.Named("registry")
	room.Warn("did not start", "plugin", "a", "err", errors.New("the first time"))
	room.Warn("did not start", "plugin", "a", "failures", 2, "err", errors.New("plugin a: start failed"))
	room.Info("is fine", "plugin", "b", "err", "no trouble")
	room.Error("no plugin's", "err", "broke")
	room.Warn("odd", "plugin")
	if got := why.of("a"); got != "start failed" {
		t.Errorf("cause %q", got)
	}
	if len(why.byPlugin) != 1 {
		t.Errorf("gathered %v", why.byPlugin)
	}
}

// publicError is as the server's own errors about plugins are.
type publicError struct{ text string }

func (e publicError) Error() string  { return e.text + ": the cause" }
func (e publicError) Public() string { return e.text }

func TestPluginsFailureIsToldFromTheToolsError(t *testing.T) {
	const text = "plugin a stopped while it ran this call"
	failure := publicError{text}
	for name, test := range map[string]struct {
		record []any
		code   int
	}{
		"the server's word":       {[]any{"tool", "a__x", "err", failure}, exitPlugins},
		"wrapped":                 {[]any{"tool", "a__x", "err", fmt.Errorf("call: %w", failure)}, exitPlugins},
		"of another call":         {[]any{"tool", "a__y", "err", failure}, exitTool},
		"imitated by a plugin":    {[]any{"tool", "a__x", "err", failure.Error()}, exitTool},
		"no failure of a plugin":  {[]any{"tool", "a__x", "err", errors.New("too long")}, exitTool},
		"nothing that is a pair":  {[]any{"tool"}, exitTool},
		"the tool's own, unasked": {nil, exitTool},
	} {
		log := hclog.NewInterceptLogger(&hclog.LoggerOptions{Level: hclog.Off})
		why := listen(log)
		log.Named("mcp").Warn("call failed", test.record...)
		if got := exitCode(resultError("a__x", text, why.calls("a__x"))); got != test.code {
			t.Errorf("%s: exit code %d, want %d", name, got, test.code)
		}
	}
}

func TestResultThatCannotBeSavedIsPrinted(t *testing.T) {
	for name, result := range map[string]string{
		"text":  `{"content":[{"type":"text","text":"t"}]}`,
		"bytes": `{"content":[{"type":"image","mimeType":"a/b","data":"AAAA"},{"type":"text","text":"t"}]}`,
	} {
		var out bytes.Buffer
		a := &app{env: Env{Out: &out, Err: io.Discard}}
		err := a.printResult("x", []byte(result), callFlags{out: filepath.Join(t.TempDir(), "gone", "out")}, false)
		if err == nil || out.String() != "t\n" {
			t.Errorf("%s: printed %q, %v", name, out.String(), err)
		}
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	for _, command := range [][]string{{"serve"}, {"call"}, {"tools"}, {"plugins", "list"}, {"plugins", "inspect"}, {"schema"}} {
		var out bytes.Buffer
		code := Main(context.Background(), append(command, "--help"), Env{Out: &out, Err: io.Discard, Getenv: func(string) string { return "" }})
		if code != exitOK || !strings.Contains(out.String(), "Examples:\n  mcphost ") {
			t.Errorf("%q: exit code %d, help %q", command, code, out.String())
		}
	}
}

// unread is standard output whose reader has gone.
type unread struct{}

func (unread) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

func TestOutputThatNobodyReadsEndsTheCommandQuietly(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--help"}, {"tools"}, {"schema", "config"}, {"plugin", "test", "--list"}} {
		var notes bytes.Buffer
		env := Env{Out: unread{}, Err: &notes, Getenv: func(string) string { return "" }}
		code := Main(t.Context(), args, env)
		if said := strings.ReplaceAll(notes.String(), "mcphost: "+noPlugins+"\n", ""); code != exitFailure || said != "" {
			t.Errorf("%q: exit code %d, said %q", args, code, said)
		}
	}
}
