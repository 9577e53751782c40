// SPDX-License-Identifier: Apache-2.0

package mcp

// Implementation describes a program: this server, or a client.
type Implementation struct {
	Name        string
	Version     string
	Title       string // since 2025-06-18
	Description string // since 2025-11-25
	WebsiteURL  string // since 2025-11-25
}

// Kinds is a set of the abilities that a plugin can contribute.
type Kinds uint8

// The kinds, as configuration names them under "provides".
const (
	KindTools Kinds = 1 << iota
	KindPrompts
	KindResources
	KindCompletions
	KindSubscriptions

	AllKinds = KindTools | KindPrompts | KindResources | KindCompletions | KindSubscriptions
)

// Has reports whether every kind of other is in k.
func (k Kinds) Has(other Kinds) bool { return k&other == other }

// ClientCapabilities is what a client can be asked to do on a request.
type ClientCapabilities struct {
	ElicitationForm bool
	ElicitationURL  bool
	Sampling        bool
	SamplingTools   bool
	Roots           bool
}

// Icon is an image for user interfaces.
type Icon struct {
	Src      string // https, http or data URI
	MIMEType string
	Sizes    []string
	Theme    string // "light", "dark" or ""
}

// A Role is a side of the conversation.
type Role string

// The roles.
const (
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
)

// Annotations are hints on content.
type Annotations struct {
	Audience     []Role
	Priority     *float64 // 0 to 1; nil if unset
	LastModified string   // ISO 8601; since 2025-06-18
}

// A Tool is the definition of a tool.
type Tool struct {
	Name         string // as offered to clients
	Title        string
	Description  string
	InputSchema  []byte // JSON Schema, raw; root type "object"
	OutputSchema []byte // JSON Schema, raw; nil if none
	Annotations  *ToolAnnotations
	Icons        []Icon
	Meta         []byte // raw JSON object; nil if none

	// What follows is not part of the wire.

	// Requires is what a client must be capable of for the tool to be called.
	Requires ClientCapabilities
	// Input and Output check arguments and structured content. Nil: anything
	// goes. They are made from the schemas, and so equal if those are.
	Input, Output Validator
	// Headers are the arguments that a header repeats, by x-mcp-header.
	Headers []HeaderParam
}

// A Validator checks JSON against a schema. It is safe for concurrent use.
type Validator interface {
	// Validate returns nil, or an error for people that names the path of what
	// does not fit.
	Validate(value []byte) error
}

// A HeaderParam is an argument that the header Mcp-Param-Name repeats
// (2026-07-28, streamable HTTP, "Schema Extension").
type HeaderParam struct {
	Name string   // without "Mcp-Param-", in canonical form
	Path []string // of properties, from the root of the arguments
	Type string   // string, integer or boolean
}

// ToolAnnotations are hints about a tool's behaviour. Nil is unset.
type ToolAnnotations struct {
	Title       string
	ReadOnly    *bool
	Destructive *bool
	Idempotent  *bool
	OpenWorld   *bool
}

// A ContentBlock is one piece of content. Exactly one of the kinds below the
// common fields is set.
type ContentBlock struct {
	Annotations *Annotations
	Meta        []byte // raw JSON object; nil if none

	Text     *string
	Image    *Media
	Audio    *Media
	Link     *ResourceLink
	Resource *ResourceContents
	Raw      *RawBlock
}

// Media is an image or a sound: bytes, not base64.
type Media struct {
	Data     []byte
	MIMEType string
}

// A ResourceLink points at a resource.
type ResourceLink struct {
	URI         string
	Name        string
	Title       string
	Description string
	MIMEType    string
	Size        *uint64 // bytes; nil if unknown
	Icons       []Icon
}

// ResourceContents is what a resource holds: text, or bytes if Text is nil.
type ResourceContents struct {
	URI      string
	MIMEType string
	Text     *string
	Blob     []byte
	Meta     []byte // raw JSON object; nil if none
}

// A RawBlock is a content block of a kind that the host does not know.
type RawBlock struct {
	JSON     []byte // the whole block
	Fallback string // for clients that do not know the kind either
}

// A Resource is the definition of a resource.
type Resource struct {
	URI         string
	Name        string
	Title       string
	Description string
	MIMEType    string
	Size        *uint64 // bytes; nil if unknown
	Annotations *Annotations
	Icons       []Icon
	Meta        []byte // raw JSON object; nil if none
}

// A ResourceTemplate is a family of resources.
type ResourceTemplate struct {
	URITemplate string // RFC 6570
	Name        string
	Title       string
	Description string
	MIMEType    string
	Annotations *Annotations
	Icons       []Icon
	Meta        []byte // raw JSON object; nil if none
}

// A Prompt is the definition of a prompt.
type Prompt struct {
	Name        string // as offered to clients
	Title       string
	Description string
	Arguments   []PromptArgument
	Icons       []Icon
	Meta        []byte // raw JSON object; nil if none

	// Requires is as in Tool.
	Requires ClientCapabilities
}

// A PromptArgument is one value to fill in.
type PromptArgument struct {
	Name        string
	Title       string
	Description string
	Required    bool
}

// A ToolCall is one call of a tool, as the registry routes it to a plugin.
type ToolCall struct {
	Name       string // as offered; the registry replaces it by the plugin's own
	Arguments  []byte // raw JSON object, never nil
	Context    CallContext
	Resumption *Resumption // nil in the first round

	// CheckHeaders has the headers of the call compared with the arguments that
	// the tool's schema marks with x-mcp-header.
	CheckHeaders bool
}

// A ReadCall reads one resource.
type ReadCall struct {
	URI        string
	Context    CallContext
	Resumption *Resumption // nil in the first round
}

// A PromptCall fills in one prompt.
type PromptCall struct {
	Name       string // as offered; the registry replaces it by the plugin's own
	Arguments  map[string]string
	Context    CallContext
	Resumption *Resumption // nil in the first round
}

// A CompleteCall asks for suggestions. One of Prompt and Template is set.
type CompleteCall struct {
	Prompt   string // as offered; the registry replaces it by the plugin's own
	Template string // a URI template
	Argument string
	Value    string            // typed so far
	Resolved map[string]string // the other arguments
	Context  CallContext
}

// A Completion is a list of suggestions.
type Completion struct {
	Values  []string
	Total   *uint32 // nil if unknown
	HasMore bool
}

// CallContext is what a plugin may know about its caller. It never holds the
// protocol version, tokens, cookies or session ids.
type CallContext struct {
	RequestID     string
	ConnectionID  string // empty in the stateless era
	Client        Implementation
	Capabilities  ClientCapabilities
	LogLevel      LogLevel // LogNone: no logs wanted
	WantsProgress bool
	Principal     *Principal
	Headers       map[string][]string // all of the request's; the plugin room filters by allow-list
	Meta          []byte              // request _meta without the host's keys; nil if none
	Trace         TraceContext
}

// TraceContext is W3C trace context, taken from _meta or from HTTP headers.
type TraceContext struct {
	Parent  string // traceparent
	State   string // tracestate
	Baggage string // baggage
}

// A Principal is an authenticated caller.
type Principal struct {
	Subject string
	Issuer  string
	Scopes  []string
}

// A LogLevel orders messages by severity (RFC 5424). The zero value is none.
type LogLevel uint8

// The levels, least severe first.
const (
	LogNone LogLevel = iota
	LogDebug
	LogInfo
	LogNotice
	LogWarning
	LogError
	LogCritical
	LogAlert
	LogEmergency
)

var logLevelNames = [...]string{"", "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"}

// String returns the level as it appears on the wire.
func (l LogLevel) String() string { return logLevelNames[l] }

// ParseLogLevel returns the level of that name, or LogNone.
func ParseLogLevel(name string) LogLevel {
	for l := LogDebug; int(l) < len(logLevelNames); l++ {
		if logLevelNames[l] == name {
			return l
		}
	}
	return LogNone
}

// A Sink takes what a call reports before its outcome. One call uses it from
// one goroutine; it never blocks for long and never fails: what cannot be
// delivered is dropped.
type Sink interface {
	Progress(Progress)
	Log(LogMessage)
	ReleaseStream(retryAfterMillis uint32)
}

// Progress says how far a call is.
type Progress struct {
	Progress float64
	Total    *float64 // nil if unknown
	Message  string
}

// A LogMessage is for the client of a call.
type LogMessage struct {
	Level  LogLevel
	Logger string
	Data   []byte // raw JSON value
}

// An Outcome ends a call: one of the results, as the call asked for, or
// questions.
type Outcome struct {
	Tool          *CallToolResult
	Resource      *ReadResourceResult
	Prompt        *GetPromptResult
	InputRequired *InputRequired
}

// ReadResourceResult is what a resource holds.
type ReadResourceResult struct {
	Contents  []ResourceContents
	TTLMillis int64
	Public    bool   // others than the caller may be given a cached copy
	Meta      []byte // raw JSON object; nil if none
}

// GetPromptResult is a prompt filled in.
type GetPromptResult struct {
	Description string
	Messages    []PromptMessage
	Meta        []byte // raw JSON object; nil if none
}

// A PromptMessage is one message of a prompt.
type PromptMessage struct {
	Role    Role
	Content ContentBlock
}

// CallToolResult is what a tool returned.
type CallToolResult struct {
	Content           []ContentBlock
	StructuredContent []byte // raw JSON value; nil if none
	IsError           bool
	Meta              []byte // raw JSON object; nil if none
}

// InputRequired ends a round of a call with questions.
type InputRequired struct {
	Requests []InputRequest
	State    []byte
	Owner    string // the plugin that asks; set by the registry
}

// An InputRequest is one question.
type InputRequest struct {
	Key    string
	Method string // elicitation/create, sampling/createMessage, roots/list
	Params []byte // raw JSON object
}

// Resumption carries answers back into a call.
type Resumption struct {
	Responses []InputResponse // of all rounds, at most one for a key
	State     []byte
	Owner     string // the plugin that asked; no other gets the answers
}

// An InputResponse is the answer to one question: a raw result, or a failure.
type InputResponse struct {
	Key     string
	Result  []byte
	Failure string // set when there is no result
}

// ToolError returns a result that tells the model what went wrong.
func ToolError(text string) *CallToolResult {
	return &CallToolResult{Content: []ContentBlock{{Text: &text}}, IsError: true}
}
