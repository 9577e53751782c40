// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonElement;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import mcphost.plugin.v1.Plugin.DescribeResponse;
import mcphost.plugin.v1.Plugin.Limits;

/**
 * A plugin. Declare what it offers, then {@link #run} it.
 *
 * <p>Make it before anything prints: from then on what is printed to standard output goes to
 * standard error, the operator's log. Things may be added and removed at any time, by any thread;
 * clients are told. Where there is nothing of a kind yet when it runs, {@link #abilities} names
 * what may come. All else is to be set before it runs.
 */
public final class Plugin {
  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");

  private final DescribeResponse.Builder details = DescribeResponse.newBuilder();
  private final Map<String, Tool> tools = Collections.synchronizedMap(new LinkedHashMap<>());
  private final Map<String, Resource> resources =
      Collections.synchronizedMap(new LinkedHashMap<>());
  private final Map<String, Prompt> prompts = Collections.synchronizedMap(new LinkedHashMap<>());
  private final Map<Completed, Completer> completers = new ConcurrentHashMap<>();
  private final Changes changes = new Changes();
  private final Abilities abilities = new Abilities();
  private final List<Runnable> shutdowns = new ArrayList<>();
  private Consumer<JsonElement> configurer = Plugin::refuseSettings;
  private Consumer<String> connectionEnder = id -> {};
  private Function<List<String>, Collection<String>> subscriber = this::subscribableOf;
  private boolean subscriptions;
  private volatile Path dataDirectory;

  /** What a completer is for: an argument of a prompt, or a variable of a template. */
  record Completed(boolean prompt, String name, String argument) {}

  /**
   * A plugin that offers nothing yet.
   *
   * @param name for display and logs
   * @param version its own
   */
  public Plugin(String name, String version) {
    Stdio.guard();
    details.setName(name).setVersion(version);
  }

  /** A name for people. Default: the name. */
  public Plugin title(String title) {
    details.setTitle(title);
    return this;
  }

  /** One or two sentences for people. */
  public Plugin description(String description) {
    details.setDescription(description);
    return this;
  }

  /** An https address to read more at. */
  public Plugin websiteUrl(String url) {
    details.setWebsiteUrl(url);
    return this;
  }

  /** Extension identifiers that the definitions rely on, such as "io.modelcontextprotocol/ui". */
  public Plugin extensions(String... identifiers) {
    details.clearExtensions().addAllExtensions(List.of(identifiers));
    return this;
  }

  /**
   * Names what may come while the plugin runs, of which there is nothing before: the host asks
   * once, at the start. What is there before need not be named. To add something of another kind
   * later is a {@link DeclarationException}.
   */
  public Plugin abilities(Ability... later) {
    abilities.name(later);
    return this;
  }

  /** How many calls may be in flight; the host queues the others. Default: the host's, 64. */
  public Plugin maxConcurrentCalls(int calls) {
    details.setLimits(Limits.newBuilder().setMaxConcurrentCalls(calls));
    return this;
  }

  /** Offers a tool; one of the same name is replaced. */
  public Plugin add(Tool tool) {
    abilities.adding(Ability.TOOLS, "the tool " + tool.name(), () -> tools.put(tool.name(), tool));
    changes.changed(Changes.Kind.TOOLS);
    return this;
  }

  /** Takes a tool away; calls in flight go on. */
  public void removeTool(String name) {
    if (tools.remove(name) != null) {
      changes.changed(Changes.Kind.TOOLS);
    }
  }

  /** Offers a resource, or a family of them; one of the same URI is replaced. */
  public Plugin add(Resource resource) {
    abilities.adding(Ability.RESOURCES, "the resource " + resource.uri(), () -> put(resource));
    changes.changed(Changes.Kind.RESOURCES);
    return this;
  }

  private void put(Resource resource) {
    if (resource.isSubscribable() && abilities.late(Ability.SUBSCRIPTIONS)) {
      LOG.log(
          Level.SEVERE,
          "nobody can subscribe to {0}: subscriptions are no announced ability",
          resource.uri());
    }
    resources.put(resource.uri(), resource);
  }

  /** Takes a resource, or a family of them, away. */
  public void removeResource(String uri) {
    if (resources.remove(uri) != null) {
      changes.changed(Changes.Kind.RESOURCES);
    }
  }

  /** Offers a prompt; one of the same name is replaced. */
  public Plugin add(Prompt prompt) {
    abilities.adding(
        Ability.PROMPTS, "the prompt " + prompt.name(), () -> prompts.put(prompt.name(), prompt));
    changes.changed(Changes.Kind.PROMPTS);
    return this;
  }

  /** Takes a prompt away. */
  public void removePrompt(String name) {
    if (prompts.remove(name) != null) {
      changes.changed(Changes.Kind.PROMPTS);
    }
  }

  /** Suggests values for an argument of a prompt. */
  public Plugin completePrompt(String prompt, String argument, Completer completer) {
    return complete(new Completed(true, prompt, argument), completer);
  }

  /** Suggests values for a variable of a template. */
  public Plugin completeTemplate(String uriTemplate, String variable, Completer completer) {
    return complete(new Completed(false, uriTemplate, variable), completer);
  }

  private Plugin complete(Completed what, Completer completer) {
    abilities.adding(
        Ability.COMPLETIONS,
        "the completer of " + what.argument(),
        () -> completers.put(what, completer));
    return this;
  }

  /**
   * Receives the operator's settings, before the first call. An IllegalArgumentException or {@link
   * ToolException} is shown to the operator and disables the plugin until the settings change.
   * Without it a plugin takes no settings.
   *
   * @param settings a record, which becomes the schema
   */
  public <S> Plugin onConfigure(Class<S> settings, Consumer<S> receive) {
    details.setSettingsSchemaJson(Json.dump(Schema.ofGiven(settings)));
    configurer = given -> receive.accept(Values.read(settings, given, "settings"));
    return this;
  }

  /** Is run when the plugin stops, after its calls; all of them together have half a second. */
  public Plugin onShutdown(Runnable hook) {
    shutdowns.add(hook);
    return this;
  }

  /** Is told the id of a client's connection that is gone. Best effort. */
  public Plugin onEndConnection(Consumer<String> ender) {
    connectionEnder = ender;
    return this;
  }

  /**
   * Is told the whole set of URIs that clients are subscribed to, each time it changes, and returns
   * those whose changes {@link #resourceUpdated} will report. Default: those of subscribable
   * resources.
   */
  public Plugin onSubscriptions(Function<List<String>, Collection<String>> subscriber) {
    this.subscriber = subscriber;
    subscriptions = true;
    return this;
  }

  /** Tells the clients that have subscribed to a resource that it has changed. */
  public void resourceUpdated(String uri) {
    changes.updated(uri);
  }

  /**
   * Where the plugin may keep files that outlive it; empty: nowhere. Known once it is configured.
   */
  public Optional<Path> dataDirectory() {
    return Optional.ofNullable(dataDirectory);
  }

  /** Serves the host until it asks to stop, and ends the process. */
  public void run() {
    System.exit(new Life(this).run());
  }

  // What follows is for the services.

  private static void refuseSettings(JsonElement given) {
    if (!given.isJsonObject() || !given.getAsJsonObject().isEmpty()) {
      throw new IllegalArgumentException("this plugin takes no settings");
    }
  }

  private Collection<String> subscribableOf(List<String> uris) {
    return uris.stream().filter(this::isSubscribable).toList();
  }

  private boolean isSubscribable(String uri) {
    try {
      return find(uri).resource().isSubscribable();
    } catch (ProtocolException err) {
      return false;
    }
  }

  /** Begins to be served: what is provided from now on is announced. */
  void begin() {
    synchronized (abilities) {
      abilities.announce(provided());
    }
  }

  /** Is served no more. */
  void end() {
    changes.end();
    abilities.forget();
  }

  private Set<Ability> provided() {
    var provided = EnumSet.noneOf(Ability.class);
    if (!tools.isEmpty()) {
      provided.add(Ability.TOOLS);
    }
    if (!resources.isEmpty()) {
      provided.add(Ability.RESOURCES);
    }
    if (!prompts.isEmpty()) {
      provided.add(Ability.PROMPTS);
    }
    if (!completers.isEmpty()) {
      provided.add(Ability.COMPLETIONS);
    }
    if (subscriptions || resources().stream().anyMatch(Resource::isSubscribable)) {
      provided.add(Ability.SUBSCRIPTIONS);
    }
    return provided;
  }

  /** What the plugin is, and what it provided when it began. */
  DescribeResponse describe() {
    var wire = details.clone();
    abilities.announced().forEach(ability -> wire.addAbilities(ability.wire()));
    return wire.build();
  }

  String name() {
    return details.getName();
  }

  int concurrentCalls() {
    return Math.max(Calls.THREADS, details.getLimits().getMaxConcurrentCalls());
  }

  void configure(JsonElement settings, String directory) {
    dataDirectory = directory.isEmpty() ? null : Path.of(directory);
    configurer.accept(settings);
  }

  void endConnection(String id) {
    connectionEnder.accept(id);
  }

  /** Takes the whole set of subscriptions, and returns those that will be served. */
  Collection<String> subscribe(List<String> uris) {
    Set<String> accepted = new HashSet<>(subscriber.apply(uris));
    changes.watch(accepted);
    return accepted;
  }

  List<Runnable> shutdowns() {
    return shutdowns;
  }

  Changes changes() {
    return changes;
  }

  List<Tool> tools() {
    synchronized (tools) {
      return List.copyOf(tools.values());
    }
  }

  List<Resource> resources() {
    synchronized (resources) {
      return List.copyOf(resources.values());
    }
  }

  List<Prompt> prompts() {
    synchronized (prompts) {
      return List.copyOf(prompts.values());
    }
  }

  /** ProtocolException: there is none. */
  Tool tool(String name) {
    return found(tools.get(name), "tool", name);
  }

  /** ProtocolException: there is none. */
  Prompt prompt(String name) {
    return found(prompts.get(name), "prompt", name);
  }

  private static <T> T found(T one, String kind, String name) {
    if (one == null) {
      throw ProtocolException.notFound("there is no " + kind + " \"" + name + "\"");
    }
    return one;
  }

  /** What reads a URI, with its variables. */
  record Found(Resource resource, Map<String, String> variables) {}

  /** ProtocolException: nothing reads it. */
  Found find(String uri) {
    Resource fixed = resources.get(uri);
    if (fixed != null && !fixed.isTemplate()) {
      return new Found(fixed, Map.of());
    }
    for (Resource family : resources()) {
      Map<String, String> variables = family.isTemplate() ? family.match(uri) : null;
      if (variables != null) {
        return new Found(family, variables);
      }
    }
    throw ProtocolException.notFound("there is no resource \"" + uri + "\"");
  }

  /**
   * What suggests values; null: nothing does. ProtocolException: there is nothing to suggest for.
   */
  Completer completer(Completed what) {
    if (what.prompt()) {
      prompt(what.name());
    } else {
      Resource family = resources.get(what.name());
      found(family != null && family.isTemplate() ? family : null, "template", what.name());
    }
    return completers.get(what);
  }
}
