// SPDX-License-Identifier: Apache-2.0

//go:build unix

package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

const countSchema = `{"type":"object","properties":{"n":{"type":"integer","minimum":0},"delay_ms":{"type":"integer","minimum":0}},"required":["n"],"additionalProperties":false}`

func (p *patient) ListTools(_ context.Context, req *pluginv1.ListToolsRequest) (*pluginv1.ListToolsResponse, error) {
	reads := &pluginv1.ToolAnnotations{ReadOnly: new(true)}
	count := &pluginv1.Tool{
		Name: "count", Description: "Count to n.", InputSchemaJson: []byte(countSchema), Annotations: reads,
		OutputSchemaJson: []byte(`{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}`),
	}
	list := &pluginv1.ListToolsResponse{Tools: []*pluginv1.Tool{count}, Revision: "1"}
	switch p.fault {
	case "lists without end":
		list.NextPageToken = "again"
	case "changes revisions":
		list.Revision = fmt.Sprint(p.lists.Add(1))
	case "misnames a tool":
		count.Name = "count to n"
	case "lists a tool twice":
		list.Tools = append(list.Tools, count)
	case "has a wrong input schema":
		count.InputSchemaJson = []byte(`{"type":"object","properties":{"n":{"type":"whole"}}}`)
	case "takes an array":
		count.InputSchemaJson = []byte(`{"type":"array"}`)
	case "has a wrong output schema":
		count.OutputSchemaJson = []byte(`{"type":3}`)
	case "describes nothing":
		count.Description = ""
	case "never lists":
		<-p.stop
	case "crashes in one tool", "crashes after one tool", "hangs in one tool":
		list.Tools = []*pluginv1.Tool{{Name: "bad", Description: "Do harm.", Annotations: reads}, count}
	case "is bounded and ignores cancellation":
		count.InputSchemaJson = []byte(strings.Replace(countSchema, `"n":{`, `"n":{"maximum":100,`, 1))
	}
	return list, nil
}

// doHarm does what a call must not do to its process.
func (p *patient) doHarm(ctx context.Context, tool string) {
	n := p.calls.Add(1)
	switch {
	case tool == "bad" && p.has("crashes in one tool"):
		fmt.Fprintln(os.Stderr, "out of luck")
		os.Exit(42)
	case tool == "bad" && p.has("crashes after one tool"):
		context.AfterFunc(ctx, func() { // when the answer is on its way
			time.Sleep(100 * time.Millisecond)
			os.Exit(42)
		})
	case tool == "bad" && p.has("hangs in one tool"):
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) // nothing moves any more
		<-p.stop
	case n > 60 && p.has("dies of use"):
		os.Exit(9)
	case n > 60 && p.has("hangs after use"):
		<-p.stop
	}
}

type callStream = grpc.ServerStreamingServer[pluginv1.CallToolResponse]

func (p *patient) CallTool(req *pluginv1.CallToolRequest, stream callStream) error {
	p.doHarm(stream.Context(), req.GetName())
	if req.GetName() != "count" && !p.has("knows every tool") {
		return stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Error{Error: notFound()}})
	}
	if p.has("locks itself out") {
		if !p.lock.TryLock() {
			select {} // waits for what never comes
		}
		defer p.lock.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
	var args struct {
		N     *int
		Delay int `json:"delay_ms"`
	}
	err := json.Unmarshal(req.GetArgumentsJson(), &args)
	if err != nil || args.N == nil {
		if p.has("crashes on bad arguments") {
			os.Exit(2)
		}
		return stream.Send(result(`{}`, "invalid arguments: n", true))
	}
	switch {
	case p.has("fails at large numbers") && *args.N > 5:
		return status.Error(codes.Internal, "too many")
	case p.has("refuses large numbers") && *args.N > 5:
		return stream.Send(result(`{}`, "n: more than 5", true))
	case p.has("is silent at large numbers") && *args.N > 1000:
		<-p.stop
	}
	return p.count(stream, *args.N, time.Duration(args.Delay)*time.Millisecond)
}

func (p *patient) count(stream callStream, n int, delay time.Duration) error {
	for i := 1; i <= n; i++ {
		select {
		case <-time.After(delay):
		case <-stream.Context().Done():
			if !strings.Contains(p.fault, "ignores cancellation") {
				return nil
			}
			time.Sleep(delay)
		}
		done := float64(i)
		if p.has("counts backwards") {
			done = -done
		}
		_ = stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Progress{Progress: &pluginv1.Progress{Progress: done}}})
	}
	return p.answer(stream, n)
}

// answer ends a call.
func (p *patient) answer(stream callStream, n int) error {
	good := result(fmt.Sprintf(`{"n":%d}`, n), fmt.Sprint(n), false)
	switch p.fault {
	case "answers twice":
		_ = stream.Send(good)
	case "does not answer":
		return nil
	case "answers with a status":
		return status.Error(codes.Internal, "something is wrong")
	case "breaks its output schema":
		good = result(`{"n":"many"}`, "many", false)
	case "sends a picture of no kind":
		good.GetResult().Content = []*pluginv1.ContentBlock{{Kind: &pluginv1.ContentBlock_Image{Image: &pluginv1.MediaContent{Data: []byte("x")}}}}
	case "prints in calls":
		fmt.Println("called")
	case "leaks":
		p.lock.Lock()
		p.kept = append(p.kept, make([]byte, 1<<20))
		clear(p.kept[len(p.kept)-1]) // so that it is there
		p.lock.Unlock()
	}
	if err := stream.Send(good); err != nil || !p.has("reports after the outcome") {
		return err
	}
	return stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Progress{Progress: &pluginv1.Progress{Progress: 1e9}}})
}

func result(structured, text string, isError bool) *pluginv1.CallToolResponse {
	r := &pluginv1.CallToolResult{
		Content: []*pluginv1.ContentBlock{{Kind: &pluginv1.ContentBlock_Text{Text: &pluginv1.TextContent{Text: text}}}},
		IsError: isError,
	}
	if !isError {
		r.StructuredContentJson = []byte(structured)
	}
	return &pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Result{Result: r}}
}
