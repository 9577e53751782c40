// SPDX-License-Identifier: Apache-2.0

package pluginapi_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/mcphost/mcphost/pluginapi"
	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// dial serves p in this process over real gRPC and returns the host's end. The
// returned function stops it and waits.
func dial(p *pluginapi.Plugin) (conn *grpc.ClientConn, stop func() error, err error) {
	lis := bufconn.Listen(1 << 20)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	var served error
	serving.Go(func() { served = p.ServeListener(ctx, lis) })

	conn, err = grpc.NewClient("passthrough:pipe",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(pluginapi.MaxMessageSize+1024),
			grpc.MaxCallSendMsgSize(pluginapi.MaxMessageSize)),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return lis.DialContext(ctx)
		}))
	if err != nil {
		cancel()
		return nil, nil, err
	}
	return conn, sync.OnceValue(func() error {
		cancel()
		serving.Wait()
		return errors.Join(served, conn.Close())
	}), nil
}

// serve is dial for a test that expects no failure.
func serve(t *testing.T, p *pluginapi.Plugin) *grpc.ClientConn {
	t.Helper()
	conn, stop, err := dial(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// callTool runs one call to its end and returns all events.
func callTool(ctx context.Context, conn grpc.ClientConnInterface, req *pluginv1.CallToolRequest) ([]*pluginv1.CallToolResponse, error) {
	if req.Context == nil {
		req.Context = &pluginv1.CallContext{RequestId: "r1"}
	}
	if req.ArgumentsJson == nil {
		req.ArgumentsJson = []byte("{}")
	}
	stream, err := pluginv1.NewToolServiceClient(conn).CallTool(ctx, req)
	if err != nil {
		return nil, err
	}
	var events []*pluginv1.CallToolResponse
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, event)
	}
}

// outcomeOf runs a call that must end with an outcome and returns it.
func outcomeOf(t *testing.T, conn grpc.ClientConnInterface, req *pluginv1.CallToolRequest) *pluginv1.CallToolResponse {
	t.Helper()
	events, err := callTool(t.Context(), conn, req)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) == 0 {
		t.Fatal("the call ended without an outcome")
	}
	return events[len(events)-1]
}
