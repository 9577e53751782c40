// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// debugVariable set to "1" has a plugin serve without a host that started it.
const debugVariable = "MCPHOST_DEBUG"

// debug serves on a socket of its own until the process is told to end. The
// process is the debugger's: what a host would end it by means nothing here.
func (p *Plugin) debug(w io.Writer) int {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	defer context.AfterFunc(ctx, release)() // a second signal ends it at once

	dir, listener, err := listenForDebugging()
	if err != nil {
		fmt.Fprintf(w, "%s: cannot be debugged: %v\n", p.name, err)
		return 1
	}
	defer os.RemoveAll(dir)
	line, err := p.reattachLine(listener.Addr())
	if err != nil {
		fmt.Fprintf(w, "%s: cannot be debugged: %v\n", p.name, err)
		return 1
	}
	fmt.Fprintf(w, "%s %s waits to be debugged. Start mcphost with this in its environment:\n%s\n", p.name, p.version, line)
	if err := p.serveListener(ctx, listener, ignoreShutdown); err != nil {
		fmt.Fprintln(w, err)
		return 1
	}
	return 0
}

// listenForDebugging returns a socket in a new directory that only this user
// can enter, to be removed.
func listenForDebugging() (dir string, l net.Listener, err error) {
	if dir, err = os.MkdirTemp("", "mcphost-debug-"); err != nil {
		return "", nil, err
	}
	socket := filepath.Join(dir, "plugin")
	if l, err = net.Listen("unix", socket); err == nil {
		err = os.Chmod(socket, 0o600)
	}
	if err != nil {
		return "", nil, fmt.Errorf("%w; if the path is too long, set TMPDIR to a shorter directory", cleanedUp(dir, l, err))
	}
	return dir, l, nil
}

// cleanedUp returns err once nothing is left of what it broke off.
func cleanedUp(dir string, l net.Listener, err error) error {
	if l != nil {
		_ = l.Close()
	}
	_ = os.RemoveAll(dir)
	return err
}

// ignoreShutdown answers a host that asks the plugin to stop, and that is all.
func ignoreShutdown(server grpc.ServiceRegistrar) {
	answer := func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
		return &emptypb.Empty{}, nil
	}
	service, method := path.Split(strings.TrimPrefix(shutdownMethod, "/"))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: strings.TrimSuffix(service, "/"),
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: method, Handler: answer}},
	}, struct{}{})
}

// reattachLine is what a shell, or the launch configuration of an editor, takes
// to tell mcphost of this process.
func (p *Plugin) reattachLine(addr net.Addr) (string, error) {
	type address struct{ Network, String string }
	type running struct {
		Protocol        goplugin.Protocol
		ProtocolVersion int
		Pid             int
		Test            bool // go-plugin's word for: not the host's to end
		Addr            address
	}
	data, err := json.Marshal(map[string]running{p.name: {
		Protocol:        goplugin.ProtocolGRPC,
		ProtocolVersion: ProtocolVersion,
		Pid:             os.Getpid(),
		Test:            true,
		Addr:            address{addr.Network(), addr.String()},
	}})
	if err != nil {
		return "", err
	}
	// A quote would end the shell's word; JSON can say it otherwise.
	return "MCPHOST_REATTACH='" + strings.ReplaceAll(string(data), "'", `\u0027`) + "'", nil
}
