// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcphost/mcphost/host"
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
			if err := a.printResult("x", []byte(test.result), callFlags{}); err != nil || out.String() != test.want {
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
	if err := a.printResult("x", []byte(result), callFlags{out: file}); err != nil {
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
	err := a.printResult("x", []byte(`{"resultType":"input_required"}`), callFlags{})
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
		"none":                 {callFlags{}, "", "{}"},
		"digits survive":       {callFlags{args: `{"n": 12345678901234567890}`}, "", `{"n": 12345678901234567890}`},
		"from standard input":  {callFlags{argsFile: "-"}, `{"a":1}`, `{"a":1}`},
		"pairs win":            {callFlags{args: `{"a":1,"b":2}`, pairs: []string{"b=x=y", "c=[1]"}}, "", `{"a":1,"b":"x=y","c":[1]}`},
		"large number in pair": {callFlags{pairs: []string{"n=12345678901234567890"}}, "", `{"n":12345678901234567890}`},
		"array":                {callFlags{args: `[]`}, "", ""},
		"null":                 {callFlags{args: `null`, pairs: []string{"a=1"}}, "", ""},
		"broken":               {callFlags{args: `{"a"`}, "", ""},
		"pair without name":    {callFlags{pairs: []string{"=1"}}, "", ""},
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

func TestFaultOfAllPluginsNamesEach(t *testing.T) {
	fault := &host.Error{Code: -32603, Message: "no plugin could be started", Data: []byte(`{"sources":[{"name":"a","state":"backoff","reason":"it\nbroke"}]}`)}
	err := requestFault("tools", fault)
	if want := "tools: no plugin could be started\nplugin a: backoff: it broke"; err.Error() != want || exitCode(err) != exitPlugins {
		t.Errorf("got %q, exit code %d", err, exitCode(err))
	}
}

func TestFailedPluginsAreListedByName(t *testing.T) {
	failed, err := failedOf(json.RawMessage(`{"z":{"state":"backoff"},"m":{"state":"ready"},"a":{"state":"disabled","reason":"gone"}}`))
	if err != nil || len(failed) != 2 || failed[0] != (failedPlugin{"a", "disabled", "gone"}) || failed[1].Name != "z" {
		t.Errorf("got %+v, %v", failed, err)
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
