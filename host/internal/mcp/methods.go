// SPDX-License-Identifier: Apache-2.0

package mcp

// The methods that the host names.
const (
	MethodInitialize            = "initialize"
	MethodPing                  = "ping"
	MethodDiscover              = "server/discover"
	MethodListTools             = "tools/list"
	MethodCallTool              = "tools/call"
	MethodListPrompts           = "prompts/list"
	MethodGetPrompt             = "prompts/get"
	MethodListResources         = "resources/list"
	MethodListResourceTemplates = "resources/templates/list"
	MethodReadResource          = "resources/read"
	MethodComplete              = "completion/complete"
	MethodSetLogLevel           = "logging/setLevel"
	MethodListen                = "subscriptions/listen"
	MethodSubscribe             = "resources/subscribe"
	MethodUnsubscribe           = "resources/unsubscribe"

	NoticeInitialized      = "notifications/initialized"
	NoticeCancelled        = "notifications/cancelled"
	NoticeProgress         = "notifications/progress"
	NoticeMessage          = "notifications/message"
	NoticeAcknowledged     = "notifications/subscriptions/acknowledged"
	NoticeToolsChanged     = "notifications/tools/list_changed"
	NoticePromptsChanged   = "notifications/prompts/list_changed"
	NoticeResourcesChanged = "notifications/resources/list_changed"
	NoticeResourceUpdated  = "notifications/resources/updated"
	NoticeRootsChanged     = "notifications/roots/list_changed"
)

// The members of _meta that belong to the protocol.
const (
	MetaPrefix          = "io.modelcontextprotocol/"
	MetaProtocolVersion = MetaPrefix + "protocolVersion"
	MetaClientInfo      = MetaPrefix + "clientInfo"
	MetaCapabilities    = MetaPrefix + "clientCapabilities"
	MetaLogLevel        = MetaPrefix + "logLevel"
	MetaServerInfo      = MetaPrefix + "serverInfo"
	MetaSubscriptionID  = MetaPrefix + "subscriptionId"
	MetaProgressToken   = "progressToken"
	MetaTraceParent     = "traceparent"
	MetaTraceState      = "tracestate"
	MetaBaggage         = "baggage"

	// MetaSources is the host's own: how the plugins behind an incomplete list
	// are doing.
	MetaSources = "io.github.mcphost/sources"
)

// The error codes of MCP beyond those of JSON-RPC.
const (
	CodeHeaderMismatch     = -32020
	CodeMissingCapability  = -32021
	CodeUnsupportedVersion = -32022
	CodeResourceNotFound   = -32002 // handshake era only
)

// The HTTP headers of MCP, in canonical form.
const (
	HeaderVersion   = "Mcp-Protocol-Version"
	HeaderMethod    = "Mcp-Method"
	HeaderName      = "Mcp-Name"
	HeaderSessionID = "Mcp-Session-Id"
)
