// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import mcphost.plugin.v1.Context;

/** A side of a conversation. */
public enum Role {
  /** The person. */
  USER("user", Context.Role.ROLE_USER),
  /** The model. */
  ASSISTANT("assistant", Context.Role.ROLE_ASSISTANT);

  final String json;
  final Context.Role wire;

  Role(String json, Context.Role wire) {
    this.json = json;
    this.wire = wire;
  }

  static Role read(String json) {
    for (Role role : values()) {
      if (role.json.equals(json)) {
        return role;
      }
    }
    throw new IllegalArgumentException("there is no role \"" + json + "\"");
  }
}
