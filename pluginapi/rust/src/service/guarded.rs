// SPDX-License-Identifier: Apache-2.0

//! Keeps an author's panic from taking more than its call down.

use std::future::{poll_fn, Future};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::pin::pin;
use std::task::Poll;

/// An author's code has panicked. The panic hook has logged it.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Runs an author's code. A future that has panicked is not polled again, so
/// that nobody sees what it left half done but through its own locks.
pub(crate) async fn guarded<T>(code: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut code = pin!(code);
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| code.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(Panicked)),
        },
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error() {
        assert_eq!(guarded(async { 1 }).await.unwrap(), 1);
        assert!(guarded(async { panic!("on purpose") as i32 })
            .await
            .is_err());
    }
}
