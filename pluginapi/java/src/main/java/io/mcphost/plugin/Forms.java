// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Set;

/** Forms are flat records: MCP allows fewer kinds of members in them than in arguments. */
final class Forms {
  private static final Set<String> SIMPLE = Set.of("string", "integer", "number", "boolean");

  private Forms() {}

  /** The schema of a form. DeclarationException: it is none. */
  static JsonObject schema(Class<?> form) {
    if (!form.isRecord()) {
      throw new DeclarationException(form.getName() + ": a form is a record");
    }
    JsonObject schema = Schema.of(form);
    schema.remove("additionalProperties");
    for (var member : schema.getAsJsonObject("properties").entrySet()) {
      if (!isAllowed(member.getValue().getAsJsonObject())) {
        throw new DeclarationException(
            member.getKey() + ": a form holds strings, numbers, booleans and choices only");
      }
    }
    return schema;
  }

  private static boolean isAllowed(JsonObject member) {
    String type = Json.string(member, "type", "");
    boolean choices = type.equals("array") && member.getAsJsonObject("items").has("enum");
    return choices || SIMPLE.contains(type);
  }

  static <F> Filled<F> read(Class<F> form, JsonElement result) {
    Action action = Action.read(result);
    if (action != Action.ACCEPT) {
      return new Filled<>(action, null);
    }
    JsonElement content = result.getAsJsonObject().get("content");
    return new Filled<>(
        action, Values.read(form, content == null ? new JsonObject() : content, ""));
  }
}
