// SPDX-License-Identifier: Apache-2.0

//! How a plugin stops: no more calls, an end to those in flight, the end of the
//! streams that last as long as the plugin.

use std::future::Future;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;
use tokio_util::task::TaskTracker;

/// How long calls in flight have to end, where the host does not say.
pub(crate) const CALL_GRACE: Duration = Duration::from_secs(2);

/// How long cancelled calls have to let go, which takes them no time unless they
/// block a thread.
const CANCEL_GRACE: Duration = Duration::from_millis(100);

/// The life of a plugin, in the order in which its tokens are cancelled.
pub(crate) struct Life {
    /// Whether a debugger, not the host, says when it ends.
    debugged: bool,
    /// The plugin is to stop: no more calls.
    asked: CancellationToken,
    patience: OnceLock<Duration>,
    /// No call is in flight, or patience has run out.
    drained: CancellationToken,
    /// The calls that are still in flight are cancelled.
    cancelled: CancellationToken,
    /// All is over but for the last answers to be sent.
    ended: CancellationToken,

    calls: TaskTracker,
    streams: TaskTracker,
}

impl Life {
    pub(crate) fn new(debugged: bool) -> Self {
        Self {
            debugged,
            asked: CancellationToken::new(),
            patience: OnceLock::new(),
            drained: CancellationToken::new(),
            cancelled: CancellationToken::new(),
            ended: CancellationToken::new(),
            calls: TaskTracker::new(),
            streams: TaskTracker::new(),
        }
    }

    /// Has the plugin stop, with patience for the calls in flight. The first to
    /// say so counts.
    pub(crate) fn stop(&self, patience: Duration) {
        let _ = self.patience.set(patience);
        self.asked.cancel();
    }

    /// Is `stop` on the host's word, which does not count under a debugger.
    pub(crate) fn stop_for_host(&self, patience: Duration) {
        if !self.debugged {
            self.stop(patience);
        }
    }

    /// Returns when calls have ended for the host that asked to stop.
    pub(crate) async fn drained(&self) {
        if !self.debugged {
            self.drained.cancelled().await;
        }
    }

    /// Lets a call in, which lasts as long as the token; `None` if it comes too
    /// late.
    pub(crate) fn enter(&self) -> Option<TaskTrackerToken> {
        let token = self.calls.token(); // before looking, so that none slips by
        (!self.asked.is_cancelled()).then_some(token)
    }

    /// Runs a call that was let in.
    pub(crate) fn spawn_call(&self, call: impl Future<Output = ()> + Send + 'static) {
        self.calls.spawn(call);
    }

    /// Runs what feeds a stream that lasts as long as the plugin.
    pub(crate) fn spawn_stream(&self, stream: impl Future<Output = ()> + Send + 'static) {
        self.streams.spawn(stream);
    }

    /// Ends when a call has to.
    pub(crate) fn call_token(&self) -> CancellationToken {
        self.cancelled.child_token()
    }

    /// Ends with the plugin.
    pub(crate) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    /// Waits until the plugin is to stop, then stops it.
    pub(crate) async fn run_out(&self) {
        self.asked.cancelled().await;
        self.calls.close();
        let patience = self.patience.get().copied().unwrap_or(CALL_GRACE);
        let _ = timeout(patience, self.calls.wait()).await; // late calls are cancelled next
        self.cancelled.cancel();
        let _ = timeout(CANCEL_GRACE, self.calls.wait()).await;
        self.drained.cancel();
        self.ended.cancel();
        self.streams.close();
        self.streams.wait().await;
    }
}
