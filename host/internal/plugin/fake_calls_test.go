// SPDX-License-Identifier: Apache-2.0

//go:build linux

package plugin

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// CallTool does what the name of the tool says with a string.
func (f *fake) CallTool(req *pluginv1.CallToolRequest, stream toolStream) error {
	if req.GetName() != "most" { // the question is none of the calls it counts
		f.running.Add(1)
		defer f.running.Add(-1)
	}
	now := f.running.Load()
	for most := f.most.Load(); now > most && !f.most.CompareAndSwap(most, now); most = f.most.Load() {
	}
	var arg string
	_ = json.Unmarshal(req.GetArgumentsJson(), &arg)
	text, err := f.run(req, arg, stream)
	if err != nil || text == nil {
		return err
	}
	return stream.Send(result(&pluginv1.CallToolResult{Content: []*pluginv1.ContentBlock{{
		Kind: &pluginv1.ContentBlock_Text{Text: &pluginv1.TextContent{Text: *text}},
	}}}))
}

// run returns the text of the result, or nil if it has sent the outcome itself.
func (f *fake) run(req *pluginv1.CallToolRequest, arg string, stream toolStream) (*string, error) {
	switch req.GetName() {
	case "echo":
		return &arg, nil
	case "crash":
		fmt.Fprintln(os.Stderr, "about to crash")
		os.Exit(7)
	case "hang":
		if req.GetContext().GetWantsProgress() { // that it has begun
			if err := stream.Send(progress(1)); err != nil {
				return nil, err
			}
		}
		<-stream.Context().Done()
		f.cancelled.Add(1)
		if f.mode == "rapidreset" && f.cancelled.Load() == 20 {
			f.conns.closeAll()
		}
		return nil, stream.Context().Err()
	case "hold":
		select {
		case f.held <- struct{}{}:
			return &arg, nil
		case <-stream.Context().Done():
			return nil, stream.Context().Err()
		}
	case "release":
		<-f.held
		return &arg, nil
	case "spin":
		spin(stream.Context())
		return nil, stream.Context().Err()
	case "cancelled":
		return ptr(strconv.FormatInt(f.cancelled.Load(), 10)), nil
	case "freeze":
		return nil, syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case "stderr":
		fmt.Fprintln(os.Stderr, arg)
		return &arg, nil
	case "stdout":
		n, _ := strconv.Atoi(arg)
		fmt.Println(strings.Repeat("x", n))
		return &arg, nil
	case "stdin":
		if read := f.stdin.Load(); read != nil {
			return read, nil
		}
		return ptr("reading"), nil
	case "environment":
		return ptr(strings.Join(os.Environ(), "\n")), nil
	case "grandchild":
		return grandchild()
	case "context":
		md, _ := metadata.FromIncomingContext(stream.Context())
		return ptr(fmt.Sprintf("%v\ntraceparent:%v tracestate:%v baggage:%v", req.GetContext(), md.Get("traceparent"), md.Get("tracestate"), md.Get("baggage"))), nil
	case "configured":
		return ptr(fmt.Sprint(f.configured.Load())), nil
	case "ended":
		_, ok := f.ended.Load(arg)
		return ptr(strconv.FormatBool(ok)), nil
	case "most":
		return ptr(strconv.FormatInt(f.most.Load(), 10)), nil
	case "subscribed":
		return f.watched.Load(), nil
	case "change":
		f.changed <- arg
		return &arg, nil
	case "revise":
		if arg != "" {
			f.revision.Store(&arg)
		}
		f.watching <- arg
		return &arg, nil
	}
	return nil, f.answer(req.GetName(), arg, stream)
}

// answer ends the call in its own way.
func (f *fake) answer(name, arg string, stream toolStream) error {
	n, _ := strconv.Atoi(arg)
	switch name {
	case "silent":
		return nil
	case "status":
		return status.Error(codes.Code(n), "secret detail of the backend")
	case "events":
		return sendEvents(stream)
	case "text", "image", "json":
		return stream.Send(result(payload(name, n)))
	case "linger":
		if err := stream.Send(result(payload("text", 1))); err != nil {
			return err
		}
		<-stream.Context().Done()
		return nil
	case "utf8":
		// content{text{"\xff"}} in a result, which protobuf for Go would not write.
		return stream.SendMsg(rawMessage{0x22, 7, 0x0a, 5, 0x0a, 3, 0x0a, 1, 0xff})
	case "badjson":
		return stream.Send(result(&pluginv1.CallToolResult{StructuredContentJson: []byte(`{"a":1,"a":2}`)}))
	case "notfound":
		return stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Error{Error: &pluginv1.ProtocolError{
			Code: pluginv1.ProtocolErrorCode_PROTOCOL_ERROR_CODE_NOT_FOUND, Message: "no such city", DataJson: []byte(`{"city":"x"}`),
		}}})
	case "ask":
		return stream.Send(&pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_InputRequired{InputRequired: &pluginv1.InputRequired{
			Requests: []*pluginv1.InputRequest{{Key: "k", Method: pluginv1.InputMethod_INPUT_METHOD_ELICIT, ParamsJson: []byte("{\n\"message\":\"?\"}")}},
			State:    []byte("s"),
		}}})
	}
	return status.Error(codes.NotFound, "unknown tool")
}

func progress(p float64) *pluginv1.CallToolResponse {
	return &pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Progress{Progress: &pluginv1.Progress{Progress: p}}}
}

func sendEvents(stream toolStream) error {
	log := func(level pluginv1.LogLevel, data string) *pluginv1.CallToolResponse {
		return &pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Log{Log: &pluginv1.Log{Level: level, DataJson: []byte(data)}}}
	}
	events := []*pluginv1.CallToolResponse{
		progress(1), log(pluginv1.LogLevel_LOG_LEVEL_WARNING, `"a"`), progress(1), progress(2), {},
		log(pluginv1.LogLevel_LOG_LEVEL_DEBUG, `"b"`), log(pluginv1.LogLevel_LOG_LEVEL_UNSPECIFIED, `{"c":1}`),
		log(pluginv1.LogLevel_LOG_LEVEL_ERROR, `{broken`), progress(0.5), progress(3),
		{Event: &pluginv1.CallToolResponse_ReleaseStream{ReleaseStream: &pluginv1.ReleaseStream{RetryAfterMs: 9}}},
		result(payload("text", 1)), progress(4),
	}
	for _, event := range events {
		if err := stream.Send(event); err != nil {
			return err
		}
	}
	return nil
}

// payload returns a result of n bytes as text, as an image, or as JSON that
// nobody looks into but to check it.
func payload(kind string, n int) *pluginv1.CallToolResult {
	switch kind {
	case "image":
		return &pluginv1.CallToolResult{Content: []*pluginv1.ContentBlock{{Kind: &pluginv1.ContentBlock_Image{
			Image: &pluginv1.MediaContent{Data: make([]byte, n), MimeType: "image/png"},
		}}}}
	case "json":
		return &pluginv1.CallToolResult{StructuredContentJson: slices.Concat([]byte(`"`), slices.Repeat([]byte("x"), n), []byte(`"`))}
	default:
		return &pluginv1.CallToolResult{Content: []*pluginv1.ContentBlock{{Kind: &pluginv1.ContentBlock_Text{
			Text: &pluginv1.TextContent{Text: strings.Repeat("x", n)},
		}}}}
	}
}

func result(r *pluginv1.CallToolResult) *pluginv1.CallToolResponse {
	return &pluginv1.CallToolResponse{Event: &pluginv1.CallToolResponse_Result{Result: r}}
}

// grandchild starts a process that keeps our stdout and stderr.
func grandchild() (*string, error) {
	cmd := selfCommand("sleeper")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return ptr(strconv.Itoa(cmd.Process.Pid)), nil
}
