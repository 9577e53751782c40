// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import mcphost.plugin.v1.Plugin.ResourceUpdated;
import mcphost.plugin.v1.Plugin.Revisions;
import mcphost.plugin.v1.Plugin.WatchResponse;

/** What has changed, and the host that watches. Its methods may be used by any thread. */
final class Changes {
  /** How many changed resources wait to be told; of more, the oldest are forgotten. */
  static final int MAX_UPDATES = 256;

  /** The lists that have a revision. */
  enum Kind {
    TOOLS,
    RESOURCES,
    PROMPTS
  }

  private final int[] revisions = {1, 1, 1};
  private final Set<String> updates = new LinkedHashSet<>();
  private final List<Watcher> watchers = new ArrayList<>();
  private Set<String> watched = Set.of();

  /** A list has changed. */
  void changed(Kind kind) {
    synchronized (this) {
      revisions[kind.ordinal()]++;
    }
    wake();
  }

  /** Sets the resources that somebody has subscribed to. */
  synchronized void watch(Set<String> uris) {
    watched = Set.copyOf(uris);
  }

  /** A resource has changed; it is told if somebody has subscribed. */
  void updated(String uri) {
    synchronized (this) {
      if (!watched.contains(uri)) {
        return;
      }
      updates.add(uri);
      if (updates.size() > MAX_UPDATES) {
        Iterator<String> oldest = updates.iterator();
        oldest.next();
        oldest.remove();
      }
    }
    wake();
  }

  synchronized Revisions revisions() {
    return Revisions.newBuilder()
        .setTools(revision(Kind.TOOLS))
        .setResources(revision(Kind.RESOURCES))
        .setPrompts(revision(Kind.PROMPTS))
        .build();
  }

  synchronized String revision(Kind kind) {
    return Integer.toString(revisions[kind.ordinal()]);
  }

  private synchronized List<String> takeUpdates() {
    List<String> taken = List.copyOf(updates);
    updates.clear();
    return taken;
  }

  /** Tells a host of all that is and will be. */
  void tell(ServerCallStreamObserver<WatchResponse> host) {
    var watcher = new Watcher(host);
    host.setOnCancelHandler(() -> forget(watcher));
    host.setOnReadyHandler(watcher::flush);
    synchronized (this) {
      watchers.add(watcher);
    }
    watcher.flush();
  }

  private synchronized void forget(Watcher watcher) {
    watchers.remove(watcher);
  }

  private synchronized List<Watcher> watchers() {
    return List.copyOf(watchers);
  }

  private void wake() {
    watchers().forEach(Watcher::flush);
  }

  /** Ends all watches. */
  void end() {
    watchers().forEach(Watcher::end);
  }

  /** One stream to a host. What a slow one has not taken yet waits in Changes. */
  private final class Watcher {
    private final ServerCallStreamObserver<WatchResponse> host;
    private Revisions told;
    private boolean over;

    Watcher(ServerCallStreamObserver<WatchResponse> host) {
      this.host = host;
    }

    synchronized void flush() {
      if (over || !host.isReady()) {
        return;
      }
      Revisions now = revisions();
      if (!now.equals(told)) {
        told = now;
        host.onNext(WatchResponse.newBuilder().setRevisions(now).build());
      }
      for (String uri : takeUpdates()) {
        var update = ResourceUpdated.newBuilder().setUri(uri);
        host.onNext(WatchResponse.newBuilder().setResourceUpdated(update).build());
      }
    }

    synchronized void end() {
      if (!over) {
        over = true;
        host.onCompleted();
      }
    }
  }
}
