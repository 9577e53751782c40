// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TemplateTest {
  @Test
  void variablesAreDecoded() {
    var template = new Template("note://{owner}/x.{+path}");
    assertEquals(Map.of("owner", "a b", "path", "c/d?e"), template.match("note://a%20b/x.c/d?e"));
    assertEquals(Map.of("owner", "ą", "path", "+"), template.match("note://%C4%85/x.+"));
  }

  @Test
  void othersUrisDoNotMatch() {
    var template = new Template("note://{owner}/x.{+path}");
    for (String uri :
        List.of(
            "note:///x.a", "note://a/b/x.a", "note://a/xxa", "note://a/x.", "note://a%2/x.b", "")) {
      assertNull(template.match(uri), uri);
    }
  }

  @Test
  void aLongUriIsMatched() {
    String value = "a".repeat(1 << 20);
    assertEquals(Map.of("x", value), new Template("a:{x}").match("a:" + value));
  }

  @Test
  void otherTemplatesAreRefused() {
    for (String text :
        List.of("a://{x}{", "a://}", "a://{?x}", "a://{x*}", "a://{}", "a://{x}/{x}")) {
      assertThrows(DeclarationException.class, () -> new Template(text), text);
    }
  }
}
