// SPDX-License-Identifier: Apache-2.0

//! The folder that may be searched, and the files below it.

use std::path::{Path, PathBuf};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder};
use mcphost_plugin::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// What the operator sets.
#[derive(Deserialize, JsonSchema)]
pub struct Settings {
    /// the folder to search; nothing outside of it can be read
    root: PathBuf,
    /// whether files whose name begins with a dot are searched as well
    #[serde(default)]
    hidden: bool,
    /// whether files that .gitignore and .ignore name are searched as well
    #[serde(default)]
    ignored: bool,
}

/// The folder that may be searched.
pub struct Root {
    folder: PathBuf, // canonical
    hidden: bool,
    ignored: bool,
}

/// Which files below the root.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Scope {
    /// a file or folder below the root; default: all of it
    path: String,
    /// which files, such as *.rs or src/**/*.md; !*.min.js leaves files out;
    /// default: all
    glob: String,
}

impl Root {
    /// Makes sure that there is such a folder.
    pub fn open(settings: Settings) -> Result<Self> {
        let given = settings.root.display();
        let advice = "set root to the folder to search";
        let folder = settings.root.canonicalize();
        let folder = folder.map_err(|err| Error::new(format!("root: {given}: {err}; {advice}")))?;
        if !folder.is_dir() {
            return Err(Error::new(format!("root: {given} is no folder; {advice}")));
        }
        Ok(Self {
            folder,
            hidden: settings.hidden,
            ignored: settings.ignored,
        })
    }

    /// The files of a scope, in order.
    pub fn walk(&self, scope: &Scope) -> Result<impl Iterator<Item = PathBuf>> {
        let start = self.resolve(&scope.path)?;
        let glob = self.glob(&scope.glob)?;
        let walk = WalkBuilder::new(start)
            .hidden(!self.hidden)
            .ignore(!self.ignored)
            .git_ignore(!self.ignored)
            .git_exclude(!self.ignored)
            .git_global(false)
            .require_git(false)
            .parents(false) // what lies outside of the root has no say
            .sort_by_file_path(Path::cmp)
            .build();
        let is_file = |entry: &DirEntry| entry.file_type().is_some_and(|kind| kind.is_file());
        Ok(walk
            .flatten() // what cannot be read is left out
            .filter(is_file)
            .map(DirEntry::into_path)
            .filter(move |path| !glob.matched(path, false).is_ignore()))
    }

    /// The path as people and models see it.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.folder)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    }

    /// Finds a path below the root, wherever symbolic links lead.
    fn resolve(&self, path: &str) -> Result<PathBuf> {
        let found = self.folder.join(path).canonicalize();
        match found {
            Ok(found) if found.starts_with(&self.folder) => Ok(found),
            // Whether it is there is nobody's business if it is outside.
            _ => Err(Error::new(format!(
                "path: there is no {path:?} below the root; paths are relative to it, see the tool files"
            ))),
        }
    }

    fn glob(&self, glob: &str) -> Result<Override> {
        let mut builder = OverrideBuilder::new(&self.folder);
        let built = match glob {
            "" => builder.build(),
            _ => builder.add(glob).and_then(|builder| builder.build()),
        };
        built.map_err(|err| Error::new(format!("glob: {err}")))
    }
}
