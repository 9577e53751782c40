// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Logger;

/** go-plugin's own services, as bytes: their messages are too small for generated code. */
final class GoPlugin {
  private static final Logger LOG = Logger.getLogger("io.mcphost.plugin");
  private static final byte[] EMPTY = {};
  private static final byte[] SERVING = {0x08, 0x01}; // HealthCheckResponse{status: SERVING}

  /** What the host says of the plugin's life. */
  interface Listener {
    /**
     * The host asks to stop.
     *
     * @param patience how long it waits for the answer; null: it does not say
     * @param answer what to run when the calls have ended
     */
    void shutdown(Duration patience, Runnable answer);

    /** The host has let go of the stream that it holds for life. */
    void hostGone();
  }

  private final Listener listener;
  private final List<StreamObserver<byte[]>> held = new CopyOnWriteArrayList<>();

  private final CountDownLatch answered = new CountDownLatch(1);

  GoPlugin(Listener listener) {
    this.listener = listener;
  }

  List<ServerServiceDefinition> definitions() {
    return List.of(
        ServerServiceDefinition.builder("grpc.health.v1.Health")
            .addMethod(
                method(MethodType.UNARY, "grpc.health.v1.Health/Check"),
                ServerCalls.asyncUnaryCall(this::check))
            .build(),
        ServerServiceDefinition.builder("plugin.GRPCController")
            .addMethod(
                method(MethodType.UNARY, "plugin.GRPCController/Shutdown"),
                ServerCalls.asyncUnaryCall(this::shutdown))
            .build(),
        ServerServiceDefinition.builder("plugin.GRPCStdio")
            .addMethod(
                method(MethodType.SERVER_STREAMING, "plugin.GRPCStdio/StreamStdio"),
                ServerCalls.asyncServerStreamingCall(this::stdio))
            .build(),
        ServerServiceDefinition.builder("plugin.GRPCBroker")
            .addMethod(
                method(MethodType.BIDI_STREAMING, "plugin.GRPCBroker/StartStream"),
                ServerCalls.asyncBidiStreamingCall(this::broker))
            .build());
  }

  private void check(byte[] request, StreamObserver<byte[]> to) {
    to.onNext(SERVING);
    to.onCompleted();
  }

  /** The host closes the connection as soon as we answer. Its deadline is its patience. */
  private void shutdown(byte[] request, StreamObserver<byte[]> to) {
    Deadline deadline = Context.current().getDeadline();
    Duration patience =
        deadline == null
            ? null
            : Duration.ofNanos(Math.max(0, deadline.timeRemaining(TimeUnit.NANOSECONDS)));
    var call = (ServerCallStreamObserver<byte[]>) to;
    call.setOnCloseHandler(answered::countDown);
    call.setOnCancelHandler(answered::countDown); // an answer that nobody reads is no fault
    listener.shutdown(
        patience,
        () -> {
          to.onNext(EMPTY);
          to.onCompleted();
        });
  }

  /** Nothing to say: what is printed goes to standard error. */
  private void stdio(byte[] request, StreamObserver<byte[]> to) {
    hold(to, listener::hostGone);
  }

  /** Keeps a stream open until the plugin ends, or the host does. */
  private void hold(StreamObserver<byte[]> to, Runnable gone) {
    held.add(to);
    ((ServerCallStreamObserver<byte[]>) to)
        .setOnCancelHandler(
            () -> {
              held.remove(to);
              gone.run();
            });
  }

  /** Waits until the answer to a host that has asked to stop is on its way, for so long at most. */
  void awaitAnswered(Duration grace) throws InterruptedException {
    if (!answered.await(grace.toMillis(), TimeUnit.MILLISECONDS)) {
      LOG.warning("the host does not read the answer to its request to stop");
    }
  }

  /** Ends the streams that are held open. */
  void end() {
    held.forEach(StreamObserver::onCompleted);
    held.clear();
  }

  /** The host opens it, and never uses it. */
  private StreamObserver<byte[]> broker(StreamObserver<byte[]> to) {
    hold(to, () -> {});
    return new StreamObserver<>() {
      @Override
      public void onNext(byte[] message) {}

      @Override
      public void onError(Throwable err) {}

      @Override
      public void onCompleted() {}
    };
  }

  private static MethodDescriptor<byte[], byte[]> method(MethodType type, String name) {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setType(type)
        .setFullMethodName(name)
        .setRequestMarshaller(new Bytes())
        .setResponseMarshaller(new Bytes())
        .build();
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException err) {
        throw new UncheckedIOException(err);
      }
    }
  }
}
