// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// A whole plugin. Started by hand it explains itself.
func Example() {
	p := pluginapi.New("greet", "1.0.0")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "greet", Description: "Say hello to someone."},
		func(ctx context.Context, in struct {
			Who string `json:"who" jsonschema:"whom to greet"`
		}) (string, error) {
			return "Hello, " + in.Who + "!", nil
		})
	os.Exit(p.Main())
}

// A tool with progress, structured output and an error that a model can use.
func ExampleAddTool() {
	type Sum struct {
		Total int `json:"total" jsonschema:"the sum of all numbers"`
	}
	p := pluginapi.New("sums", "1.0.0")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "sum", Hints: pluginapi.Hints{ReadOnly: true}},
		func(ctx context.Context, in struct {
			Numbers []int `json:"numbers" jsonschema:"at least one"`
		}) (Sum, error) {
			if len(in.Numbers) == 0 {
				return Sum{}, errors.New("numbers is empty: give at least one")
			}
			var sum Sum
			for i, n := range in.Numbers {
				sum.Total += n
				pluginapi.Progress(ctx, float64(i+1), float64(len(in.Numbers)), "adding")
			}
			return sum, nil
		})

	show(p, "sum", `{"numbers":[1,2,3]}`)
	show(p, "sum", `{"numbers":[]}`)
	show(p, "sum", `{"numbers":["one"]}`)
	show(p, "sum", `{"nummers":[1]}`)
	// Output:
	// {"total":6}
	// error: numbers is empty: give at least one
	// error: invalid arguments: numbers[]: type: one has type "string", want "integer"
	// error: invalid arguments: unexpected additional properties ["nummers"]
}

// Settings come from the operator's configuration, checked before fn sees them.
func ExampleOnConfigure() {
	type Settings struct {
		Endpoint string `json:"endpoint" jsonschema:"where the service is"`
		Token    string `json:"token,omitempty"`
	}
	p := pluginapi.New("weather", "1.0.0")
	pluginapi.OnConfigure(p, func(ctx context.Context, s Settings) error {
		fmt.Println("using", s.Endpoint)
		return nil
	})

	conn, stop, err := dial(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	client := pluginv1.NewPluginServiceClient(conn)
	_, err = client.Configure(context.Background(), &pluginv1.ConfigureRequest{
		SettingsJson: []byte(`{"endpoint":"https://weather.example"}`),
	})
	fmt.Println(err)
	// Output:
	// using https://weather.example
	// <nil>
}

// A plugin served inside a test, over any listener.
func ExamplePlugin_ServeListener() {
	p := pluginapi.New("greet", "1.0.0")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "greet"},
		func(ctx context.Context, in struct {
			Who string `json:"who"`
		}) (string, error) {
			return "Hello, " + in.Who + "!", nil
		})

	lis := bufconn.Listen(1 << 16) // or net.Listen
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error)
	go func() { served <- p.ServeListener(ctx, lis) }()

	conn, err := grpc.NewClient("passthrough:pipe",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return lis.DialContext(ctx)
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	stream, err := pluginv1.NewToolServiceClient(conn).CallTool(ctx, &pluginv1.CallToolRequest{
		Name:          "greet",
		ArgumentsJson: []byte(`{"who":"Ada"}`),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	event, err := stream.Recv()
	fmt.Println(event.GetResult().GetContent()[0].GetText().GetText(), err)

	stop()
	fmt.Println(<-served, conn.Close())
	// Output:
	// Hello, Ada! <nil>
	// <nil> <nil>
}

// A resource, and a family of them whose variables can be completed.
func ExampleAddResourceTemplate() {
	notes := map[string]string{"milk": "Buy milk.", "mail": "Write to Ada."}
	p := pluginapi.New("notes", "1.0.0")
	pluginapi.AddResource(p, pluginapi.Resource{URI: "note:///", Name: "notes", MIMEType: "application/json"},
		func(ctx context.Context, uri string) (string, error) {
			names, err := json.Marshal(slices.Sorted(maps.Keys(notes)))
			return string(names), err
		})
	pluginapi.AddResourceTemplate(p, pluginapi.ResourceTemplate{URITemplate: "note:///{name}", Name: "note"},
		func(ctx context.Context, uri string, vars map[string]string) (string, error) {
			note, ok := notes[vars["name"]]
			if !ok {
				return "", pluginapi.NotFound("there is no note %q", vars["name"])
			}
			return note, nil
		})
	pluginapi.CompleteTemplate(p, "note:///{name}", "name",
		pluginapi.PrefixCompletion(slices.Sorted(maps.Keys(notes))))

	read(p, "note:///")
	read(p, "note:///milk")
	read(p, "note:///none")
	// Output:
	// ["mail","milk"]
	// Buy milk.
	// error: there is no note "none"
}

// A prompt with one argument that is required and one that is not.
func ExampleAddPrompt() {
	p := pluginapi.New("reviews", "1.0.0")
	pluginapi.AddPrompt(p, pluginapi.Prompt{Name: "review", Description: "Review some code."},
		func(ctx context.Context, in struct {
			Code  string `json:"code" jsonschema:"what to review"`
			Focus string `json:"focus,omitempty" jsonschema:"what to look at first"`
		}) (string, error) {
			return "Review this code, and look at " + cmp.Or(in.Focus, "everything") + ": " + in.Code, nil
		})
	pluginapi.CompletePrompt(p, "review", "focus", pluginapi.PrefixCompletion([]string{"safety", "speed", "style"}))

	fillIn(p, "review", map[string]string{"code": "x := 1", "focus": "style"})
	fillIn(p, "review", map[string]string{"code": "x := 1"})
	fillIn(p, "review", nil)
	// Output:
	// Review this code, and look at style: x := 1
	// Review this code, and look at everything: x := 1
	// error: prompt review: the argument "code" is required
}

// A tool that asks before it acts. The order is made once, after the question,
// however often the call is entered; its number is the same in all rounds.
func ExampleElicit() {
	type Order struct {
		Size  string `json:"size" form:"enum=S|M|L;default=M"`
		Count int    `json:"count" jsonschema:"how many" form:"min=1;max=9"`
	}
	p := pluginapi.New("shop", "1.0.0")
	pluginapi.AddTool(p, pluginapi.Tool{Name: "order", Requires: pluginapi.Capabilities{ElicitationForm: true}},
		func(ctx context.Context, in struct{}) (string, error) {
			number, err := pluginapi.Memo(ctx, "number", func() (int, error) { return 7, nil })
			if err != nil {
				return "", err
			}
			order, err := pluginapi.Elicit[Order](ctx, "order", fmt.Sprintf("Order %d: what shall it be?", number))
			if err != nil {
				return "", err
			}
			if !order.Accepted() {
				return "Nothing was ordered.", nil
			}
			return fmt.Sprintf("Order %d: %d shirts in %s.", number, order.Value.Count, order.Value.Size), nil
		})

	converse(p, "order", `{"action":"accept","content":{"size":"L","count":2}}`)
	converse(p, "order", `{"action":"decline"}`)
	// Output:
	// asked: {"message":"Order 7: what shall it be?","requestedSchema":{"type":"object","properties":{"size":{"type":"string","enum":["S","M","L"],"default":"M"},"count":{"type":"integer","description":"how many","minimum":1,"maximum":9}},"required":["size","count"]}}
	// Order 7: 2 shirts in L.
	// asked: {"message":"Order 7: what shall it be?","requestedSchema":{"type":"object","properties":{"size":{"type":"string","enum":["S","M","L"],"default":"M"},"count":{"type":"integer","description":"how many","minimum":1,"maximum":9}},"required":["size","count"]}}
	// Nothing was ordered.
}

// converse calls a tool that asks one question, and enters it again with the
// answer.
func converse(p *pluginapi.Plugin, tool, answer string) {
	conn, stop, err := dial(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	req := &pluginv1.CallToolRequest{Name: tool, Context: &pluginv1.CallContext{
		Capabilities: &pluginv1.ClientCapabilities{ElicitationForm: true},
	}}
	events, err := callTool(context.Background(), conn, req)
	if err != nil {
		fmt.Println(err)
		return
	}
	asked := events[len(events)-1].GetInputRequired()
	fmt.Printf("asked: %s\n", asked.GetRequests()[0].GetParamsJson())
	req.Resumption = &pluginv1.Resumption{State: asked.GetState(), Responses: []*pluginv1.InputResponse{{
		Key:     asked.GetRequests()[0].GetKey(),
		Outcome: &pluginv1.InputResponse_ResultJson{ResultJson: []byte(answer)},
	}}}
	events, err = callTool(context.Background(), conn, req)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(events[len(events)-1].GetResult().GetContent()[0].GetText().GetText())
}

// fillIn fills in a prompt of p over gRPC and prints its first message.
func fillIn(p *pluginapi.Plugin, prompt string, args map[string]string) {
	conn, stop, err := dial(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	stream, err := pluginv1.NewPromptServiceClient(conn).GetPrompt(context.Background(),
		&pluginv1.GetPromptRequest{Context: &pluginv1.CallContext{}, Name: prompt, Arguments: args})
	if err != nil {
		fmt.Println(err)
		return
	}
	event, err := stream.Recv()
	if err != nil {
		fmt.Println(err)
		return
	}
	if refused := event.GetError(); refused != nil {
		fmt.Println("error:", refused.GetMessage())
		return
	}
	fmt.Println(event.GetResult().GetMessages()[0].GetContent().GetText().GetText())
}

// read reads a resource of p over gRPC and prints what it holds.
func read(p *pluginapi.Plugin, uri string) {
	conn, stop, err := dial(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	stream, err := pluginv1.NewResourceServiceClient(conn).ReadResource(context.Background(),
		&pluginv1.ReadResourceRequest{Context: &pluginv1.CallContext{}, Uri: uri})
	if err != nil {
		fmt.Println(err)
		return
	}
	event, err := stream.Recv()
	if err != nil {
		fmt.Println(err)
		return
	}
	if refused := event.GetError(); refused != nil {
		fmt.Println("error:", refused.GetMessage())
		return
	}
	fmt.Println(event.GetResult().GetContents()[0].GetText())
}

// show calls a tool of p over gRPC and prints what a model would read.
func show(p *pluginapi.Plugin, tool, args string) {
	conn, stop, err := dial(p)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	events, err := callTool(context.Background(), conn,
		&pluginv1.CallToolRequest{Name: tool, ArgumentsJson: []byte(args)})
	if err != nil {
		fmt.Println(err)
		return
	}
	result := events[len(events)-1].GetResult()
	if result.GetIsError() {
		fmt.Print("error: ")
	}
	fmt.Println(result.GetContent()[0].GetText().GetText())
}
