// SPDX-License-Identifier: Apache-2.0

// Package runner is the MCP server: it turns requests into results by a table
// of typed methods. It decides the era and version of each request once, at its
// door, holds what a connection knows, and asks for tools through interfaces of
// its own. It knows no bytes on a wire, no HTTP server and no process.
package runner

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/jsonrpc"
	"github.com/mcphost/mcphost/host/internal/mcp"
)

// Tools is where tools come from. Like the other sources below it is safe for
// concurrent use, and its lists are those that are known within the time that a
// list may take. A call runs one round to its outcome; its error is an
// *mcp.ProtocolError, an *mcp.PluginError, that of ctx, or a fault.
type Tools interface {
	ListTools(ctx context.Context) (*mcp.ToolList, error)
	CallTool(ctx context.Context, call *mcp.ToolCall, sink mcp.Sink) (mcp.Outcome, error)
}

// Prompts is where prompts come from.
type Prompts interface {
	ListPrompts(ctx context.Context) (*mcp.PromptList, error)
	GetPrompt(ctx context.Context, call *mcp.PromptCall, sink mcp.Sink) (mcp.Outcome, error)
}

// Resources is where resources come from.
type Resources interface {
	ListResources(ctx context.Context) (*mcp.ResourceList, error)
	ListTemplates(ctx context.Context) (*mcp.TemplateList, error)
	ReadResource(ctx context.Context, call *mcp.ReadCall, sink mcp.Sink) (mcp.Outcome, error)
}

// Completions is where suggestions come from.
type Completions interface {
	Complete(ctx context.Context, call *mcp.CompleteCall) (*mcp.Completion, error)
}

// Subscriptions watches resources.
type Subscriptions interface {
	// Subscribe watches each URI once more and returns those whose changes are
	// reported; the others are not watched.
	Subscribe(ctx context.Context, uris []string) (accepted []string, err error)
	// Unsubscribe takes that back.
	Unsubscribe(uris []string)
	// OnUpdate has f called with each watched URI that changed, or a part of
	// one. f must not block.
	OnUpdate(f func(uri string)) (remove func())
}

// Changes tells of lists that differ from what some client has seen.
type Changes interface {
	// OnChange has f called with the kinds of the lists that changed. f must
	// not block.
	OnChange(f func(mcp.Kinds)) (remove func())
}

// Options configures a Runner. Info is required.
type Options struct {
	Info         mcp.Implementation
	Instructions string
	// Provides is what the configured plugins may contribute. It is asked at
	// each handshake, must be quick, and must start nothing. Nil: nothing.
	Provides func() mcp.Kinds
	// Extensions holds the settings of the extensions that are offered, by
	// identifier, as a raw JSON object. Nil: none.
	Extensions []byte

	// What is nil is not served.
	Tools         Tools
	Prompts       Prompts
	Resources     Resources
	Completions   Completions
	Subscriptions Subscriptions
	Changes       Changes // nil: nothing ever changes
	Sealer        Sealer  // required if anything may ask questions

	// EndConnection tells plugins that a connection is gone. Nil: nobody.
	EndConnection func(ctx context.Context, id string)
	Middleware    []Middleware // outermost first
	// Questions wraps every request to a client, outermost first.
	Questions []QuestionMiddleware

	PageSize    int           // elements of a list response; 1000 if zero
	CallTimeout time.Duration // without progress; 60 s if zero
	CallMax     time.Duration // with progress; 10 min if zero
	ListTTL     time.Duration // freshness of a complete list; 60 s if zero
	// QuestionTimeout is how long a client of the handshake era may take to
	// answer a question; 10 min if zero.
	QuestionTimeout time.Duration
	// StateTTL is how long a client of the stateless era may take; 1 h if zero.
	StateTTL time.Duration
	Log      hclog.Logger // nothing is logged if nil
}

// A Runner serves MCP. It is safe for concurrent use once its first connection
// has been made.
type Runner struct {
	opts       Options
	serverInfo [mcp.LatestStateless + 1][]byte // encoded, by version
	chain      Handler
	question   Question
	methods    map[string]*entry // not changed after frozen
	notices    map[string]noticeEntry
	frozen     atomic.Bool
	calls      atomic.Uint64
	hub        hub
	unwatch    []func()
}

// A Handler answers one request, or takes one notification (then its ID is
// zero and its result is dropped).
type Handler func(ctx context.Context, req *Request) (jsonrpc.Result, error)

// Middleware wraps every request and notification, initialize included.
type Middleware func(next Handler) Handler

// A Question asks the client of a request something and returns the raw result.
type Question func(ctx context.Context, req *Request, method string, params []byte) ([]byte, error)

// QuestionMiddleware wraps what leaves for a client of the handshake era: the
// counterpart of Middleware.
type QuestionMiddleware func(next Question) Question

// New returns a Runner that serves the methods of MCP.
func New(opts Options) *Runner {
	r := &Runner{
		opts:    withDefaults(opts),
		methods: make(map[string]*entry),
		notices: make(map[string]noticeEntry),
	}
	for v := mcp.Version20241105; v <= mcp.LatestStateless; v++ {
		r.serverInfo[v] = r.opts.Info.AppendJSON(nil, v)
	}
	r.hub.log = r.opts.Log
	r.registerMethods()
	r.chain = r.serve
	for i := len(opts.Middleware) - 1; i >= 0; i-- {
		r.chain = opts.Middleware[i](r.chain)
	}
	r.question = func(ctx context.Context, q *Request, method string, params []byte) ([]byte, error) {
		return q.Channel.Call(ctx, method, params)
	}
	for i := len(opts.Questions) - 1; i >= 0; i-- {
		r.question = opts.Questions[i](r.question)
	}
	if opts.Changes != nil {
		r.unwatch = append(r.unwatch, opts.Changes.OnChange(r.hub.publish))
	}
	if opts.Subscriptions != nil {
		r.unwatch = append(r.unwatch, opts.Subscriptions.OnUpdate(r.hub.updated))
	}
	return r
}

func withDefaults(opts Options) Options {
	if opts.Provides == nil {
		opts.Provides = func() mcp.Kinds { return 0 }
	}
	if opts.EndConnection == nil {
		opts.EndConnection = func(context.Context, string) {}
	}
	if opts.PageSize == 0 {
		opts.PageSize = 1000
	}
	if opts.CallTimeout == 0 {
		opts.CallTimeout = time.Minute
	}
	if opts.CallMax == 0 {
		opts.CallMax = 10 * time.Minute
	}
	if opts.ListTTL == 0 {
		opts.ListTTL = time.Minute
	}
	if opts.QuestionTimeout == 0 {
		opts.QuestionTimeout = 10 * time.Minute
	}
	if opts.StateTTL == 0 {
		opts.StateTTL = time.Hour
	}
	if opts.Log == nil {
		opts.Log = hclog.NewNullLogger()
	}
	return opts
}

// Close ends the watch for changes. Connections are closed by their owners.
func (r *Runner) Close() {
	for _, remove := range r.unwatch {
		remove()
	}
}

// Handle answers one request that came on conn.
func (r *Runner) Handle(ctx context.Context, conn *Connection, req *jsonrpc.Request) (jsonrpc.Result, error) {
	q := r.classify(conn, req)
	if q.Conn != conn || conn.kind == exchange {
		defer q.Conn.closeAfter(req.Channel) // also when the handler panics
	}
	result, err := r.chain(withRequest(ctx, q), q)
	if err != nil {
		return nil, q.wireError(err)
	}
	return result, nil
}

// Notify takes one notification that came on conn. Nothing is ever answered.
func (r *Runner) Notify(ctx context.Context, conn *Connection, n *jsonrpc.Notification) {
	if conn.kind == exchange {
		defer conn.Close(ctx)
	}
	q := &Request{Method: n.Method, Params: n.Params, Header: n.Header, Conn: conn, Version: conn.Version()}
	if _, err := r.chain(withRequest(ctx, q), q); err != nil {
		r.opts.Log.Warn("notification dropped", "method", n.Method, "err", err)
	}
}

// serve is the innermost handler: it checks that the request may be served and
// runs its method.
func (r *Runner) serve(ctx context.Context, q *Request) (jsonrpc.Result, error) {
	if q.ID.IsZero() {
		return nil, r.serveNotice(ctx, q)
	}
	if err := r.admissible(q); err != nil {
		return nil, err
	}
	e := r.methods[q.Method]
	if e == nil || !e.servedIn(q) || !r.offers(q) {
		return nil, &jsonrpc.Error{Code: jsonrpc.MethodNotFound, Message: "method not found: " + q.Method}
	}
	return e.handle(ctx, q)
}

func (r *Runner) serveNotice(ctx context.Context, q *Request) error {
	handle := r.notices[q.Method]
	if handle == nil {
		r.opts.Log.Debug("notification ignored", "method", q.Method)
		return nil
	}
	return handle(ctx, q)
}

// offers reports whether a method of the stateless era belongs to a capability
// that is advertised; others are not found there. Clients of the handshake era
// ask whatever was advertised, and get an empty list.
func (r *Runner) offers(q *Request) bool {
	kind, gated := kindOf[q.Method]
	return !gated || !q.stateless || r.opts.Provides().Has(kind)
}

// kindOf is the capability that a method belongs to. It is never changed.
var kindOf = map[string]mcp.Kinds{
	mcp.MethodListTools:             mcp.KindTools,
	mcp.MethodCallTool:              mcp.KindTools,
	mcp.MethodListPrompts:           mcp.KindPrompts,
	mcp.MethodGetPrompt:             mcp.KindPrompts,
	mcp.MethodListResources:         mcp.KindResources,
	mcp.MethodListResourceTemplates: mcp.KindResources,
	mcp.MethodReadResource:          mcp.KindResources,
	mcp.MethodComplete:              mcp.KindCompletions,
}

// stamp is what results of the request's era carry besides their own members.
func (r *Runner) stamp(q *Request) mcp.Stamp {
	if !q.Version.Stateless() {
		return mcp.Stamp{}
	}
	return mcp.Stamp{ServerInfo: r.serverInfo[q.Version]}
}

// callID names a call towards plugins and in logs.
func (r *Runner) callID() string { return strconv.FormatUint(r.calls.Add(1), 10) }

// capabilities is what both eras advertise: a function of the configuration
// alone, narrowed to the methods that are served.
func (r *Runner) capabilities() mcp.ServerCapabilities {
	kinds := r.opts.Provides()
	for _, k := range servedBy {
		if r.methods[k.method] == nil {
			kinds &^= k.kind
		}
	}
	return mcp.ServerCapabilities{Kinds: kinds, Logging: true, Extensions: r.opts.Extensions}
}

// servedBy names the method without which a kind is not served. It is never
// changed.
var servedBy = [...]struct {
	kind   mcp.Kinds
	method string
}{
	{mcp.KindTools, mcp.MethodCallTool},
	{mcp.KindPrompts, mcp.MethodGetPrompt},
	{mcp.KindResources, mcp.MethodReadResource},
	{mcp.KindSubscriptions, mcp.MethodSubscribe},
	{mcp.KindCompletions, mcp.MethodComplete},
}
