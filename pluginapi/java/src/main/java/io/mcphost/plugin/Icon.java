// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.util.List;
import mcphost.plugin.v1.Plugin;

/**
 * An image for user interfaces.
 *
 * @param src an https, http or data URI
 * @param mimeType for example "image/png"; empty: not known
 * @param sizes such as "48x48"; any if empty
 * @param theme "light" or "dark": the background it is made for; empty: either
 */
public record Icon(String src, String mimeType, List<String> sizes, String theme) {
  /** Copies the list. */
  public Icon {
    sizes = List.copyOf(sizes);
  }

  /** An icon of any size for any background. */
  public Icon(String src) {
    this(src, "", List.of(), "");
  }

  Plugin.Icon wire() {
    return Plugin.Icon.newBuilder()
        .setSrc(src)
        .setMimeType(mimeType)
        .addAllSizes(sizes)
        .setTheme(theme)
        .build();
  }

  static List<Plugin.Icon> wires(Icon... icons) {
    return List.of(icons).stream().map(Icon::wire).toList();
  }
}
