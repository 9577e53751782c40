// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What a plugin says at its start that it provides. The host asks once: what comes later of a kind
 * that was not named then would never be seen.
 */
final class Abilities {
  private final Set<Ability> named = EnumSet.noneOf(Ability.class);
  private Set<Ability> announced; // null: it is not served yet

  /** Announces these besides what will be there. */
  synchronized void name(Ability... abilities) {
    if (announced != null) {
      throw new DeclarationException("abilities are to be named before the plugin runs");
    }
    named.addAll(List.of(abilities));
  }

  /** From now on the host knows of what is there. */
  synchronized void announce(Set<Ability> there) {
    announced = EnumSet.copyOf(named);
    announced.addAll(there);
    if (announced.isEmpty()) {
      announced.add(Ability.TOOLS); // which is what the protocol takes none for
    }
  }

  /** It is served no more. */
  synchronized void forget() {
    announced = null;
  }

  synchronized List<Ability> announced() {
    return List.copyOf(announced);
  }

  /** Adds something. DeclarationException: it comes too late, for nobody would see it. */
  synchronized void adding(Ability ability, String what, Runnable add) {
    check(ability, what);
    add.run();
  }

  /** Whether clients were told that there is none of it. */
  synchronized boolean late(Ability ability) {
    return announced != null && !announced.contains(ability);
  }

  private void check(Ability ability, String what) {
    if (late(ability)) {
      throw new DeclarationException(
          what
              + " comes too late: the plugin had nothing of its kind when it started, so that no"
              + " client would see it; name it with plugin.abilities(Ability."
              + ability
              + ") before the plugin runs");
    }
  }
}
