// SPDX-License-Identifier: Apache-2.0

//! The socket that a plugin serves on.

use std::env;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::{Path, PathBuf};
use std::process;

use tokio::net::UnixListener;

/// A socket file, private to this user. It is removed when this is dropped.
pub(super) struct Socket {
    listener: StdUnixListener,
    path: PathBuf,
    /// The folder that was made for it.
    folder: Option<PathBuf>,
}

impl Socket {
    /// Binds a socket in the folder that the host names, or else in one of our
    /// own. Its name is short: the path of a socket holds about a hundred bytes.
    pub(super) fn bind() -> io::Result<Self> {
        let (folder, own) =
            match env::var_os("PLUGIN_UNIX_SOCKET_DIR").filter(|dir| !dir.is_empty()) {
                Some(dir) => (PathBuf::from(dir), None),
                None => {
                    let folder = make_folder(&env::temp_dir())?;
                    (folder.clone(), Some(folder))
                }
            };
        let path = folder.join(format!("p{}", process::id()));
        let listener = StdUnixListener::bind(&path).map_err(|err| {
            let path = path.display();
            io::Error::new(err.kind(), format!("bind {path}: {err}"))
        })?;
        let socket = Self {
            listener,
            path,
            folder: own,
        };
        fs::set_permissions(&socket.path, Permissions::from_mode(0o600))?;
        socket.listener.set_nonblocking(true)?;
        Ok(socket)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn listen(&self) -> io::Result<UnixListener> {
        UnixListener::from_std(self.listener.try_clone()?)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // What cannot be removed is left to the host, or to a person.
        let _ = fs::remove_file(&self.path);
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Makes a folder that only this user can enter.
fn make_folder(parent: &Path) -> io::Result<PathBuf> {
    let mut attempt = 0;
    loop {
        let folder = parent.join(format!("mcphost-{}-{attempt}", process::id()));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            // Left behind by a process of the same number.
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
            Err(err) => {
                return Err(io::Error::new(
                    err.kind(),
                    format!("make {}: {err}", folder.display()),
                ))
            }
        }
    }
}
