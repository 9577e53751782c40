// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;

/**
 * A message for the client's model.
 *
 * @param role who says it
 * @param content one piece or several
 */
public record SampleMessage(Role role, List<Content> content) {
  /** Copies the list. */
  public SampleMessage {
    content = List.copyOf(content);
  }

  /** What the person says. */
  public static SampleMessage user(String text) {
    return new SampleMessage(Role.USER, List.of(Content.text(text)));
  }

  /** What the model has said. */
  public static SampleMessage assistant(String text) {
    return new SampleMessage(Role.ASSISTANT, List.of(Content.text(text)));
  }

  JsonObject json() {
    var json = new JsonObject();
    json.addProperty("role", role.json);
    json.add("content", pieces());
    return json;
  }

  /** Older clients know one piece only. */
  private JsonElement pieces() {
    if (content.size() == 1) {
      return Blocks.json(content.get(0));
    }
    var pieces = new JsonArray();
    content.forEach(one -> pieces.add(Blocks.json(one)));
    return pieces;
  }
}
