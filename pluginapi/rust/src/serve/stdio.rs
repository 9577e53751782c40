// SPDX-License-Identifier: Apache-2.0

//! The standard descriptors of the process: the one place that needs `unsafe`.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// What standard output and standard input were.
#[derive(Debug)]
pub(crate) struct Pipes {
    pub(super) stdout: OwnedFd,
    pub(super) stdin: OwnedFd,
}

/// Takes both away from everybody else, who are left standard error to write to
/// and nothing to read. No child of this process inherits the pipes.
pub(super) fn take() -> io::Result<Pipes> {
    let stdin = take_stdin()?;
    let stdout = take_stdout()?;
    Ok(Pipes { stdout, stdin })
}

/// Points standard output at standard error, whoever writes to it, and returns
/// what it was.
fn take_stdout() -> io::Result<OwnedFd> {
    let stdout = io::stdout().as_fd().try_clone_to_owned()?;
    duplicate(io::stderr().as_raw_fd(), io::stdout().as_raw_fd())?;
    Ok(stdout)
}

/// Points standard input at the null device, and returns what it was. A child
/// that read the host's pipe would wait for ever.
fn take_stdin() -> io::Result<OwnedFd> {
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    let null = File::open("/dev/null")?;
    duplicate(null.as_raw_fd(), io::stdin().as_raw_fd())?;
    Ok(stdin)
}

#[allow(unsafe_code)]
fn duplicate(from: i32, to: i32) -> io::Result<()> {
    // SAFETY: dup2 takes any two numbers; both are those of open
    // descriptors, and nothing in this process owns and closes `to`, a standard
    // one.
    if unsafe { libc::dup2(from, to) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
