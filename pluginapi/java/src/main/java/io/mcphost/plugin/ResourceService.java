// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import com.google.protobuf.MessageLite;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import mcphost.plugin.v1.Context.InputRequired;
import mcphost.plugin.v1.Context.Log;
import mcphost.plugin.v1.Context.Progress;
import mcphost.plugin.v1.Context.ProtocolError;
import mcphost.plugin.v1.Context.ReleaseStream;
import mcphost.plugin.v1.ResourceOuterClass.ListResourceTemplatesRequest;
import mcphost.plugin.v1.ResourceOuterClass.ListResourceTemplatesResponse;
import mcphost.plugin.v1.ResourceOuterClass.ListResourcesRequest;
import mcphost.plugin.v1.ResourceOuterClass.ListResourcesResponse;
import mcphost.plugin.v1.ResourceOuterClass.ReadResourceRequest;
import mcphost.plugin.v1.ResourceOuterClass.ReadResourceResponse;
import mcphost.plugin.v1.ResourceOuterClass.ReadResourceResult;
import mcphost.plugin.v1.ResourceOuterClass.SetSubscriptionsRequest;
import mcphost.plugin.v1.ResourceOuterClass.SetSubscriptionsResponse;

/** Serves the resources of a plugin. */
final class ResourceService implements Round.Kind<ReadResourceResponse> {
  private final Plugin plugin;
  private final Calls calls;

  ResourceService(Plugin plugin, Calls calls) {
    this.plugin = plugin;
    this.calls = calls;
  }

  ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder("mcphost.plugin.v1.ResourceService")
        .addMethod(Endpoints.LIST_RESOURCES, ServerCalls.asyncUnaryCall(this::list))
        .addMethod(Endpoints.LIST_TEMPLATES, ServerCalls.asyncUnaryCall(this::listTemplates))
        .addMethod(Endpoints.READ_RESOURCE, ServerCalls.asyncServerStreamingCall(this::read))
        .addMethod(Endpoints.SET_SUBSCRIPTIONS, ServerCalls.asyncUnaryCall(this::subscribe))
        .build();
  }

  private void list(ListResourcesRequest request, StreamObserver<ListResourcesResponse> to) {
    var list =
        ListResourcesResponse.newBuilder()
            .setRevision(plugin.changes().revision(Changes.Kind.RESOURCES));
    plugin.resources().stream()
        .filter(one -> !one.isTemplate())
        .forEach(one -> list.addResources(one.wire()));
    to.onNext(list.build());
    to.onCompleted();
  }

  private void listTemplates(
      ListResourceTemplatesRequest request, StreamObserver<ListResourceTemplatesResponse> to) {
    var list =
        ListResourceTemplatesResponse.newBuilder()
            .setRevision(plugin.changes().revision(Changes.Kind.RESOURCES));
    plugin.resources().stream()
        .filter(Resource::isTemplate)
        .forEach(one -> list.addResourceTemplates(one.wireTemplate()));
    to.onNext(list.build());
    to.onCompleted();
  }

  private void read(ReadResourceRequest request, StreamObserver<ReadResourceResponse> to) {
    var round =
        new Round<>(
            calls,
            (ServerCallStreamObserver<ReadResourceResponse>) to,
            this,
            call -> {
              Plugin.Found found = plugin.find(request.getUri());
              return found
                  .resource()
                  .read(new ReadRequest(request.getUri(), found.variables()), call);
            });
    round.start(request.getContext(), request.getResumption());
  }

  private void subscribe(
      SetSubscriptionsRequest request, StreamObserver<SetSubscriptionsResponse> to) {
    calls.answer(
        to,
        () -> {
          var accepted = plugin.subscribe(request.getUrisList());
          return SetSubscriptionsResponse.newBuilder().addAllAcceptedUris(accepted).build();
        });
  }

  @Override
  public MessageLite failed(Throwable err) {
    return Mistakes.protocol(err, "reading a resource");
  }

  @Override
  public ReadResourceResponse response(MessageLite event) {
    var response = ReadResourceResponse.newBuilder();
    if (event instanceof Progress progress) {
      response.setProgress(progress);
    } else if (event instanceof Log log) {
      response.setLog(log);
    } else if (event instanceof ReleaseStream release) {
      response.setReleaseStream(release);
    } else if (event instanceof InputRequired required) {
      response.setInputRequired(required);
    } else if (event instanceof ProtocolError error) {
      response.setError(error);
    } else {
      response.setResult((ReadResourceResult) event);
    }
    return response.build();
  }
}
