// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import java.util.List;
import mcphost.plugin.v1.ToolOuterClass.CallToolResult;

/**
 * What a tool returns.
 *
 * @param content the pieces for the model, in order
 * @param structured what becomes a JSON object; null: none
 * @param isError whether the tool failed, as content says
 * @param meta the "_meta"; null: none
 */
public record Result(List<Content> content, Object structured, boolean isError, JsonObject meta) {
  /** Copies the list. */
  public Result {
    content = List.copyOf(content);
  }

  /** Text. */
  public static Result text(String text) {
    return of(Content.text(text));
  }

  /** Any pieces, or none. */
  public static Result of(Content... content) {
    return new Result(List.of(content), null, false, null);
  }

  /** A failure that the model reads; the same as a {@link ToolException}. */
  public static Result error(String text) {
    return new Result(List.of(Content.text(text)), null, true, null);
  }

  /** A record or a map, and the same as JSON in a text. */
  public static Result structured(Object value) {
    JsonElement json = Values.json(value);
    if (!json.isJsonObject()) {
      throw new IllegalStateException("structured content is a record or a map, no " + json);
    }
    return new Result(List.of(Content.text(json.toString())), json, false, null);
  }

  /** The same with a "_meta". */
  public Result withMeta(JsonObject meta) {
    return new Result(content, structured, isError, meta);
  }

  CallToolResult wire() {
    var wire = CallToolResult.newBuilder().setIsError(isError).setMetaJson(Json.meta(meta));
    wire.setStructuredContentJson(
        structured == null ? ByteString.EMPTY : Json.dump(Values.json(structured)));
    content.forEach(one -> wire.addContent(Blocks.wire(one)));
    return wire.build();
  }
}
