// SPDX-License-Identifier: Apache-2.0

//! One round of a call: the author's code runs in a task of its own, and what it
//! says is a stream of events with one outcome at its end.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{ready, Context as TaskContext, Poll};

use tokio::sync::{mpsc, oneshot};
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::task_tracker::TaskTrackerToken;
use tonic::Status;

use crate::caller::Caller;
use crate::catalogue::locked;
use crate::context::{Call, Context, Event};
use crate::error::{Error, Result};
use crate::exchange::{Ending, Exchange};
use crate::proto::v1;
use crate::serve::MAX_MESSAGE;

use super::{guarded, stopping, Parts};

/// How many events wait for a slow client before the author's code does.
const MAX_EVENTS: usize = 16;

/// A message of a call's stream.
pub(crate) trait Reply: prost::Message + Sized + 'static {
    /// What the call results in.
    type Output: Send + 'static;

    fn event(event: Event) -> Self;
    fn result(result: Self::Output) -> Self;
    fn asked(round: v1::InputRequired) -> Self;
    fn failed(err: Error) -> Self;

    /// The last message of the stream.
    fn outcome(ending: Result<Ending<Self::Output>>) -> Self {
        let reply = match ending {
            Ok(Ending::Done(result)) => Self::result(result),
            Ok(Ending::Asked(round)) => Self::asked(round),
            Err(err) => Self::failed(err),
        };
        let size = reply.encoded_len();
        if size > MAX_MESSAGE {
            // gRPC would end the stream with a status that explains nothing.
            return Self::failed(Error::new(format!(
                "the result is {size} bytes; the most that fits is {MAX_MESSAGE}"
            )));
        }
        reply
    }
}

/// What is called, and how it goes on.
pub(super) struct Request {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) context: Option<v1::CallContext>,
    pub(super) resumption: Option<v1::Resumption>,
}

/// Runs an author's code as one round of a call. It is cancelled when the stream
/// is dropped.
pub(super) fn start<R, F, Fut>(
    Parts { plugin, life }: &Parts,
    request: Request,
    handle: F,
) -> Result<CallStream<R>, Status>
where
    R: Reply,
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = Result<R::Output>> + Send + 'static,
{
    let inside = life.enter().ok_or_else(stopping)?;
    let caller = Caller::from_wire(request.context);
    let exchange = match Exchange::new(caller.capabilities, request.resumption) {
        Ok(exchange) => exchange,
        Err(err) => return Ok(CallStream::over(R::outcome(Err(err)))),
    };
    let (events_in, events) = mpsc::channel(MAX_EVENTS);
    let (outcome_in, outcome) = oneshot::channel();
    let cancelled = life.call_token();
    let call = Arc::new(Call {
        kind: request.kind,
        name: request.name,
        caller,
        plugin: plugin.clone(),
        cancelled: cancelled.clone(),
        events: Some(events_in),
        exchange: Some(Mutex::new(exchange)),
        over: AtomicBool::new(false),
    });
    let guard = cancelled.clone().drop_guard();
    let running = inside.clone();
    life.spawn_call(async move {
        let _running = running;
        if let Some(reply) = cancelled
            .run_until_cancelled(answer::<R, _, _>(call, handle))
            .await
        {
            let _ = outcome_in.send(reply); // or nobody waits any more
        }
    });
    Ok(CallStream {
        events,
        outcome: Some(outcome),
        stashed: None,
        _inside: Some(inside),
        _guard: guard,
    })
}

async fn answer<R, F, Fut>(call: Arc<Call>, handle: F) -> R
where
    R: Reply,
    F: FnOnce(Context) -> Fut,
    Fut: Future<Output = Result<R::Output>>,
{
    let context = Context::new(call.clone());
    let result = guarded(async move { handle(context).await }).await;
    call.over.store(true, Ordering::Release);
    R::outcome(match (result, &call.exchange) {
        (Ok(result), Some(exchange)) => locked(exchange).finish(result),
        (Ok(result), None) => result.map(Ending::Done),
        (Err(_), _) => Err(Error::internal()),
    })
}

/// The messages of a call: events, then the outcome.
pub(crate) struct CallStream<R> {
    events: mpsc::Receiver<Event>,
    /// `None` when it was taken.
    outcome: Option<oneshot::Receiver<R>>,
    /// The outcome, while there are events to send before it.
    stashed: Option<R>,
    /// A call is in flight until its outcome is sent: a host that asks us to stop
    /// hangs up when we say that none is.
    _inside: Option<TaskTrackerToken>,
    _guard: DropGuard,
}

impl<R> CallStream<R> {
    /// A call that is over before it began.
    fn over(outcome: R) -> Self {
        let (_, events) = mpsc::channel(1);
        let _guard = CancellationToken::new().drop_guard();
        Self {
            events,
            outcome: None,
            stashed: Some(outcome),
            _inside: None,
            _guard,
        }
    }
}

impl<R: Reply + Unpin> Stream for CallStream<R> {
    type Item = Result<R, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(outcome) = &mut this.outcome {
            if let Poll::Ready(Some(event)) = this.events.poll_recv(cx) {
                return Poll::Ready(Some(Ok(R::event(event))));
            }
            let outcome = ready!(Pin::new(outcome).poll(cx));
            this.outcome = None;
            match outcome {
                Ok(outcome) => this.stashed = Some(outcome),
                Err(_) => return Poll::Ready(Some(Err(stopping()))), // cancelled, not by its client
            }
        }
        // What was said before the outcome comes before it; what tasks of the
        // handler say later is dropped.
        if let (Ok(event), Some(_)) = (this.events.try_recv(), &this.stashed) {
            return Poll::Ready(Some(Ok(R::event(event))));
        }
        Poll::Ready(this.stashed.take().map(Ok))
    }
}

macro_rules! reply {
    ($response:ty, $event:path, $output:ty, $failed:expr) => {
        impl Reply for $response {
            type Output = $output;

            fn event(event: Event) -> Self {
                use $event as Wire;
                Self {
                    event: Some(match event {
                        Event::Progress(progress) => Wire::Progress(progress),
                        Event::Log(log) => Wire::Log(log),
                        Event::Release(release) => Wire::ReleaseStream(release),
                    }),
                }
            }

            fn result(result: $output) -> Self {
                use $event as Wire;
                Self {
                    event: Some(Wire::Result(result)),
                }
            }

            fn asked(round: v1::InputRequired) -> Self {
                use $event as Wire;
                Self {
                    event: Some(Wire::InputRequired(round)),
                }
            }

            fn failed(err: Error) -> Self {
                Self {
                    event: Some($failed(err)),
                }
            }
        }
    };
}

reply!(
    v1::CallToolResponse,
    v1::call_tool_response::Event,
    v1::CallToolResult,
    super::tools::failed
);
reply!(
    v1::ReadResourceResponse,
    v1::read_resource_response::Event,
    v1::ReadResourceResult,
    |err: Error| v1::read_resource_response::Event::Error(err.into_wire())
);
reply!(
    v1::GetPromptResponse,
    v1::get_prompt_response::Event,
    v1::GetPromptResult,
    |err: Error| v1::get_prompt_response::Event::Error(err.into_wire())
);

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::time::Duration;

    use tokio_stream::StreamExt;

    use super::*;
    use crate::plugin::Plugin;
    use crate::serve::Life;

    fn parts() -> Parts {
        let plugin = Plugin::new("test", "1.0.0").start().unwrap().plugin;
        Parts {
            plugin,
            life: Arc::new(Life::new(false)),
        }
    }

    fn request() -> Request {
        let context = v1::CallContext {
            wants_progress: true,
            ..Default::default()
        };
        Request {
            kind: "tool",
            name: "t".to_owned(),
            context: Some(context),
            resumption: None,
        }
    }

    fn is_outcome(item: Option<Result<v1::CallToolResponse, Status>>) -> bool {
        use v1::call_tool_response::Event;
        matches!(
            item,
            Some(Ok(v1::CallToolResponse {
                event: Some(Event::Result(_))
            }))
        )
    }

    /// Lets all other tasks run until they wait.
    async fn settle() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_call_is_in_flight_until_its_outcome_is_sent() {
        let parts = parts();
        let life = parts.life.clone();
        let mut stream: CallStream<v1::CallToolResponse> = start(&parts, request(), |_| {
            ready(Ok(v1::CallToolResult::default()))
        })
        .unwrap();
        life.stop(Duration::from_secs(3600));
        let ending = tokio::spawn({
            let life = life.clone();
            async move { life.run_out().await }
        });
        settle().await;
        let drained = tokio::select! {
            biased;
            () = life.drained() => true,
            () = ready(()) => false,
        };
        assert!(!drained, "the outcome is not sent yet");
        assert!(is_outcome(stream.next().await));
        drop(stream);
        life.drained().await;
        ending.await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_said_after_the_outcome() {
        let parts = parts();
        let mut stream: CallStream<v1::CallToolResponse> =
            start(&parts, request(), |ctx: Context| async move {
                ctx.progress(1.0, None, "in time").await;
                tokio::spawn(async move {
                    settle().await;
                    ctx.progress(2.0, None, "too late").await;
                });
                Ok(v1::CallToolResult::default())
            })
            .unwrap();
        settle().await;
        settle().await;
        assert!(!is_outcome(stream.next().await));
        assert!(is_outcome(stream.next().await));
        assert!(stream.next().await.is_none());
    }
}
