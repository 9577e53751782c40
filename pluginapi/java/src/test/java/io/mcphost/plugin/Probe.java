// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

/** A plugin that ProcessTest starts, which prints where it should not. */
final class Probe {
  private Probe() {}

  public static void main(String[] args) {
    Plugin plugin = new Plugin("probe", "1");
    System.out.println("chatter");
    plugin
        .add(Tool.text("nothing", NoArguments.class, (in, call) -> ""))
        .onShutdown(() -> System.err.println("bye"));
    plugin.run();
  }
}
