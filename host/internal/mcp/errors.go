// SPDX-License-Identifier: Apache-2.0

package mcp

import "fmt"

// A ProtocolError is a request that cannot be served as asked. The runner gives
// each reason its JSON-RPC code for the version at hand.
type ProtocolError struct {
	Reason   Reason
	Message  string             // one sentence for the client
	Data     []byte             // raw JSON for the error's data; nil if none
	Required ClientCapabilities // with ReasonMissingCapability
}

// A Reason is why a request cannot be served.
type Reason uint8

// The reasons.
const (
	ReasonInternal          Reason = iota // -32603, with the message
	ReasonInvalidParams                   // -32602
	ReasonNotFound                        // -32602
	ReasonMissingCapability               // -32021; a tool error in the handshake era
	ReasonUnavailable                     // -32603 with data {"retryable":true}
	ReasonHeaderMismatch                  // -32020
	ReasonResourceNotFound                // -32602; -32002 in the handshake era; data {"uri"}
)

func (e *ProtocolError) Error() string { return e.Message }

// WireData is the data of the error on the wire, nil if there is none.
func (e *ProtocolError) WireData() []byte {
	switch {
	case e.Reason == ReasonMissingCapability:
		return AppendRequiredData(nil, e.Required)
	case e.Reason == ReasonUnavailable && e.Data == nil:
		return []byte(`{"retryable":true}`)
	}
	return e.Data
}

// NotFoundf returns a ProtocolError for something that does not exist.
func NotFoundf(format string, args ...any) *ProtocolError {
	return &ProtocolError{Reason: ReasonNotFound, Message: fmt.Sprintf(format, args...)}
}

// InvalidParamsf returns a ProtocolError for parameters that are wrong.
func InvalidParamsf(format string, args ...any) *ProtocolError {
	return &ProtocolError{Reason: ReasonInvalidParams, Message: fmt.Sprintf(format, args...)}
}

// A PluginError is a plugin's failure to do its work: it crashed, hung, broke
// the protocol or is not available. Text is shown to the model as a tool error,
// after the words "plugin" and the name: it begins with a verb. Err is the cause,
// which only the log sees.
type PluginError struct {
	Plugin string
	Text   string
	Err    error
}

func (e *PluginError) Error() string {
	if e.Err == nil {
		return e.Public()
	}
	return fmt.Sprintf("%s: %v", e.Public(), e.Err)
}

// Public is what may be shown to a client.
func (e *PluginError) Public() string { return fmt.Sprintf("plugin %s %s", e.Plugin, e.Text) }

func (e *PluginError) Unwrap() error { return e.Err }
