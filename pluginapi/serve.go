// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

// How long a plugin that is asked to stop takes for it, where the host does not
// say.
const (
	callGrace     = 2 * time.Second        // for the calls in flight
	flushGrace    = 250 * time.Millisecond // for their answers to reach the host
	shutdownGrace = 500 * time.Millisecond // for OnShutdown, after them
)

// ServeListener serves the plugin on lis, in this process and without go-plugin's
// handshake, until ctx ends: for tests, and for programs that are their own host.
// It then takes no more calls, cancels those that are not over after 2 s, runs
// OnShutdown and returns nil when all handlers have returned. It closes lis.
func (p *Plugin) ServeListener(ctx context.Context, lis net.Listener) error {
	if err := p.begin(); err != nil {
		_ = lis.Close() // ours by contract; the mistake is what matters
		return err
	}
	return p.serveListener(ctx, lis, func(grpc.ServiceRegistrar) {})
}

// serveListener is ServeListener with services besides the plugin's own.
func (p *Plugin) serveListener(ctx context.Context, lis net.Listener, more func(grpc.ServiceRegistrar)) error {
	calls := newGate()
	server := grpc.NewServer(append(sizes(), grpc.WaitForHandlers(true))...)
	p.register(server, calls)
	more(server)
	up := health.NewServer()
	up.SetServingStatus(goplugin.GRPCServiceName, grpc_health_v1.HealthCheckResponse_SERVING)
	grpc_health_v1.RegisterHealthServer(server, up)

	serving, ended := context.WithCancel(ctx)
	var stopper sync.WaitGroup
	stopper.Go(func() {
		<-serving.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), callGrace)
		defer cancel()
		stopServer(grace, server, calls)
	})
	err := server.Serve(lis)
	ended()
	stopper.Wait()

	p.shutdown(context.WithoutCancel(ctx))
	if err != nil && !errors.Is(err, grpc.ErrServerStopped) { // ctx ended before it began
		return fmt.Errorf("plugin %s: serve: %w", p.name, err)
	}
	return nil
}

// stopServer takes no more calls, and stops when those in flight are answered or
// ctx ends, which cancels them.
func stopServer(ctx context.Context, server *grpc.Server, calls *gate) {
	if calls.drain(ctx) {
		// The last answer is on its way: to stop at once would cut it off.
		force := time.AfterFunc(flushGrace, server.Stop)
		defer force.Stop()
		server.GracefulStop()
		return
	}
	server.Stop()
}

// register adds all services: what Describe does not name is not called, and may
// be added later.
func (p *Plugin) register(server grpc.ServiceRegistrar, calls *gate) {
	pluginv1.RegisterPluginServiceServer(server, &pluginService{plugin: p, calls: calls})
	pluginv1.RegisterToolServiceServer(server, &toolService{plugin: p, calls: calls})
	pluginv1.RegisterResourceServiceServer(server, &resourceService{plugin: p, calls: calls})
	pluginv1.RegisterPromptServiceServer(server, &promptService{plugin: p, calls: calls})
	pluginv1.RegisterCompletionServiceServer(server, &completionService{plugin: p, calls: calls})
}

// sizes lifts gRPC's own limit on messages, 4 MiB, to the protocol's.
func sizes() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.MaxRecvMsgSize(MaxMessageSize), grpc.MaxSendMsgSize(MaxMessageSize)}
}

// shutdown runs OnShutdown for as long as there is time. A hook that does not
// heed its context is left behind: the process is about to end.
func (p *Plugin) shutdown(ctx context.Context) {
	p.mu.Lock()
	onStop := p.onStop
	p.mu.Unlock()
	if onStop == nil {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, shutdownGrace)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.safely("shutdown", func() { onStop(ctx) }) // logged already
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
