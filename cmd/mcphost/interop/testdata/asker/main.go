// SPDX-License-Identifier: Apache-2.0

// Command asker is a plugin that asks: for three things in a row, or under keys
// that change. It notes what it does, so that a test can count it. It also has a
// resource that changes when it is told to.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"

	"github.com/mcphost/mcphost/pluginapi"
)

func main() {
	p := pluginapi.New("asker", "1.0.0")
	a := &asker{}
	pluginapi.OnConfigure(p, func(_ context.Context, s settings) error {
		a.ledger = s.Ledger
		return nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "order",
		Description: "Asks the user, the model and for the roots, one after the other.",
	}, a.order)
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "waver",
		Description: "Asks another question each time it is entered.",
	}, a.waver)
	addCounter(p)
	os.Exit(p.Main())
}

// none is the arguments of a tool that takes none.
type none struct{}

type settings struct {
	// Ledger is the path of a file that gets a line for each thing done.
	Ledger string `json:"ledger,omitempty"`
}

type asker struct {
	ledger string       // set once, before the first call
	waved  atomic.Int64 // how often waver was entered
}

// note adds a line to the ledger.
func (a *asker) note(line string) error {
	if a.ledger == "" {
		return nil
	}
	f, err := os.OpenFile(a.ledger, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	return errors.Join(err, f.Close())
}

// person is the form of the first question.
type person struct {
	Name string `json:"name" jsonschema:"who is to get it"`
}

// order has side effects before the questions, through the memo, and after them.
func (a *asker) order(ctx context.Context, _ none) (string, error) {
	if err := a.note("entered"); err != nil {
		return "", err
	}
	number, err := pluginapi.Memo(ctx, "number", func() (int, error) { return 7, a.note("numbered") })
	if err != nil {
		return "", err
	}
	who, err := pluginapi.Elicit[person](ctx, "who", "Who is it for?")
	if err != nil {
		return "", err
	}
	card, err := pluginapi.Sample(ctx, "card", pluginapi.SampleParams{
		Messages:  []pluginapi.SampleMessage{{Content: []pluginapi.Content{pluginapi.Text{Text: "What is on the card?"}}}},
		MaxTokens: 100,
	})
	if err != nil {
		return "", err
	}
	roots, err := pluginapi.Roots(ctx, "where")
	if err != nil {
		return "", err
	}
	if len(roots) == 0 {
		return "", errors.New("there is no root to deliver to")
	}
	if err := a.note("delivered"); err != nil {
		return "", err
	}
	return fmt.Sprintf("Order %d for %s, %q, to %s", number, who.Value.Name, card.Text(), roots[0].URI), nil
}

func (a *asker) waver(ctx context.Context, _ none) (string, error) {
	key := "key-" + strconv.FormatInt(a.waved.Add(1), 10)
	answer, err := pluginapi.Elicit[person](ctx, key, "Who is it for?")
	return answer.Value.Name, err
}

// addCounter adds a resource and the tool that changes it.
func addCounter(p *pluginapi.Plugin) {
	const uri = "asker://counter"
	var count atomic.Int64
	pluginapi.AddResource(p, pluginapi.Resource{
		URI:          uri,
		Name:         "Counter",
		Description:  "How often it was bumped.",
		MIMEType:     "text/plain",
		Subscribable: true,
	}, func(context.Context, string) (string, error) {
		return strconv.FormatInt(count.Load(), 10), nil
	})
	pluginapi.AddTool(p, pluginapi.Tool{
		Name:        "bump",
		Description: "Adds one to the counter.",
	}, func(context.Context, none) (string, error) {
		n := count.Add(1)
		p.ResourceUpdated(uri)
		return strconv.FormatInt(n, 10), nil
	})
}
