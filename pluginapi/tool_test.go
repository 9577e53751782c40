// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

type none = struct{}

// returning is a tool without arguments that returns one value.
func returning[Out any](value Out) func(*pluginapi.Plugin) {
	return func(p *pluginapi.Plugin) {
		pluginapi.AddTool(p, pluginapi.Tool{Name: "t"},
			func(context.Context, none) (Out, error) { return value, nil })
	}
}

// failing is a tool without arguments that fails.
func failing(err error) func(*pluginapi.Plugin) {
	return func(p *pluginapi.Plugin) {
		pluginapi.AddTool(p, pluginapi.Tool{Name: "t"},
			func(context.Context, none) (string, error) { return "", err })
	}
}

type point struct {
	X int  `json:"x"`
	Y *int `json:"y,omitempty"`
}

func TestOutDecidesTheResult(t *testing.T) {
	for name, test := range map[string]struct {
		add  func(*pluginapi.Plugin)
		want string // the outcome as protojson; bytes are base64
	}{
		"string":        {returning("hi"), `{"result":{"content":[{"text":{"text":"hi"}}]}}`},
		"named string":  {returning(json.Number("7")), `{"result":{"content":[{"text":{"text":"7"}}]}}`},
		"nothing":       {returning(none{}), `{"result":{}}`},
		"nil interface": {returning[any](nil), `{"result":{}}`},
		"nil pointer":   {returning[*point](nil), `{"result":{}}`},
		"nil result":    {returning[*pluginapi.Result](nil), `{"result":{}}`},
		"any":           {returning[any]("hi"), `{"result":{"content":[{"text":{"text":"hi"}}]}}`},
		"struct": {
			returning(point{X: 1}),
			`{"result":{"content":[{"text":{"text":"{\"x\":1}"}}],"structuredContentJson":"eyJ4IjoxfQ=="}}`,
		},
		"map": {
			returning(map[string]int{"a": 1}),
			`{"result":{"content":[{"text":{"text":"{\"a\":1}"}}],"structuredContentJson":"eyJhIjoxfQ=="}}`,
		},
		"slice":  {returning([]int{1, 2}), `{"result":{"content":[{"text":{"text":"[1,2]"}}],"structuredContentJson":"WzEsMl0="}}`},
		"number": {returning(42), `{"result":{"content":[{"text":{"text":"42"}}],"structuredContentJson":"NDI="}}`},
		"one block": {
			returning(pluginapi.Image{Data: []byte("png"), MIMEType: "image/png"}),
			`{"result":{"content":[{"image":{"data":"cG5n","mimeType":"image/png"}}]}}`,
		},
		"blocks": {
			returning([]pluginapi.Content{
				pluginapi.Text{Text: "a", Annotations: pluginapi.Annotations{
					Audience: []pluginapi.Role{pluginapi.RoleUser}, Priority: new(0.5), LastModified: time.Unix(0, 0),
				}},
				pluginapi.Audio{Data: []byte("wav"), MIMEType: "audio/wav"},
				pluginapi.ResourceLink{URI: "f:///a", Name: "a", Size: new(uint64(3))},
				pluginapi.EmbeddedResource{Contents: pluginapi.ResourceContents{URI: "f:///b", Blob: []byte{}}},
				pluginapi.Raw{Block: json.RawMessage(`{"type":"new"}`), Fallback: "new"},
			}),
			`{"result":{"content":[
				{"text":{"text":"a"},"annotations":{"audience":["ROLE_USER"],"priority":0.5,"lastModified":"1970-01-01T00:00:00Z"}},
				{"audio":{"data":"d2F2","mimeType":"audio/wav"}},
				{"resourceLink":{"uri":"f:///a","name":"a","size":"3"}},
				{"resource":{"uri":"f:///b","blob":""}},
				{"raw":{"blockJson":"eyJ0eXBlIjoibmV3In0=","fallbackText":"new"}}]}}`,
		},
		"result": {
			returning(&pluginapi.Result{
				Content: []pluginapi.Content{pluginapi.Text{Text: "no"}}, IsError: true,
				Structured: json.RawMessage(`1`), Meta: json.RawMessage(`{}`),
			}),
			`{"result":{"content":[{"text":{"text":"no"}}],"isError":true,"structuredContentJson":"MQ==","metaJson":"e30="}}`,
		},
	} {
		t.Run(name, func(t *testing.T) { checkOutcome(t, test.add, test.want) })
	}
}

func TestErrorsReachTheRightReader(t *testing.T) {
	for name, test := range map[string]struct {
		add  func(*pluginapi.Plugin)
		want string
	}{
		"plain error": {
			failing(errors.New("no such city")),
			`{"result":{"content":[{"text":{"text":"no such city"}}],"isError":true}}`,
		},
		"error in bad UTF-8": {
			failing(errors.New("bad \xff")),
			`{"result":{"content":[{"text":{"text":"bad �"}}],"isError":true}}`,
		},
		"wrapped protocol error": {
			failing(fmt.Errorf("look: %w", pluginapi.InvalidParams("%s is no date", "x"))),
			`{"error":{"code":"PROTOCOL_ERROR_CODE_INVALID_PARAMS","message":"x is no date"}}`,
		},
		"protocol error with data": {
			failing(&pluginapi.ProtocolError{Code: pluginapi.CodeNotFound, Message: "gone", Data: json.RawMessage(`1`)}),
			`{"error":{"code":"PROTOCOL_ERROR_CODE_NOT_FOUND","message":"gone","dataJson":"MQ=="}}`,
		},
		"missing capability": {
			failing(pluginapi.MissingCapability(pluginapi.Capabilities{Sampling: true})),
			`{"error":{"code":"PROTOCOL_ERROR_CODE_MISSING_CLIENT_CAPABILITY",
				"message":"the client lacks a capability that this call needs: sampling","required":{"sampling":true}}}`,
		},
		"unknown tool": {
			func(*pluginapi.Plugin) {},
			`{"error":{"code":"PROTOCOL_ERROR_CODE_NOT_FOUND","message":"there is no tool \"t\""}}`,
		},
		"panic": {
			func(p *pluginapi.Plugin) {
				pluginapi.AddTool(p, pluginapi.Tool{Name: "t"},
					func(context.Context, none) (string, error) { panic("secret") })
			},
			`{"result":{"content":[{"text":{"text":"internal error"}}],"isError":true}}`,
		},
		"text that is not UTF-8": {
			returning("\xff"),
			`{"result":{"content":[{"text":{"text":
				"the tool's content 0: text is not valid UTF-8; return binary data as an Image, an Audio or an EmbeddedResource"}}],"isError":true}}`,
		},
		"bytes behind an interface": {
			returning[any]([]byte("x")),
			`{"result":{"content":[{"text":{"text":"the tool returned bytes of no known type"}}],"isError":true}}`,
		},
		"image without type": {
			returning(pluginapi.Image{}),
			`{"result":{"content":[{"text":{"text":"the tool's content 0: image content needs a MIME type"}}],"isError":true}}`,
		},
		"nil block": {
			returning([]pluginapi.Content{nil}),
			`{"result":{"content":[{"text":{"text":"the tool's content 0 is nil"}}],"isError":true}}`,
		},
		"broken structured content": {
			returning(pluginapi.Result{Structured: json.RawMessage(`{`)}),
			`{"result":{"content":[{"text":{"text":"the tool's structured content is not JSON"}}],"isError":true}}`,
		},
		"result beyond the message size": {
			returning(strings.Repeat("x", pluginapi.MaxMessageSize)),
			`{"result":{"content":[{"text":{"text":
				"the result is 67108884 bytes; the most that fits is 67108864"}}],"isError":true}}`,
		},
	} {
		t.Run(name, func(t *testing.T) { checkOutcome(t, test.add, test.want) })
	}
}

// checkOutcome calls the tool "t" of a plugin and compares its outcome.
func checkOutcome(t *testing.T, add func(*pluginapi.Plugin), want string) {
	t.Helper()
	p := pluginapi.New("test", "1")
	add(p)
	got := outcomeOf(t, serve(t, p), &pluginv1.CallToolRequest{Name: "t"})

	var wanted pluginv1.CallToolResponse
	if err := protojson.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if got, want := protojson.Format(got), protojson.Format(&wanted); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestArgumentsThatDoNotConformNeverReachTheTool(t *testing.T) {
	type args struct {
		Who  string   `json:"who"`
		Age  int      `json:"age,omitempty"`
		Tags []string `json:"tags,omitempty"`
		Home *point   `json:"home,omitempty"`
		Key  []byte   `json:"key,omitempty"`
	}
	p := pluginapi.New("test", "1")
	reached := make(chan args, 1)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "t"},
		func(_ context.Context, in args) (none, error) { reached <- in; return none{}, nil })
	conn := serve(t, p)

	for name, test := range map[string]struct{ raw, want string }{
		"missing":        {`{}`, `required: missing properties: ["who"]`},
		"wrong type":     {`{"who":3}`, `who: type: 3 has type "integer", want "string"`},
		"unknown":        {`{"who":"a","whom":1}`, `unexpected additional properties ["whom"]`},
		"other case":     {`{"who":"a","AGE":1}`, `unexpected additional properties ["AGE"]`},
		"nested":         {`{"who":"a","home":{"x":"1"}}`, `home.x: type: 1 has type "string", want "integer"`},
		"nested in list": {`{"who":"a","tags":["a",1]}`, `tags[]: type: 1 has type "integer", want "string"`},
		"null list":      {`{"who":"a","tags":null}`, `tags: type: null has type "null", want "array"`},
		"too large":      {`{"who":"a","age":99999999999999999999}`, `age: number 99999999999999999999 does not fit in int`},
		"no number":      {`{"who":"a","age":1e400}`, `number 1e400 is too large`},
		"not base64":     {`{"who":"a","key":"%"}`, `illegal base64 data at input byte 0`},
		"not JSON":       {`{`, `unexpected end of JSON input`},
	} {
		t.Run(name, func(t *testing.T) {
			got := outcomeOf(t, conn, &pluginv1.CallToolRequest{Name: "t", ArgumentsJson: []byte(test.raw)}).GetResult()
			if text := got.GetContent()[0].GetText().GetText(); !got.GetIsError() || text != "invalid arguments: "+test.want {
				t.Errorf("got %v %q", got.GetIsError(), text)
			}
			if len(reached) > 0 {
				t.Errorf("the tool was called with %+v", <-reached)
			}
		})
	}

	full := `{"who":"a","age":5,"tags":["x"],"home":{"x":1},"key":"aGk="}`
	if got := outcomeOf(t, conn, &pluginv1.CallToolRequest{Name: "t", ArgumentsJson: []byte(full)}); got.GetResult().GetIsError() {
		t.Fatal(got)
	}
	if in := <-reached; in.Who != "a" || in.Age != 5 || in.Home.X != 1 || string(in.Key) != "hi" {
		t.Errorf("the tool was called with %+v", in)
	}
}

// To JSON Schema, and to clients whose language has one kind of number, 2.0 is
// an integer.
func TestWholeNumbersAreIntegersHoweverTheyAreWritten(t *testing.T) {
	type args struct {
		N    int            `json:"n"`
		Many []int          `json:"many"`
		By   map[string]int `json:"by"`
		Any  any            `json:"any"`
	}
	p := pluginapi.New("test", "1")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "t"},
		func(_ context.Context, in args) (string, error) { return fmt.Sprintf("%+v", in), nil })
	conn := serve(t, p)
	for raw, want := range map[string]string{
		`{"n":2.0,"many":[1e2,3],"by":{"a":-4.0},"any":1.5}`:   "{N:2 Many:[100 3] By:map[a:-4] Any:1.5}",
		`{"n":9007199254740993,"many":[],"by":{},"any":"2.0"}`: "{N:9007199254740993 Many:[] By:map[] Any:2.0}",
		`{"n":2.5,"many":[],"by":{},"any":0}`:                  `invalid arguments: n: type: 2.5 has type "number", want "integer"`,
		`{"n":1,"many":[1e19],"by":{},"any":0}`:                `invalid arguments: many: number 1e19 does not fit in int`,
	} {
		got := outcomeOf(t, conn, &pluginv1.CallToolRequest{Name: "t", ArgumentsJson: []byte(raw)}).GetResult()
		if text := got.GetContent()[0].GetText().GetText(); text != want {
			t.Errorf("%s: got %q, want %q", raw, text, want)
		}
	}
}

func TestComplaintsAboutLargeArgumentsAreShort(t *testing.T) {
	p := pluginapi.New("test", "1")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "t"},
		func(context.Context, struct {
			N int `json:"n"`
		}) (string, error) {
			return "", nil
		})
	raw := []byte(`{"n":"` + strings.Repeat("x", 1<<20) + `"}`)
	got := outcomeOf(t, serve(t, p), &pluginv1.CallToolRequest{Name: "t", ArgumentsJson: raw}).GetResult()
	if text := got.GetContent()[0].GetText().GetText(); !got.GetIsError() || len(text) > 600 {
		t.Errorf("%d bytes: %.100s", len(text), text)
	}
}

func TestRawToolsGetTheArgumentsAsWritten(t *testing.T) {
	p := pluginapi.New("test", "1")
	schema := json.RawMessage(`{"type":"object", "properties":{"n":{"type":"integer","x-unit":"mm"}}}`)
	pluginapi.AddRawTool(p, pluginapi.Tool{Name: "echo", InputSchema: schema},
		func(_ context.Context, args json.RawMessage) (*pluginapi.Result, error) {
			return &pluginapi.Result{Content: []pluginapi.Content{pluginapi.Text{Text: string(args)}}}, nil
		})
	pluginapi.AddRawTool(p, pluginapi.Tool{Name: "bare"},
		func(context.Context, json.RawMessage) (*pluginapi.Result, error) { return nil, nil })
	conn := serve(t, p)

	list, err := pluginv1.NewToolServiceClient(conn).ListTools(t.Context(), &pluginv1.ListToolsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(list.GetTools()[1].GetInputSchemaJson()); got != string(schema) {
		t.Errorf("schema %s", got)
	}
	for _, test := range []struct {
		tool, args, want string
		isError          bool
	}{
		{"echo", `{ "n": 1e2,"m":1}`, `{ "n": 1e2,"m":1}`, false},
		{"echo", `{"n":"1"}`, `invalid arguments: n: type: 1 has type "string", want "integer"`, true},
		{"bare", `{"n":1}`, `invalid arguments: unexpected additional properties ["n"]`, true},
	} {
		got := outcomeOf(t, conn, &pluginv1.CallToolRequest{Name: test.tool, ArgumentsJson: []byte(test.args)}).GetResult()
		if text := got.GetContent()[0].GetText().GetText(); got.GetIsError() != test.isError || text != test.want {
			t.Errorf("%s %s: %v %q", test.tool, test.args, got.GetIsError(), text)
		}
	}
}

func TestSchemasAreInferred(t *testing.T) {
	type in struct {
		Path  string          `json:"path" jsonschema:"where to look"`
		Depth uint8           `json:"depth,omitempty"`
		Tags  []string        `json:"tags,omitempty"`
		When  time.Time       `json:"when,omitzero"`
		Raw   json.RawMessage `json:"raw,omitempty"`
		Bytes []byte          `json:"bytes,omitempty"`
		Limit *int            `json:"limit,omitempty"`
	}
	const input = `{"type":"object","properties":{` +
		`"path":{"type":"string","description":"where to look"},` +
		`"depth":{"type":"integer","minimum":0,"maximum":255},` +
		`"tags":{"type":"array","items":{"type":"string"}},` +
		`"when":{"type":"string"},` +
		`"raw":true,` +
		`"bytes":{"type":"string","contentEncoding":"base64"},` +
		`"limit":{"type":["null","integer"]}},` +
		`"required":["path"],"additionalProperties":false}`
	const object = `{"type":"object","properties":{"x":{"type":"integer"},"y":{"type":["null","integer"]}},` +
		`"required":["x"],"additionalProperties":false}`
	const empty = `{"type":"object","additionalProperties":false}`

	for name, test := range map[string]struct {
		add           func(*pluginapi.Plugin)
		input, output string
	}{
		"everything": {func(p *pluginapi.Plugin) {
			pluginapi.AddTool(p, pluginapi.Tool{Name: "t"}, func(context.Context, in) (string, error) { return "", nil })
		}, input, ""},
		"pointer to struct": {func(p *pluginapi.Plugin) {
			pluginapi.AddTool(p, pluginapi.Tool{Name: "t"}, func(context.Context, *point) (*point, error) { return nil, nil })
		}, object, object},
		"map": {func(p *pluginapi.Plugin) {
			pluginapi.AddTool(p, pluginapi.Tool{Name: "t"}, func(context.Context, map[string]int) (map[string]int, error) { return nil, nil })
		}, `{"type":"object","additionalProperties":{"type":"integer"}}`, `{"type":"object","additionalProperties":{"type":"integer"}}`},
		"slices keep null where we write it": {returning(struct {
			L []int `json:"l"`
		}{}), empty, `{"type":"object","properties":{"l":{"type":["null","array"],"items":{"type":"integer"}}},` +
			`"required":["l"],"additionalProperties":false}`},
		"no schema for what is not an object": {returning([]int{}), empty, ""},
		"given by hand": {func(p *pluginapi.Plugin) {
			pluginapi.AddTool(p, pluginapi.Tool{
				Name:         "t",
				InputSchema:  json.RawMessage(`{"type":"object","x-a":1}`),
				OutputSchema: json.RawMessage(`{"type":"object","x-b":1}`),
			}, func(context.Context, point) (point, error) { return point{}, nil })
		}, `{"type":"object","x-a":1}`, `{"type":"object","x-b":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := pluginapi.New("test", "1")
			test.add(p)
			list, err := pluginv1.NewToolServiceClient(serve(t, p)).ListTools(t.Context(), &pluginv1.ListToolsRequest{})
			if err != nil {
				t.Fatal(err)
			}
			tool := list.GetTools()[0]
			if got := string(tool.GetInputSchemaJson()); got != test.input {
				t.Errorf("input schema\n got %s\nwant %s", got, test.input)
			}
			if got := string(tool.GetOutputSchemaJson()); got != test.output {
				t.Errorf("output schema\n got %s\nwant %s", got, test.output)
			}
		})
	}
}

type tree struct {
	Leaves []tree `json:"leaves"`
}

func TestMistakesKeepThePluginFromStarting(t *testing.T) {
	add := func(tool pluginapi.Tool) func(*pluginapi.Plugin) {
		return func(p *pluginapi.Plugin) {
			pluginapi.AddTool(p, tool, func(context.Context, none) (string, error) { return "", nil })
		}
	}
	for name, test := range map[string]struct {
		add  func(*pluginapi.Plugin)
		want string
	}{
		"no name":       {add(pluginapi.Tool{}), `tool "": a name is 1 to 64 of`},
		"long name":     {add(pluginapi.Tool{Name: strings.Repeat("x", 65)}), `a name is 1 to 64 of`},
		"bad name":      {add(pluginapi.Tool{Name: "a b"}), `tool "a b": a name is 1 to 64 of`},
		"meta":          {add(pluginapi.Tool{Name: "t", Meta: json.RawMessage(`[]`)}), "meta is not a JSON object"},
		"output schema": {add(pluginapi.Tool{Name: "t", OutputSchema: json.RawMessage(`{`)}), "output schema: not JSON"},
		"input schema":  {add(pluginapi.Tool{Name: "t", InputSchema: json.RawMessage(`{`)}), "input schema:"},
		"input root":    {add(pluginapi.Tool{Name: "t", InputSchema: json.RawMessage(`{}`)}), `must say "type": "object"`},
		"bytes":         {returning([]byte{}), "a result of []byte has no type"},
		"cyclic result": {returning(tree{}), "give one by hand in Tool.OutputSchema"},
		"arguments that are no object": {func(p *pluginapi.Plugin) {
			pluginapi.AddTool(p, pluginapi.Tool{Name: "t"}, func(context.Context, int) (string, error) { return "", nil })
		}, "int is not a JSON object"},
		"settings that are no object": {func(p *pluginapi.Plugin) {
			pluginapi.OnConfigure(p, func(context.Context, string) error { return nil })
		}, "settings: string is not a JSON object"},
		"twice": {func(p *pluginapi.Plugin) {
			returning("a")(p)
			returning("b")(p)
		}, `tool "t": added twice`},
	} {
		t.Run(name, func(t *testing.T) {
			p := pluginapi.New("test", "1")
			test.add(p)
			conn, stop, err := dial(p)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := stop(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	t.Run("all are told", func(t *testing.T) {
		p := pluginapi.New("", "1")
		add(pluginapi.Tool{Name: "a b"})(p)
		_, stop, err := dial(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := stop(); err == nil || !strings.Contains(err.Error(), "no name") || !strings.Contains(err.Error(), "a b") {
			t.Errorf("got %v", err)
		}
	})
}

func TestDefinitionsCarryAllThatTheAuthorSays(t *testing.T) {
	p := pluginapi.New("test", "1")
	pluginapi.AddTool(p, pluginapi.Tool{
		Name: "t", Title: "T", Description: "does t",
		Hints:    pluginapi.Hints{ReadOnly: true, Destructive: new(false), Idempotent: true, OpenWorld: new(false)},
		Icons:    []pluginapi.Icon{{Src: "data:,", MIMEType: "image/png", Sizes: []string{"any"}, Theme: "dark"}},
		Meta:     json.RawMessage(`{"k":1}`),
		Requires: pluginapi.Capabilities{ElicitationForm: true},
	}, func(context.Context, none) (none, error) { return none{}, nil })
	list, err := pluginv1.NewToolServiceClient(serve(t, p)).ListTools(t.Context(), &pluginv1.ListToolsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var want pluginv1.Tool
	if err := protojson.Unmarshal([]byte(`{"name":"t","title":"T","description":"does t",
		"inputSchemaJson":"eyJ0eXBlIjoib2JqZWN0IiwiYWRkaXRpb25hbFByb3BlcnRpZXMiOmZhbHNlfQ==",
		"annotations":{"readOnly":true,"destructive":false,"idempotent":true,"openWorld":false},
		"icons":[{"src":"data:,","mimeType":"image/png","sizes":["any"],"theme":"dark"}],
		"metaJson":"eyJrIjoxfQ==","requires":{"elicitationForm":true}}`), &want); err != nil {
		t.Fatal(err)
	}
	if got, want := protojson.Format(list.GetTools()[0]), protojson.Format(&want); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestCancelledCallEndsTheHandlersContext(t *testing.T) {
	p := pluginapi.New("test", "1")
	started, ended := make(chan none), make(chan error, 1)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "t"}, func(ctx context.Context, _ none) (none, error) {
		close(started)
		<-ctx.Done()
		ended <- ctx.Err()
		return none{}, ctx.Err()
	})
	conn := serve(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	if _, err := callTool(ctx, conn, &pluginv1.CallToolRequest{Name: "t"}); status.Code(err) != codes.Canceled {
		t.Errorf("got %v", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the handler saw %v", err)
	}
}
