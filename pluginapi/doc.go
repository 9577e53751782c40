// SPDX-License-Identifier: Apache-2.0

// Package pluginapi turns Go functions into a plugin of mcphost: a process that
// offers them as MCP tools, resources, prompts and completions to every client
// of the host. It knows the plugin
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
// # More than tools
//
// AddResource and AddResourceTemplate offer data to read, AddPrompt messages to
// pick, CompletePrompt and CompleteTemplate the values to fill in. What was added
// when Main begins decides what clients are told that the plugin provides;
// Details.Abilities names what may come later; what comes unnamed is an error in
// the operator's log. Adding and removing at any time is announced, and ResourceUpdated tells those who have subscribed.
//
// # Errors
//
// An error that a tool returns is a result that says it failed, for the model to
// read and to do better; MCP knows no such result for resources, prompts and
// completions, whose errors all go to the client's developer. A *ProtocolError says that the call made no sense, for
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
// # Questions
//
// A tool, a resource or a prompt may ask the person at the client (Elicit,
// ElicitURL), its model (Sample) or for its folders (Roots), in a straight line:
//
//	answer, err := pluginapi.Elicit[Address](ctx, "address", "Where to?")
//	if err != nil {
//		return "", err
//	}
//
// This is what really happens. The first time, Elicit returns ErrAsked, the
// handler returns it, and the call is over: nothing waits, and plugin and host may
// be replaced meanwhile. When the answer is there, the host calls the handler
// again from its beginning with the same arguments, and Elicit returns the answer.
// So a handler that asks three questions in a row runs four times. Therefore:
//
//   - What comes before a question runs again. Put side effects after the last
//     question, or into Memo, which carries a value from round to round. The
//     person may also never answer: then what comes after never runs.
//   - A call must come to the same questions under the same keys each time. One
//     that asks under new keys, from a clock or a random number, ends with a tool
//     error that names them. Carry such values in Memo.
//   - Independent questions belong in one round: Ask puts several. Clients give up
//     after some ten rounds.
//   - The answers and what Memo keeps travel through the client, sealed by the
//     host. A client may send the same answer twice, and so run what comes after
//     it twice: where that must not be, the effect itself has to be idempotent.
//
// A refusal is an Action, not an error. Caller tells what the client can be asked
// at all; asking more is a *ProtocolError, and Tool.Requires has the host say so
// before the call. Authors who want the rounds in their own hands return an
// InputRequired and look at Answers and State.
//
// # Life
//
// The host starts the process when it first needs it, asks who it is, hands over
// the settings (OnConfigure), and calls. It may stop the process at any time:
// calls in flight get 2 s to end, or what the host allows, then their contexts
// are cancelled, then OnShutdown has 0.5 s. A changed configuration is a new process. State that has
// to outlive it belongs in Plugin.DataDir.
//
// # Debugging
//
// Start the plugin under a debugger with MCPHOST_DEBUG=1 in its environment. It
// prints a variable, MCPHOST_REATTACH; mcphost, started with that, uses this
// process in place of one of its own, and calls have no time limit. Settings are
// those of the first host that attaches: other ones need a new process.
//
// # Testing
//
// Package plugintest calls a plugin inside a test as the host does, and answers
// its questions. ServeListener serves one on any listener, for a gRPC client to
// call; a tool's function alone needs no plugin at all, for Progress, Log and
// the rest do nothing outside a call.
package pluginapi
