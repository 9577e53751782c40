// SPDX-License-Identifier: Apache-2.0

//! The standard descriptors of the process: the one place that needs `unsafe`.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// Points standard output at standard error, whoever writes to it, and returns
/// what it was.
pub(super) fn take_stdout() -> io::Result<OwnedFd> {
    let stdout = io::stdout().as_fd().try_clone_to_owned()?;
    duplicate(io::stderr().as_raw_fd(), io::stdout().as_raw_fd())?;
    Ok(stdout)
}

/// Standard input, under a descriptor that its reader may close.
pub(super) fn duplicate_stdin() -> io::Result<OwnedFd> {
    io::stdin().as_fd().try_clone_to_owned()
}

#[allow(unsafe_code)]
fn duplicate(from: i32, to: i32) -> io::Result<()> {
    // SAFETY: dup2 takes any two numbers; both are those of open standard
    // descriptors, which nothing in this process owns and closes.
    if unsafe { libc::dup2(from, to) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
