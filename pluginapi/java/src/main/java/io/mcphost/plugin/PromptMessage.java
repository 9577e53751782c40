// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import mcphost.plugin.v1.PromptOuterClass;

/**
 * A message of a prompt.
 *
 * @param role who says it
 * @param content what is said
 */
public record PromptMessage(Role role, Content content) {

  /** What the person says. */
  public static PromptMessage user(String text) {
    return new PromptMessage(Role.USER, Content.text(text));
  }

  /** What the model says. */
  public static PromptMessage assistant(String text) {
    return new PromptMessage(Role.ASSISTANT, Content.text(text));
  }

  PromptOuterClass.PromptMessage wire() {
    return PromptOuterClass.PromptMessage.newBuilder()
        .setRole(role.wire)
        .setContent(Blocks.wire(content))
        .build();
  }
}
