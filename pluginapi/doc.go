// SPDX-License-Identifier: Apache-2.0

// Package pluginapi turns Go functions into a plugin of mcphost: a process that
// offers them as MCP tools to every client of the host. It knows the plugin
// protocol, proto/mcphost/plugin/v1, and the handshake that starts it. It knows
// nothing of MCP's versions, transports and sessions: the host bridges those.
//
// A whole plugin:
//
//	func main() {
//		p := pluginapi.New("greet", "1.0.0")
//		pluginapi.AddTool(p, pluginapi.Tool{Name: "greet", Description: "Say hello to someone."},
//			func(ctx context.Context, in struct {
//				Who string `json:"who" jsonschema:"whom to greet"`
//			}) (string, error) {
//				return "Hello, " + in.Who + "!", nil
//			})
//		os.Exit(p.Main())
//	}
//
// Build it, put the binary into the host's plugin directory, and it is there.
//
// # Errors
//
// An error that a tool returns is a result that says it failed, for the model to
// read and to do better. A *ProtocolError says that the call made no sense, for
// the client's developer. A panic ends the call, not the process: the operator's
// log has the stack, the client reads "internal error".
//
// # During a call
//
// Progress and Log talk to the client, Logger to the operator, and Caller tells
// who is calling. They take the handler's context and are safe from its
// goroutines; once the handler has returned they do nothing. The context ends
// when nobody waits for the result any more: stop then.
//
// # Life
//
// The host starts the process when it first needs it, asks who it is, hands over
// the settings (OnConfigure), and calls. It may stop the process at any time:
// calls in flight get 2 s to end, or what the host allows, then their contexts
// are cancelled, then OnShutdown has 0.5 s. A changed configuration is a new process. State that has
// to outlive it belongs in Plugin.DataDir.
//
// # Testing
//
// ServeListener serves a plugin inside a test, on any listener, for a gRPC client
// to call; a tool's function alone needs no plugin at all, for Progress, Log and
// the rest do nothing outside a call.
package pluginapi
