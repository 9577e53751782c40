// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * A folder that the client works in.
 *
 * @param uri a file URI
 * @param name for people; empty: not said
 */
public record Root(String uri, String name) {

  static List<Root> read(JsonElement value) {
    JsonElement roots = Json.object(value, "the answer").get("roots");
    if (roots == null || !roots.isJsonArray()) {
      throw new IllegalArgumentException("the answer holds no roots");
    }
    var found = new ArrayList<Root>();
    for (JsonElement one : roots.getAsJsonArray()) {
      JsonObject root = Json.object(one, "a root");
      String uri = Json.string(root, "uri", null);
      if (uri == null) {
        throw new IllegalArgumentException("a root has no URI");
      }
      found.add(new Root(uri, Json.string(root, "name", "")));
    }
    return List.copyOf(found);
  }
}
