// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import mcphost.plugin.v1.Context;
import mcphost.plugin.v1.Context.InputMethod;

/**
 * A question as the protocol has it.
 *
 * @param key names it among all questions of the call: 1 to 128 bytes
 * @param method what kind it is
 * @param params MCP's parameters
 */
public record InputRequest(String key, Method method, JsonObject params) {
  static final int MAX_KEY = 128;

  /** A kind of question. */
  public enum Method {
    /** MCP's elicitation/create. */
    ELICIT("elicitation/create", InputMethod.INPUT_METHOD_ELICIT),
    /** MCP's sampling/createMessage. */
    SAMPLE("sampling/createMessage", InputMethod.INPUT_METHOD_SAMPLE),
    /** MCP's roots/list. */
    ROOTS("roots/list", InputMethod.INPUT_METHOD_LIST_ROOTS);

    final String json;
    final InputMethod wire;

    Method(String json, InputMethod wire) {
      this.json = json;
      this.wire = wire;
    }
  }

  /** Checks the key. */
  public InputRequest {
    int bytes = key.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > MAX_KEY) {
      throw new ToolException("question \"" + key + "\": a key has 1 to " + MAX_KEY + " bytes");
    }
  }

  Context.InputRequest wire() {
    return Context.InputRequest.newBuilder()
        .setKey(key)
        .setMethod(method.wire)
        .setParamsJson(method == Method.ROOTS ? ByteString.EMPTY : Json.dump(params))
        .build();
  }

  Capabilities needs() {
    return switch (method) {
      case ELICIT ->
          "url".equals(Json.string(params, "mode", "")) ? Capabilities.URL : Capabilities.FORM;
      case SAMPLE ->
          params.has("tools") || params.has("toolChoice")
              ? Capabilities.SAMPLING_TOOLS
              : Capabilities.SAMPLING;
      case ROOTS -> Capabilities.ROOTS;
    };
  }
}
