// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/mcphost/mcphost/host/internal/mcp"
)

// traceKey is the context key of the trace context of a call.
type traceKey struct{}

// withTrace makes the RPCs of ctx carry the trace context of the call that
// causes them.
func withTrace(ctx context.Context, trace mcp.TraceContext) context.Context {
	if trace == (mcp.TraceContext{}) {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, trace)
}

// traceUnary and traceStream are the innermost interceptors, so that one of the
// configuration can begin a span and replace the trace context by its own.

func traceUnary(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return next(traceMetadata(ctx), method, req, reply, conn, opts...)
}

func traceStream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, next grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return next(traceMetadata(ctx), desc, conn, method, opts...)
}

// traceMetadata adds what is not there yet. gRPC refuses to send what is not
// printable ASCII, and a client's odd header must not fail its call.
func traceMetadata(ctx context.Context) context.Context {
	trace, ok := ctx.Value(traceKey{}).(mcp.TraceContext)
	if !ok {
		return ctx
	}
	present, _ := metadata.FromOutgoingContext(ctx)
	for _, header := range []struct{ name, value string }{
		{"traceparent", trace.Parent}, {"tracestate", trace.State}, {"baggage", trace.Baggage},
	} {
		if header.value != "" && printable(header.value) && len(present.Get(header.name)) == 0 {
			ctx = metadata.AppendToOutgoingContext(ctx, header.name, header.value)
		}
	}
	return ctx
}

func printable(value string) bool {
	for _, b := range []byte(value) {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}
