// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.lang.reflect.Proxy;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Catches signals.
 *
 * <p>The JDK supports sun.misc.Signal on every platform and has nothing else for it, but javac
 * warns of it and will not be told otherwise: hence by name.
 */
final class Signals {
  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");

  private Signals() {}

  /** Has something done at a signal, instead of what the JVM does. */
  static void handle(String name, Runnable then) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object ours =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handler},
              (self, method, args) -> {
                then.run();
                return null;
              });
      Object which = signal.getConstructor(String.class).newInstance(name);
      signal.getMethod("handle", signal, handler).invoke(null, which, ours);
    } catch (ReflectiveOperationException err) {
      LOG.log(
          Level.WARNING,
          "the JVM keeps SIG" + name + " for itself; does its runtime lack jdk.unsupported?",
          err);
    }
  }
}
