// SPDX-License-Identifier: Apache-2.0

//! Searches files, many at once, and keeps their order.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{
    BinaryDetection, Searcher, SearcherBuilder, Sink, SinkContext, SinkContextKind, SinkMatch,
};
use mcphost_plugin::serde_json::Value;
use mcphost_plugin::{Content, Context, Error, Result, Structured, ToolOutput, ToolResult};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use crate::root::{Root, Scope};

/// How many files are searched between two words of progress.
const BATCH: usize = 512;

/// The longest line that is returned, in characters.
const MAX_LINE: usize = 500;

/// The arguments of `search`.
#[derive(Deserialize, JsonSchema)]
pub struct Search {
    /// a regular expression; it matches within one line
    #[schemars(length(min = 1))]
    pattern: String,
    /// whether pattern is a plain text rather than a regular expression
    #[serde(default)]
    literal: bool,
    /// whether a and A are the same
    #[serde(default)]
    ignore_case: bool,
    #[serde(flatten)]
    scope: Scope,
    /// how many lines to return before and after each match; default: 0
    #[serde(default)]
    #[schemars(range(max = 20))]
    context: usize,
    /// the most matching lines to return; default: 100
    #[serde(default = "default_results")]
    #[schemars(range(min = 1, max = 1000))]
    max_results: usize,
}

fn default_results() -> usize {
    100
}

/// What `search` returns.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Found {
    /// in the order of the files and their lines
    pub matches: Vec<Match>,
    /// how many files were searched
    pub files_searched: usize,
    /// whether there may be more matches
    pub truncated: bool,
}

/// One line that matches.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Match {
    /// relative to the root
    pub path: String,
    /// counted from 1
    pub line: u64,
    /// the line, cut after 500 characters
    pub text: String,
    /// the lines before it
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub before: Vec<String>,
    /// the lines after it
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub after: Vec<String>,
}

impl ToolOutput for Found {
    fn schema() -> Option<Value> {
        Structured::<Found>::schema()
    }

    /// Models read grep's form with fewer words than JSON.
    fn into_result(self) -> Result<ToolResult> {
        let text = self.text();
        let result = Structured(self).into_result()?;
        Ok(ToolResult {
            content: vec![Content::text(text)],
            ..result
        })
    }
}

impl Found {
    fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |path: &str, number: u64, mark: char, line: &str| {
            let _ = writeln!(text, "{path}{mark}{number}{mark}{line}"); // a String takes all
        };
        for found in &self.matches {
            let first = found.line - found.before.len() as u64;
            for (number, before) in (first..).zip(&found.before) {
                line(&found.path, number, '-', before);
            }
            line(&found.path, found.line, ':', &found.text);
            for (number, after) in (found.line + 1..).zip(&found.after) {
                line(&found.path, number, '-', after);
            }
        }
        match (self.matches.len(), self.truncated) {
            (0, _) => text.push_str("No matches"),
            (n, false) => _ = write!(text, "{n} matches"),
            (n, true) => {
                _ = write!(
                    text,
                    "The first {n} matches: narrow the search to see others"
                )
            }
        }
        let _ = write!(text, " ({} files searched).", self.files_searched);
        text
    }
}

/// Searches until all is searched, enough is found, or nobody waits any more.
pub fn run(ctx: &Context, root: &Root, args: &Search) -> Result<Found> {
    let matcher = matcher(args)?;
    let mut files = root.walk(&args.scope)?;
    let mut found = Found::default();
    let runtime = Handle::current();
    loop {
        let batch: Vec<PathBuf> = files
            .by_ref()
            .take(BATCH)
            .take_while(|_| !ctx.is_cancelled())
            .collect();
        if batch.is_empty() || ctx.is_cancelled() {
            return Ok(found);
        }
        found.files_searched += batch.len();
        for matches in search_all(ctx, root, &matcher, args, &batch) {
            found.matches.extend(matches);
        }
        if found.matches.len() > args.max_results {
            found.matches.truncate(args.max_results);
            found.truncated = true;
            return Ok(found);
        }
        let (searched, count) = (found.files_searched, found.matches.len());
        let message = format!("searched {searched} files, found {count} matches");
        runtime.block_on(ctx.progress(searched as f64, None, message));
    }
}

fn matcher(args: &Search) -> Result<RegexMatcher> {
    RegexMatcherBuilder::new()
        .fixed_strings(args.literal)
        .case_insensitive(args.ignore_case)
        .line_terminator(Some(b'\n'))
        .build(&args.pattern)
        .map_err(|err| {
            Error::new(format!(
                "pattern: {err}; set literal to search for it as it is"
            ))
        })
}

/// Searches a batch on all cores; the matches are in the order of the files.
fn search_all(
    ctx: &Context,
    root: &Root,
    matcher: &RegexMatcher,
    args: &Search,
    batch: &[PathBuf],
) -> Vec<Vec<Match>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut searcher = searcher(args.context);
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = batch.get(i).filter(|_| !ctx.is_cancelled()) else {
                return done;
            };
            let matches = search_file(ctx, &mut searcher, matcher, args, path);
            if !matches.is_empty() {
                done.push((i, root.relative(path), matches));
            }
        }
    };
    let cores = thread::available_parallelism()
        .map_or(1, |n| n.get())
        .min(batch.len());
    let mut all: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect()
    });
    all.sort_by_key(|(i, ..)| *i);
    let named = |(_, path, matches): (usize, String, Vec<Match>)| {
        matches
            .into_iter()
            .map(|m| Match {
                path: path.clone(),
                ..m
            })
            .collect()
    };
    all.into_iter().map(named).collect()
}

fn searcher(context: usize) -> Searcher {
    SearcherBuilder::new()
        .binary_detection(BinaryDetection::quit(b'\0'))
        .line_number(true)
        .before_context(context)
        .after_context(context)
        .build()
}

/// The matches of one file, without its path. A file that cannot be read has
/// none: it may have gone since it was listed.
fn search_file(
    ctx: &Context,
    searcher: &mut Searcher,
    matcher: &RegexMatcher,
    args: &Search,
    path: &Path,
) -> Vec<Match> {
    let Ok(file) = File::open(path) else {
        return Vec::new();
    };
    // One more than wanted tells that there are more.
    let mut collector = Collector {
        most: args.max_results + 1,
        context: args.context,
        ..Default::default()
    };
    match searcher.search_reader(matcher, Heeding { ctx, file }, &mut collector) {
        Ok(()) if !collector.binary => collector.matches,
        _ => Vec::new(),
    }
}

/// A file that cannot be read any more when the call is cancelled.
struct Heeding<'a> {
    ctx: &'a Context,
    file: File,
}

impl Read for Heeding<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ctx.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        self.file.read(buffer)
    }
}

/// Collects the matches of one file with the lines around them.
#[derive(Default)]
struct Collector {
    most: usize,
    context: usize,
    matches: Vec<Match>,
    /// The lines before the next match, each with its number.
    recent: VecDeque<(u64, String)>,
    binary: bool,
}

impl Collector {
    /// Notes a line: the matches shortly before it have it after them.
    fn note(&mut self, number: u64, text: &str) {
        for found in self.matches.iter_mut().rev() {
            if number > found.line + self.context as u64 {
                break;
            }
            found.after.push(text.to_owned());
        }
        if self.recent.len() == self.context {
            self.recent.pop_front();
        }
        if self.context > 0 {
            self.recent.push_back((number, text.to_owned()));
        }
    }

    /// The lines right before one.
    fn before(&self, number: u64) -> Vec<String> {
        let near = self
            .recent
            .iter()
            .filter(|(n, _)| n + self.context as u64 >= number);
        near.map(|(_, text)| text.clone()).collect()
    }
}

impl Sink for Collector {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, line: &SinkMatch<'_>) -> io::Result<bool> {
        let number = line.line_number().unwrap_or_default();
        let text = shown(line.bytes());
        let found = Match {
            path: String::new(),
            line: number,
            text: text.clone(),
            before: self.before(number),
            after: Vec::new(),
        };
        self.note(number, &text);
        self.matches.push(found);
        Ok(self.matches.len() < self.most)
    }

    fn context(&mut self, _: &Searcher, line: &SinkContext<'_>) -> io::Result<bool> {
        if *line.kind() != SinkContextKind::Other {
            self.note(line.line_number().unwrap_or_default(), &shown(line.bytes()));
        }
        Ok(true)
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> io::Result<bool> {
        self.binary = true;
        Ok(false)
    }
}

/// A line without its end, as text that is not too long.
fn shown(line: &[u8]) -> String {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end_matches(['\n', '\r']);
    match line.char_indices().nth(MAX_LINE) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}
