// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a plugin says at its start that it provides, and what may come later. */
class AbilitiesTest {
  private static Plugin plugin() {
    return new Plugin("p", "1");
  }

  private static Tool tool(String name) {
    return Tool.text(name, NoArguments.class, (in, call) -> name);
  }

  private static Resource resource() {
    return Resource.of("a://b", "b", (in, call) -> ReadResult.text("text"));
  }

  private static Prompt prompt() {
    return Prompt.of("p", NoArguments.class, (in, call) -> PromptResult.text("text"));
  }

  private static List<Ability> announced(Plugin plugin) {
    return plugin.describe().getAbilitiesList().stream()
        .map(one -> Ability.values()[one.getNumber() - 1])
        .toList();
  }

  @Test
  void whatMayComeLaterIsAnnounced() {
    Plugin plugin = plugin().add(tool("grow")).abilities(Ability.RESOURCES, Ability.PROMPTS);
    try (var test = new TestPlugin(plugin)) {
      assertEquals(List.of(Ability.TOOLS, Ability.RESOURCES, Ability.PROMPTS), announced(plugin));
      plugin.add(resource()).add(prompt()).add(tool("grown"));
      assertEquals(List.of("text"), test.read("a://b"));
      assertEquals("text", test.prompt("p", Map.of()));
      assertEquals("grown", test.call("grown", Map.of()).text());
      // The host has asked already.
      assertEquals(List.of(Ability.TOOLS, Ability.RESOURCES, Ability.PROMPTS), announced(plugin));
    }
  }

  @Test
  void whatIsThereIsAnnounced() {
    Plugin plugin =
        plugin()
            .add(tool("tool"))
            .add(resource().subscribable())
            .add(prompt())
            .completePrompt("p", "x", Completer.prefix());
    try (var test = new TestPlugin(plugin)) {
      assertEquals(List.of(Ability.values()), announced(plugin));
      assertEquals(List.of("tool"), List.copyOf(test.tools().keySet()));
    }
  }

  private static void tooLate(String names, Runnable add) {
    String said = assertThrows(DeclarationException.class, add::run).getMessage();
    assertTrue(said.contains(" comes too late: ") && said.contains(names), said);
  }

  @Test
  void whatNobodyWouldSeeIsRefused() {
    Plugin plugin = plugin();
    try (var test = new TestPlugin(plugin)) {
      plugin.add(tool("late")); // a plugin without anything is one of tools
      assertEquals(List.of("late"), List.copyOf(test.tools().keySet()));
      tooLate("plugin.abilities(Ability.RESOURCES)", () -> plugin.add(resource()));
      assertThrows(ProtocolException.class, () -> test.read("a://b"));
      tooLate("plugin.abilities(Ability.PROMPTS)", () -> plugin.add(prompt()));
      tooLate(
          "plugin.abilities(Ability.COMPLETIONS)",
          () -> plugin.completePrompt("p", "x", Completer.prefix()));
      assertThrows(DeclarationException.class, () -> plugin.abilities(Ability.PROMPTS));
    }
    plugin.add(resource()); // it is not served any more
    try (var test = new TestPlugin(plugin)) {
      assertEquals(List.of("text"), test.read("a://b"));
      plugin.add(resource().subscribable()); // it can be read all the same
      assertEquals(List.of("text"), test.read("a://b"));
    }
  }

  @Test
  void prefixSuggestsAHundredAndSaysHowManyThereAre() throws Exception {
    var values = new String[150];
    for (int i = 0; i < values.length; i++) {
      values[i] = "n" + i;
    }
    Completion all = Completer.prefix(values).complete("N", Map.of());
    assertEquals(100, all.values().size());
    assertEquals(150, all.total().getAsInt());
    assertTrue(all.hasMore());
    Completion some = Completer.prefix(values).complete("n14", Map.of());
    assertEquals(11, some.values().size());
    assertEquals(11, some.total().getAsInt());
    assertEquals(false, some.hasMore());
  }
}
