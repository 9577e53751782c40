// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import java.util.Map;
import java.util.function.Consumer;
import mcphost.plugin.v1.ResourceOuterClass;
import mcphost.plugin.v1.ResourceOuterClass.ReadResourceResult;
import mcphost.plugin.v1.ResourceOuterClass.ResourceTemplate;

/**
 * Data that a client can read: one resource, or a family of them.
 *
 * <p>A resource is immutable: each method returns a new one.
 */
public final class Resource {
  private final ResourceOuterClass.Resource wire;
  private final Template template;
  private final boolean subscribable;
  private final Handler<ReadRequest, ReadResult> handler;

  private Resource(
      ResourceOuterClass.Resource wire,
      Template template,
      boolean subscribable,
      Handler<ReadRequest, ReadResult> handler) {
    this.wire = wire;
    this.template = template;
    this.subscribable = subscribable;
    this.handler = handler;
  }

  /**
   * A resource with a fixed URI. The handler throws {@link ProtocolException#notFound} for what is
   * not there any more.
   */
  public static Resource of(String uri, String name, Handler<ReadRequest, ReadResult> handler) {
    if (!uri.contains(":")) {
      throw new DeclarationException("resource \"" + uri + "\": a URI has a scheme");
    }
    return new Resource(definition(uri, name), null, false, handler);
  }

  /**
   * A family of resources, such as "note://{owner}/{+path}". The handler throws {@link
   * ProtocolException#notFound} for what does not exist.
   */
  public static Resource template(
      String uriTemplate, String name, Handler<ReadRequest, ReadResult> handler) {
    return new Resource(definition(uriTemplate, name), new Template(uriTemplate), false, handler);
  }

  private static ResourceOuterClass.Resource definition(String uri, String name) {
    return ResourceOuterClass.Resource.newBuilder().setUri(uri).setName(name).build();
  }

  private Resource with(Consumer<ResourceOuterClass.Resource.Builder> change) {
    ResourceOuterClass.Resource.Builder wire = this.wire.toBuilder();
    change.accept(wire);
    return new Resource(wire.build(), template, subscribable, handler);
  }

  /** A name for people. Default: none. */
  public Resource title(String title) {
    return with(resource -> resource.setTitle(title));
  }

  /** What it holds. */
  public Resource description(String description) {
    return with(resource -> resource.setDescription(description));
  }

  /** What kind it is; of a family, only if all are of one kind. */
  public Resource mimeType(String mimeType) {
    return with(resource -> resource.setMimeType(mimeType));
  }

  /** Its size in bytes. Families have none. */
  public Resource size(long bytes) {
    return with(resource -> resource.setSize(bytes));
  }

  /** Hints for the client. */
  public Resource annotations(Annotations annotations) {
    return with(resource -> resource.setAnnotations(annotations.wire()));
  }

  /** Images for user interfaces. */
  public Resource icons(Icon... icons) {
    return with(resource -> resource.clearIcons().addAllIcons(Icon.wires(icons)));
  }

  /** The "_meta". */
  public Resource meta(JsonObject meta) {
    return with(resource -> resource.setMetaJson(Json.meta(meta)));
  }

  /** Clients may subscribe; tell of changes with {@link Plugin#resourceUpdated}. */
  public Resource subscribable() {
    return new Resource(wire, template, true, handler);
  }

  /** The URI, or the template. */
  public String uri() {
    return wire.getUri();
  }

  boolean isTemplate() {
    return template != null;
  }

  boolean isSubscribable() {
    return subscribable;
  }

  /** The variables that a URI gives; null: it is another's. */
  Map<String, String> match(String uri) {
    return template.match(uri);
  }

  ReadResourceResult read(ReadRequest request, Call call) throws Exception {
    return handler.handle(request, call).wire(request.uri(), wire.getMimeType());
  }

  ResourceOuterClass.Resource wire() {
    return wire;
  }

  ResourceTemplate wireTemplate() {
    var family =
        ResourceTemplate.newBuilder()
            .setUriTemplate(wire.getUri())
            .setName(wire.getName())
            .setTitle(wire.getTitle())
            .setDescription(wire.getDescription())
            .setMimeType(wire.getMimeType())
            .addAllIcons(wire.getIconsList())
            .setMetaJson(wire.getMetaJson());
    if (wire.hasAnnotations()) {
      family.setAnnotations(wire.getAnnotations());
    }
    return family.build();
  }
}
