// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

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
