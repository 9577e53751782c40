// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.gson.JsonObject;
import java.util.List;
import mcphost.plugin.v1.Context.CallContext;

/**
 * What a plugin may know about a call, the same for every version of MCP.
 *
 * @param requestId names the call in logs; unique in the host's life
 * @param connectionId names the client's connection; empty where there is none: keep no state then
 * @param client the client program's own word about itself, for display only
 * @param capabilities what the client can do on this call
 * @param logLevel the least severe level that {@link Call#log} passes on; null: none
 * @param wantsProgress whether anybody reads what {@link Call#progress} says
 * @param principal who is calling, where the host authenticates
 * @param headers the HTTP headers that the operator allows the plugin to see
 * @param meta the request's "_meta"
 */
public record Caller(
    String requestId,
    String connectionId,
    Client client,
    Capabilities capabilities,
    LogLevel logLevel,
    boolean wantsProgress,
    Principal principal,
    List<Header> headers,
    JsonObject meta) {

  /**
   * The client program. All is empty that it did not say.
   *
   * @param name for example "claude-code"
   * @param version for example "2.1.0"
   * @param title a name for people
   */
  public record Client(String name, String version, String title) {}

  /**
   * An authenticated caller.
   *
   * @param subject unique within the issuer; empty: nobody in particular
   * @param issuer who vouches for the subject; empty: the host itself
   * @param scopes what was granted
   */
  public record Principal(String subject, String issuer, List<String> scopes) {}

  /**
   * One field line of the client's HTTP request.
   *
   * @param name in canonical form, such as "X-Tenant"
   * @param value as received
   */
  public record Header(String name, String value) {}

  static Caller read(CallContext wire) {
    var client = wire.getClient();
    var principal = wire.getPrincipal();
    return new Caller(
        wire.getRequestId(),
        wire.getConnectionId(),
        new Client(client.getName(), client.getVersion(), client.getTitle()),
        Capabilities.read(wire.getCapabilities()),
        LogLevel.read(wire.getLogLevel()),
        wire.getWantsProgress(),
        new Principal(
            principal.getSubject(), principal.getIssuer(), List.copyOf(principal.getScopesList())),
        wire.getHeadersList().stream().map(h -> new Header(h.getName(), h.getValue())).toList(),
        Json.object(wire.getMetaJson()));
  }
}
