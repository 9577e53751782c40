// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"encoding/json"
	"testing"

	pluginv1 "github.com/mcphost/mcphost/proto/mcphost/plugin/v1"
)

func FuzzResumption(f *testing.F) {
	f.Add([]byte(`{"asked":{"k":1},"memo":{"m":{"value":1,"keys":["q"]}},"own":"eA=="}`), []byte(`{"roots":[{"uri":"file:///a"}]}`))
	f.Add([]byte(`{"asked":null,"memo":null}`), []byte(`null`))
	f.Fuzz(func(t *testing.T, state, answer []byte) {
		x, err := newExchange(
			&pluginv1.CallContext{Capabilities: &pluginv1.ClientCapabilities{Roots: true, ElicitationForm: true}},
			&pluginv1.Resumption{State: state, Responses: []*pluginv1.InputResponse{
				{Key: "k", Outcome: &pluginv1.InputResponse_ResultJson{ResultJson: answer}},
			}})
		if err != nil {
			return
		}
		var roots []Root
		asked := x.ask([]Question{RootsQuestion("k", &roots)})
		x.recall("m")
		outcome, err := x.finish(t.Context(), asked)
		if asked == nil && roots == nil {
			t.Error("no question and no answer")
		}
		if outcome == nil || err != nil {
			return
		}
		if !json.Valid(outcome.GetState()) || len(outcome.GetState()) > maxStateSize {
			t.Errorf("state %s", outcome.GetState())
		}
	})
}
