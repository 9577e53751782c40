// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"
	"net"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/mcphost/mcphost/pluginapi"
)

// newClient makes go-plugin's client for one life of the process. What is left
// out is left out on purpose: keepalive pings would make gRPC servers drop idle
// connections, and a managed client stays in a global list for ever.
func newClient(cfg Config, proc *process) *goplugin.Client {
	return goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  pluginapi.Handshake(),
		VersionedPlugins: map[int]goplugin.PluginSet{pluginapi.ProtocolVersion: {}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		RunnerFunc: func(_ hclog.Logger, handshake *exec.Cmd, _ string) (runner.Runner, error) {
			cmd, err := proc.prepare(handshake.Env)
			if err != nil {
				return nil, err
			}
			return &goRunner{process: proc, command: cmd}, nil
		},
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: proc.dir},
		SkipHostEnv:      true,
		MinPort:          0, // 0 to 0 would mean 10000 to 25000
		MaxPort:          1,
		// Ours comes first. This one is for a process that cannot be killed.
		StartTimeout:    cfg.StartTimeout + killWait,
		Logger:          goPluginLogger(cfg.Log),
		GRPCDialOptions: dialOptions(cfg, proc.dial),
	})
}

// goPluginLogger is for those who debug the host itself. What go-plugin reports
// as errors are everyday events that are told here in other words.
func goPluginLogger(log hclog.Logger) hclog.Logger {
	if log.IsTrace() {
		return log.Named("go-plugin")
	}
	return hclog.NewNullLogger()
}

func dialOptions(cfg Config, dial func(ctx context.Context, _ string) (net.Conn, error)) []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithContextDialer(dial),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(pluginapi.MaxMessageSize),
			grpc.MaxCallSendMsgSize(pluginapi.MaxMessageSize),
		),
		grpc.WithChainUnaryInterceptor(append(cfg.Unary[:len(cfg.Unary):len(cfg.Unary)], traceUnary)...),
		grpc.WithChainStreamInterceptor(append(cfg.Stream[:len(cfg.Stream):len(cfg.Stream)], traceStream)...),
	}
}

// shakeHands starts the process and connects to where it says it listens.
func (p *Plugin) shakeHands(context.Context) error {
	return guard(func() error {
		protocol, err := p.client.Client()
		if err != nil {
			return err
		}
		client, ok := protocol.(*goplugin.GRPCClient)
		if !ok {
			return fmt.Errorf("go-plugin made a %T", protocol)
		}
		p.conn = client.Conn
		p.services = newServices(p.conn)
		p.health = newHealth(p.conn)
		return nil
	})
}

// guard makes an error of a panic. go-plugin has panicked on what plugins say.
func guard(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("go-plugin panicked: %v", r)
		}
	}()
	return call()
}

// handshakeError words the failure of a process that did start. go-plugin's
// text is of use only where the plugin got that far.
func (p *Plugin) handshakeError(err error) error {
	hs := p.proc.filter.got()
	switch {
	case hs == nil && p.proc.exited():
		return fmt.Errorf("it ended before the handshake (%s), check that the command is an mcphost plugin%s", p.proc.ended().state, p.words())
	case hs == nil:
		return fmt.Errorf("it closed its standard output before the handshake, check that the command is an mcphost plugin%s", p.words())
	case hs.core != goplugin.CoreProtocolVersion:
		return permanentf("it speaks core protocol %d of go-plugin, the host %d: build it with a go-plugin of the host's time", hs.core, goplugin.CoreProtocolVersion)
	case hs.version != pluginapi.ProtocolVersion:
		return permanentf("it speaks plugin protocol %d, the host %d: install the version of one that fits the other", hs.version, pluginapi.ProtocolVersion)
	case hs.protocol != string(goplugin.ProtocolGRPC):
		return permanentf("it serves %q, not grpc: rebuild it with a gRPC server", clean(hs.protocol))
	}
	return err
}

// words quotes the end of the plugin's standard error, for the end of a text.
func (p *Plugin) words() string {
	if end := p.proc.stderr.end(); end != "" {
		return "; its last words:\n" + end
	}
	return ""
}
