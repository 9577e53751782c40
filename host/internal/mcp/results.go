// SPDX-License-Identifier: Apache-2.0

package mcp

// ServerCapabilities is what the server offers. The zero value offers nothing.
type ServerCapabilities struct {
	Kinds      Kinds
	Logging    bool
	Extensions []byte // raw JSON object of settings by identifier; nil if none
}

// AppendJSON appends the capabilities as a peer of version v knows them.
func (c ServerCapabilities) AppendJSON(dst []byte, v Version) []byte {
	o := openObject(dst)
	if c.Kinds.Has(KindCompletions) && v >= Version20250326 {
		o.raw("completions", []byte("{}"))
	}
	o.optRaw("extensions", c.Extensions)
	if c.Logging {
		o.raw("logging", []byte("{}"))
	}
	if c.Kinds.Has(KindPrompts) {
		o.raw("prompts", []byte(`{"listChanged":true}`))
	}
	switch {
	case c.Kinds.Has(KindResources | KindSubscriptions):
		o.raw("resources", []byte(`{"subscribe":true,"listChanged":true}`))
	case c.Kinds.Has(KindResources):
		o.raw("resources", []byte(`{"listChanged":true}`))
	}
	if c.Kinds.Has(KindTools) {
		o.raw("tools", []byte(`{"listChanged":true}`))
	}
	return o.close()
}

// InitializeResult answers initialize.
type InitializeResult struct {
	Version      Version
	Capabilities ServerCapabilities
	Server       *Implementation
	Instructions string
}

// AppendJSON appends the result for the version that it negotiates.
func (r *InitializeResult) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	o.str("protocolVersion", r.Version.String())
	o.key("capabilities")
	o.buf = r.Capabilities.AppendJSON(o.buf, r.Version)
	o.key("serverInfo")
	o.buf = r.Server.AppendJSON(o.buf, r.Version)
	o.optStr("instructions", r.Instructions)
	return o.close()
}

// DiscoverResult answers server/discover.
type DiscoverResult struct {
	Capabilities ServerCapabilities
	Instructions string
	Cache        Cache
}

// AppendJSON appends the result.
func (r *DiscoverResult) AppendJSON(dst []byte, v Version, stamp Stamp) []byte {
	o := openObject(dst)
	stamp.open(&o)
	o.key("supportedVersions")
	o.buf = AppendStrings(o.buf, []string{LatestStateless.String()})
	o.key("capabilities")
	o.buf = r.Capabilities.AppendJSON(o.buf, v)
	o.optStr("instructions", r.Instructions)
	r.Cache.append(&o)
	stamp.meta(&o, nil, "")
	return o.close()
}

// Cache tells a client of the stateless era how long a result stays fresh.
// Both members are required there, also when the time is zero.
type Cache struct {
	TTLMillis int64
	Public    bool // may be shared between callers
}

func (c Cache) append(o *object) {
	scope := "private"
	if c.Public {
		scope = "public"
	}
	o.integer("ttlMs", c.TTLMillis)
	o.str("cacheScope", scope)
}

// A ListPage is one page of a list whose elements are encoded already.
type ListPage struct {
	Key        string // the member that holds the elements, such as "tools"
	Elements   []byte // encoded and separated by commas
	NextCursor string // empty at the end
	Cache      Cache
	Sources    []SourceState // of an incomplete list
}

// AppendJSON appends the page as a peer of version v knows it.
func (p *ListPage) AppendJSON(dst []byte, v Version, stamp Stamp) []byte {
	o := openObject(dst)
	stamp.open(&o)
	o.key(p.Key)
	o.buf = append(o.buf, '[')
	o.buf = append(o.buf, p.Elements...)
	o.buf = append(o.buf, ']')
	o.optStr("nextCursor", p.NextCursor)
	if v.Stateless() {
		p.Cache.append(&o)
	}
	extra := ""
	if len(p.Sources) > 0 {
		extra = string(appendSources(nil, p.Sources))
	}
	stamp.meta(&o, nil, extra)
	return o.close()
}

// appendSources appends the member of _meta that reports on plugins.
func appendSources(dst []byte, sources []SourceState) []byte {
	o := object{buf: dst}
	o.key(MetaSources)
	list := openObject(o.buf)
	for _, s := range sources {
		state := openObject(nil)
		state.str("state", s.State)
		state.optStr("reason", s.Reason)
		state.integer("items", int64(s.Items))
		list.member([]byte(s.Name), state.close())
	}
	return list.close()
}

// AppendListenResult appends the result that ends a subscription.
func AppendListenResult(dst, subscriptionID []byte, stamp Stamp) []byte {
	o := openObject(dst)
	stamp.open(&o)
	stamp.meta(&o, nil, string(subscriptionMember(subscriptionID)))
	return o.close()
}

func subscriptionMember(id []byte) []byte {
	o := object{}
	o.raw(MetaSubscriptionID, id)
	return o.buf
}

// AppendSubscriptionParams appends the params of a notification on a
// subscription; members is what comes besides _meta, without braces.
func AppendSubscriptionParams(dst, subscriptionID []byte, members string) []byte {
	o := openObject(dst)
	if members != "" {
		o.any = true
		o.buf = append(o.buf, members...)
	}
	o.key("_meta")
	o.buf = append(o.buf, '{')
	o.buf = append(o.buf, subscriptionMember(subscriptionID)...)
	o.buf = append(o.buf, '}')
	return o.close()
}

// AppendProgressParams appends the params of notifications/progress. The token
// is echoed as the client wrote it.
func AppendProgressParams(dst, token []byte, p Progress, v Version) []byte {
	o := openObject(dst)
	o.raw("progressToken", token)
	o.number("progress", p.Progress)
	if p.Total != nil {
		o.number("total", *p.Total)
	}
	if v >= Version20250326 {
		o.optStr("message", p.Message)
	}
	return o.close()
}

// AppendLogParams appends the params of notifications/message.
func AppendLogParams(dst []byte, m LogMessage) []byte {
	o := openObject(dst)
	o.str("level", m.Level.String())
	o.optStr("logger", m.Logger)
	if len(m.Data) == 0 {
		o.raw("data", []byte("null"))
	} else {
		o.raw("data", m.Data)
	}
	return o.close()
}

// AppendVersionData appends the data of an error about protocol versions. The
// same shape serves both eras under different codes.
func AppendVersionData(dst []byte, requested string) []byte {
	o := openObject(dst)
	o.key("supported")
	o.buf = AppendStrings(o.buf, []string{LatestStateless.String()})
	o.str("requested", requested)
	return o.close()
}

// AppendJSON appends the capabilities as a client would have to declare them.
func (c ClientCapabilities) AppendJSON(dst []byte) []byte {
	o := openObject(dst)
	if c.ElicitationForm || c.ElicitationURL {
		o.key("elicitation")
		modes := openObject(o.buf)
		if c.ElicitationForm {
			modes.raw("form", []byte("{}"))
		}
		if c.ElicitationURL {
			modes.raw("url", []byte("{}"))
		}
		o.buf = modes.close()
	}
	if c.Roots {
		o.raw("roots", []byte("{}"))
	}
	switch {
	case c.SamplingTools:
		o.raw("sampling", []byte(`{"tools":{}}`))
	case c.Sampling:
		o.raw("sampling", []byte("{}"))
	}
	return o.close()
}

// AppendRequiredData appends the data of an error about missing capabilities.
func AppendRequiredData(dst []byte, required ClientCapabilities) []byte {
	o := openObject(dst)
	o.key("requiredCapabilities")
	o.buf = required.AppendJSON(o.buf)
	return o.close()
}

// Missing returns what of required is not in c.
func (c ClientCapabilities) Missing(required ClientCapabilities) (missing ClientCapabilities, any bool) {
	missing = ClientCapabilities{
		ElicitationForm: required.ElicitationForm && !c.ElicitationForm,
		ElicitationURL:  required.ElicitationURL && !c.ElicitationURL,
		Sampling:        required.Sampling && !c.Sampling,
		SamplingTools:   required.SamplingTools && !c.SamplingTools,
		Roots:           required.Roots && !c.Roots,
	}
	return missing, missing != ClientCapabilities{}
}
