// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import java.util.List;
import mcphost.plugin.v1.PromptOuterClass.GetPromptResult;

/**
 * A prompt filled in.
 *
 * @param messages in order
 * @param description of what it asks for; empty: none
 * @param meta the "_meta"; null: none
 */
public record PromptResult(List<PromptMessage> messages, String description, JsonObject meta) {
  /** Copies the list. */
  public PromptResult {
    messages = List.copyOf(messages);
  }

  /** One message of the person. */
  public static PromptResult text(String text) {
    return of(PromptMessage.user(text));
  }

  /** Several messages. */
  public static PromptResult of(PromptMessage... messages) {
    return new PromptResult(List.of(messages), "", null);
  }

  GetPromptResult wire() {
    var wire =
        GetPromptResult.newBuilder().setDescription(description).setMetaJson(Json.meta(meta));
    messages.forEach(one -> wire.addMessages(one.wire()));
    return wire.build();
  }
}
