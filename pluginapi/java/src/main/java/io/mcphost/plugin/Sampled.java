// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What the client's model said.
 *
 * @param content the pieces of its answer
 * @param role who says it, as the client has it
 * @param model which model it was; empty: not said
 * @param stopReason why it ended; empty: not said
 */
public record Sampled(List<Content> content, Role role, String model, String stopReason) {

  /** The text of the answer, its pieces joined by newlines. */
  public String text() {
    return content.stream()
        .filter(Content.Text.class::isInstance)
        .map(one -> ((Content.Text) one).text())
        .collect(Collectors.joining("\n"));
  }

  static Sampled read(JsonElement value) {
    JsonObject result = Json.object(value, "the answer");
    JsonElement content = result.get("content");
    var said = new ArrayList<Content>();
    if (content != null && content.isJsonArray()) {
      content.getAsJsonArray().forEach(one -> said.add(Blocks.read(one)));
    } else {
      said.add(Blocks.read(content));
    }
    return new Sampled(
        List.copyOf(said),
        Role.read(Json.string(result, "role", Role.ASSISTANT.json)),
        Json.string(result, "model", ""),
        Json.string(result, "stopReason", ""));
  }
}
