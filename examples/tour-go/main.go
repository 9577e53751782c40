// SPDX-License-Identifier: Apache-2.0

// Command tour-go is a plugin of mcphost in Go that uses every ability of a
// plugin once. The other tours are the same plugin in other languages.
package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mcphost/mcphost/pluginapi"
)

const (
	clockURI = "tour://clock"
	squares  = "tour://squares/{n}"
	// pixel is the smallest PNG, in base64.
	pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/eUe4QwAAAABJRU5ErkJggg=="
)

func main() {
	t, err := newTour()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(t.plugin.Main())
}

// tour is what the handlers share.
type tour struct {
	plugin   *pluginapi.Plugin
	png      []byte
	greeting atomic.Pointer[string] // a setting; never nil
	ticks    atomic.Int64
}

func newTour() (*tour, error) {
	png, err := base64.StdEncoding.DecodeString(pixel)
	if err != nil {
		return nil, fmt.Errorf("picture: %w", err)
	}
	t := &tour{plugin: pluginapi.New("tour-go", "1.0.0"), png: png}
	t.plugin.SetDetails(pluginapi.Details{Title: "Tour", Description: "Every ability of a plugin, once."})
	t.greeting.Store(new("Hello"))
	pluginapi.OnConfigure(t.plugin, func(_ context.Context, set settings) error {
		if set.Greeting != "" {
			t.greeting.Store(&set.Greeting)
		}
		return nil
	})
	t.addTools()
	t.addResources()
	t.addPrompt()
	return t, nil
}

type settings struct {
	Greeting string `json:"greeting,omitempty" jsonschema:"the word to greet with; default: Hello"`
}

type none struct{}

func (t *tour) addTools() {
	reads := pluginapi.Hints{ReadOnly: true}
	p := t.plugin
	pluginapi.AddTool(p, pluginapi.Tool{Name: "greet", Title: "Greet", Description: "Say hello to someone.", Hints: reads}, t.greet)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "count", Description: "Count to n, slowly.", Hints: reads}, count)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "stats", Description: "Count, add up and average numbers.", Hints: reads}, stats)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "fill", Description: "Return that many letters x.", Hints: reads}, fill)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "picture", Description: "Return an image.", Hints: reads}, t.picture)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "fail", Description: "Fail, in one of three ways: error, crash or protocol.", Hints: reads}, fail)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "say", Description: "Send the client a log message.", Hints: reads}, say)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "whoami", Description: "Tell who is calling.", Hints: reads}, whoami)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "survey", Description: "Ask three questions in a row.", Hints: reads}, survey)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "tick", Description: "Move the clock by one."}, t.tick)
	pluginapi.AddTool(p, pluginapi.Tool{Name: "grow", Description: "Add a tool to this plugin."}, t.grow)
}

func (t *tour) greet(_ context.Context, in struct {
	Who string `json:"who" jsonschema:"whom to greet"`
}) (string, error) {
	return *t.greeting.Load() + ", " + in.Who + "!", nil
}

func count(ctx context.Context, in struct {
	N       uint `json:"n" jsonschema:"where to stop"`
	DelayMS uint `json:"delay_ms,omitempty" jsonschema:"milliseconds before each number"`
}) (string, error) {
	for i := uint(1); i <= in.N; i++ {
		select {
		case <-time.After(time.Duration(in.DelayMS) * time.Millisecond):
		case <-ctx.Done():
			return "", ctx.Err()
		}
		pluginapi.Progress(ctx, float64(i), float64(in.N), fmt.Sprintf("counted %d", i))
	}
	return fmt.Sprintf("Counted to %d.", in.N), nil
}

type statistics struct {
	Count int     `json:"count"`
	Sum   float64 `json:"sum"`
	Mean  float64 `json:"mean"`
}

func stats(_ context.Context, in struct {
	Numbers []float64 `json:"numbers" jsonschema:"at least one"`
}) (*statistics, error) {
	if len(in.Numbers) == 0 {
		return nil, errors.New("numbers must not be empty")
	}
	out := &statistics{Count: len(in.Numbers)}
	for _, n := range in.Numbers {
		out.Sum += n
	}
	out.Mean = out.Sum / float64(out.Count)
	return out, nil
}

func fill(_ context.Context, in struct {
	Bytes uint32 `json:"bytes" jsonschema:"how many"`
}) (string, error) {
	return strings.Repeat("x", int(in.Bytes)), nil
}

func (t *tour) picture(context.Context, none) (pluginapi.Content, error) {
	return pluginapi.Image{Data: t.png, MIMEType: "image/png"}, nil
}

func fail(_ context.Context, in struct {
	How string `json:"how" jsonschema:"error, crash or protocol"`
}) (string, error) {
	switch in.How {
	case "crash":
		panic("asked to crash")
	case "protocol":
		return "", &pluginapi.ProtocolError{Code: pluginapi.CodeInvalidParams, Message: "asked to fail"}
	}
	return "", errors.New("asked to fail")
}

func say(ctx context.Context, in struct {
	Level   string `json:"level" jsonschema:"as MCP names it, such as warning"`
	Message string `json:"message"`
}) (string, error) {
	levels := map[string]pluginapi.LogLevel{
		"debug": pluginapi.LevelDebug, "info": pluginapi.LevelInfo, "notice": pluginapi.LevelNotice, "warning": pluginapi.LevelWarning,
		"error": pluginapi.LevelError, "critical": pluginapi.LevelCritical, "alert": pluginapi.LevelAlert, "emergency": pluginapi.LevelEmergency,
	}
	level, ok := levels[in.Level]
	if !ok {
		return "", fmt.Errorf("there is no level %q", in.Level)
	}
	pluginapi.Log(ctx, level, in.Message)
	return "Said.", nil
}

type caller struct {
	Client        string `json:"client"`
	Principal     string `json:"principal"`
	WantsProgress bool   `json:"wants_progress"`
	Elicitation   bool   `json:"elicitation"`
}

func whoami(ctx context.Context, _ none) (caller, error) {
	c := pluginapi.Caller(ctx)
	return caller{c.Client.Name, c.Principal.Subject, c.WantsProgress, c.Capabilities.ElicitationForm}, nil
}

// survey runs from its beginning each time that an answer has come.
func survey(ctx context.Context, _ none) (string, error) {
	if _, err := pluginapi.Memo(ctx, "started", func() (time.Time, error) { return time.Now(), nil }); err != nil {
		return "", err
	}
	who, err := pluginapi.Elicit[struct {
		Name string `json:"name"`
	}](ctx, "who", "Who are you?")
	if err != nil {
		return "", err
	}
	if !who.Accepted() {
		return "nobody answered", nil
	}
	model, err := pluginapi.Sample(ctx, "model", pluginapi.SampleParams{
		Messages:  []pluginapi.SampleMessage{{Role: pluginapi.RoleUser, Content: []pluginapi.Content{pluginapi.Text{Text: "Greet " + who.Value.Name + "."}}}},
		MaxTokens: 100,
	})
	if err != nil {
		return "", err
	}
	roots, err := pluginapi.Roots(ctx, "roots")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("name=%s model=%s roots=%d", who.Value.Name, model.Text(), len(roots)), nil
}

func (t *tour) tick(context.Context, none) (string, error) {
	now := t.ticks.Add(1)
	t.plugin.ResourceUpdated(clockURI)
	return strconv.FormatInt(now, 10), nil
}

func (t *tour) grow(context.Context, none) (string, error) {
	pluginapi.AddTool(t.plugin, pluginapi.Tool{Name: "grown", Description: "Was not there before."},
		func(context.Context, none) (string, error) { return "grown", nil })
	return "A tool grew.", nil
}

func (t *tour) addResources() {
	p := t.plugin
	pluginapi.AddResource(p, pluginapi.Resource{URI: "tour://readme", Name: "readme", MIMEType: "text/plain"},
		func(context.Context, string) (string, error) { return "Every ability of a plugin, once.", nil })
	pluginapi.AddResource(p, pluginapi.Resource{URI: "tour://logo", Name: "logo", MIMEType: "image/png"},
		func(context.Context, string) ([]byte, error) { return t.png, nil })
	pluginapi.AddResource(p, pluginapi.Resource{URI: clockURI, Name: "clock", MIMEType: "text/plain", Subscribable: true},
		func(context.Context, string) (string, error) { return strconv.FormatInt(t.ticks.Load(), 10), nil })
	pluginapi.AddResourceTemplate(p, pluginapi.ResourceTemplate{URITemplate: squares, Name: "squares", MIMEType: "text/plain"},
		func(_ context.Context, _ string, vars map[string]string) (string, error) {
			n, err := strconv.ParseInt(vars["n"], 10, 32)
			if err != nil {
				return "", pluginapi.NotFound("%q is no integer", vars["n"])
			}
			return strconv.FormatInt(n*n, 10), nil
		})
	pluginapi.CompleteTemplate(p, squares, "n", pluginapi.PrefixCompletion([]string{"1", "10", "100", "2", "20"}))
}

func (t *tour) addPrompt() {
	pluginapi.AddPrompt(t.plugin, pluginapi.Prompt{Name: "introduce", Title: "Introduce", Description: "Introduce somebody."},
		func(_ context.Context, in struct {
			Who   string `json:"who" jsonschema:"whom to introduce"`
			Style string `json:"style,omitempty" jsonschema:"formal, friendly or funny; default: friendly"`
		}) (string, error) {
			style := in.Style
			if style == "" {
				style = "friendly"
			}
			return fmt.Sprintf("Introduce %s in a %s way.", in.Who, style), nil
		})
	pluginapi.CompletePrompt(t.plugin, "introduce", "style", pluginapi.PrefixCompletion([]string{"formal", "friendly", "funny"}))
}
