// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import mcphost.plugin.v1.Plugin;

/** A kind of thing that a plugin provides. See {@link io.mcphost.plugin.Plugin#abilities}. */
public enum Ability {
  /** Actions. */
  TOOLS,
  /** Data to read, families of it too. */
  RESOURCES,
  /** Messages to pick. */
  PROMPTS,
  /** Suggested values. */
  COMPLETIONS,
  /** Word of changed resources. */
  SUBSCRIPTIONS;

  /** The protocol has the same order, with "unspecified" before. */
  Plugin.Ability wire() {
    return Plugin.Ability.forNumber(ordinal() + 1);
  }
}
