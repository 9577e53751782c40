// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import io.grpc.ServerServiceDefinition;
import java.util.List;

/** The services of the plugin protocol, for the host and for tests. */
final class Serving {
  private Serving() {}

  static List<ServerServiceDefinition> definitions(Plugin plugin, Calls calls) {
    return List.of(
        new PluginService(plugin, calls).definition(),
        new ToolService(plugin, calls).definition(),
        new ResourceService(plugin, calls).definition(),
        new PromptService(plugin, calls).definition(),
        new CompletionService(plugin, calls).definition());
  }
}
