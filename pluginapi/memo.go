// SPDX-License-Identifier: Apache-2.0

package pluginapi

import (
	"context"
	"encoding/json"
	"fmt"
)

// Memo computes a value once and carries it through the rounds of a call: where
// the call is entered again after a question, fn does not run and the value is
// the one of before. key names it among all of the call. T passes through JSON.
// Errors are not kept.
//
// The value travels with the question. If the round ends before one is asked,
// the call is over and nothing is kept; if the same round comes twice, because a
// client repeats its answer, fn has still run once. All that a call keeps, with
// its questions, must fit in 64 KiB. Outside a call Memo only runs fn.
func Memo[T any](ctx context.Context, key string, fn func() (T, error)) (T, error) {
	c, ok := callOf(ctx)
	if !ok || c.exchange == nil {
		return fn()
	}
	raw, known := c.exchange.recall(key)
	if !known {
		mark := c.exchange.mark()
		computed, err := fn()
		if err != nil {
			return computed, err
		}
		if raw, err = json.Marshal(computed); err != nil {
			return computed, fmt.Errorf("memo %q: %w", key, err)
		}
		c.exchange.remember(key, raw, mark)
	}
	// A fresh value is read back as well: a T that JSON does not hold whole shows
	// in the first round, not only where there is a second.
	var value T
	if err := json.Unmarshal(raw, &value); err != nil {
		return value, fmt.Errorf("memo %q: %w", key, err)
	}
	return value, nil
}
