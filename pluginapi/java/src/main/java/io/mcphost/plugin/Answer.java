// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;

/**
 * What a client has sent to a question.
 *
 * @param result MCP's result; null: there is none
 * @param failure why there is none; empty: there is one
 */
public record Answer(JsonElement result, String failure) {}
