// SPDX-License-Identifier: Apache-2.0

//! The plugin as a host would call it, over folders that the tests make.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use mcphost_plugin::testing::{Called, TestPlugin};
use serde_json::{json, Value};
use tempfile::TempDir;

/// A plugin over a root with a few files, next to a secret outside of it.
struct Place {
    folder: TempDir,
    plugin: TestPlugin,
}

async fn place() -> Place {
    place_with(json!({})).await
}

async fn place_with(mut settings: Value) -> Place {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("root");
    for (path, content) in [
        ("root/a.txt", "one\ntwo\nthree\nfour\nfive\n"),
        ("root/src/b.rs", "fn one() {}\nfn two() {}\n"),
        ("root/src/deep/c.rs", "// one\r\n"),
        ("root/binary.bin", "one\0two\n"),
        ("root/.hidden", "one\n"),
        ("root/skipped.log", "one\n"),
        ("root/.gitignore", "*.log\n"),
        ("secret.txt", "one secret\n"),
    ] {
        write(folder.path(), path, content);
    }
    symlink(folder.path().join("secret.txt"), root.join("link.txt")).unwrap();
    symlink(folder.path(), root.join("out")).unwrap();

    let plugin = TestPlugin::new(crate::plugin()).unwrap();
    settings["root"] = json!(root);
    plugin.configure(&settings).await.unwrap();
    Place { folder, plugin }
}

fn write(folder: &Path, path: &str, content: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

impl Place {
    async fn call(&self, tool: &str, args: Value) -> Called {
        self.plugin.call(tool, args).await.unwrap()
    }

    /// Searches, and returns the matches as "path:line".
    async fn search(&self, args: Value) -> Vec<String> {
        let called = self.call("search", args).await;
        assert!(!called.result.is_error, "{}", called.text());
        let found = called.result.structured.unwrap();
        let at = |m: &Value| format!("{}:{}", m["path"].as_str().unwrap(), m["line"]);
        found["matches"]
            .as_array()
            .unwrap()
            .iter()
            .map(at)
            .collect()
    }

    async fn error(&self, tool: &str, args: Value) -> String {
        let called = self.call(tool, args).await;
        assert!(called.result.is_error, "{}", called.text());
        called.text()
    }
}

#[tokio::test]
async fn matches_come_in_the_order_of_files_and_lines() {
    let place = place().await;
    assert_eq!(
        place.search(json!({"pattern": "one"})).await,
        ["a.txt:1", "src/b.rs:1", "src/deep/c.rs:1"]
    );
    assert_eq!(
        place.search(json!({"pattern": "^fn \\w+"})).await,
        ["src/b.rs:1", "src/b.rs:2"]
    );
    assert_eq!(
        place
            .search(json!({"pattern": "ONE", "ignore_case": true, "glob": "*.txt"}))
            .await,
        ["a.txt:1"]
    );
    assert_eq!(
        place
            .search(json!({"pattern": "one()", "literal": true}))
            .await,
        ["src/b.rs:1"]
    );
    assert!(place.search(json!({"pattern": "six"})).await.is_empty());
}

#[tokio::test]
async fn scopes_narrow_a_search() {
    let place = place().await;
    for (scope, want) in [
        (
            json!({"glob": "*.rs"}),
            vec!["src/b.rs:1", "src/deep/c.rs:1"],
        ),
        (json!({"glob": "!*.rs"}), vec!["a.txt:1"]),
        (json!({"glob": "src/*.rs"}), vec!["src/b.rs:1"]),
        (json!({"path": "src/deep"}), vec!["src/deep/c.rs:1"]),
        (json!({"path": "a.txt"}), vec!["a.txt:1"]),
    ] {
        let mut args = scope.clone();
        args["pattern"] = json!("one");
        assert_eq!(place.search(args).await, want, "{scope}");
    }
}

#[tokio::test]
async fn context_is_the_lines_around_a_match() {
    let place = place().await;
    let called = place
        .call(
            "search",
            json!({"pattern": "two|four", "path": "a.txt", "context": 1}),
        )
        .await;
    let found = called.result.structured.clone().unwrap();
    assert_eq!(
        found["matches"],
        json!([
            {"path": "a.txt", "line": 2, "text": "two", "before": ["one"], "after": ["three"]},
            {"path": "a.txt", "line": 4, "text": "four", "before": ["three"], "after": ["five"]},
        ])
    );
    let text =
        "a.txt-1-one\na.txt:2:two\na.txt-3-three\na.txt-3-three\na.txt:4:four\na.txt-5-five\n\
                2 matches (1 files searched).";
    assert_eq!(called.text(), text);
}

#[tokio::test]
async fn neighbouring_matches_are_each_others_context() {
    let place = place().await;
    let called = place
        .call(
            "search",
            json!({"pattern": "two|three", "path": "a.txt", "context": 2}),
        )
        .await;
    let found = called.result.structured.unwrap();
    assert_eq!(
        found["matches"],
        json!([
            {"path": "a.txt", "line": 2, "text": "two", "before": ["one"], "after": ["three", "four"]},
            {"path": "a.txt", "line": 3, "text": "three", "before": ["one", "two"], "after": ["four", "five"]},
        ])
    );
}

#[tokio::test]
async fn results_are_bounded_and_say_so() {
    let place = place().await;
    let called = place
        .call("search", json!({"pattern": "one", "max_results": 2}))
        .await;
    let found = called.result.structured.unwrap();
    assert_eq!(
        (
            found["matches"].as_array().unwrap().len(),
            &found["truncated"]
        ),
        (2, &json!(true))
    );
    let called = place
        .call("search", json!({"pattern": "one", "max_results": 3}))
        .await;
    assert_eq!(called.result.structured.unwrap()["truncated"], json!(false));

    write(place.folder.path(), "root/long.txt", &"ä".repeat(2000));
    let called = place.call("search", json!({"pattern": "ää"})).await;
    let found = called.result.structured.unwrap();
    assert_eq!(
        found["matches"][0]["text"],
        format!("{}...", "ä".repeat(500))
    );
}

#[tokio::test]
async fn hidden_and_ignored_files_are_searched_where_the_operator_says() {
    let place = place_with(json!({"hidden": true, "ignored": true})).await;
    assert_eq!(
        place.search(json!({"pattern": "^one$"})).await,
        [".hidden:1", "a.txt:1", "skipped.log:1"]
    );
}

#[tokio::test]
async fn nothing_outside_the_root_is_read() {
    let place = place().await;
    assert!(place.search(json!({"pattern": "secret"})).await.is_empty());
    for path in [
        "..",
        "../secret.txt",
        "link.txt",
        "out/secret.txt",
        "/etc",
        "nowhere",
    ] {
        for (tool, args) in [
            ("search", json!({"pattern": "a", "path": path})),
            ("files", json!({"path": path})),
        ] {
            let err = place.error(tool, args).await;
            assert_eq!(
                err.split("; ").next(),
                Some(&*format!("path: there is no {path:?} below the root"))
            );
        }
    }
}

#[tokio::test]
async fn files_are_listed_with_their_size() {
    let place = place().await;
    let called = place.call("files", json!({"glob": "*.rs"})).await;
    assert_eq!(
        called.result.structured.unwrap(),
        json!({
            "files": [{"path": "src/b.rs", "bytes": 24}, {"path": "src/deep/c.rs", "bytes": 8}],
            "truncated": false,
        })
    );
    let called = place.call("files", json!({"max_results": 1})).await;
    let listed = called.result.structured.unwrap();
    assert_eq!(
        (&listed["files"][0]["path"], &listed["truncated"]),
        (&json!("a.txt"), &json!(true))
    );
}

#[tokio::test]
async fn mistakes_are_explained() {
    let place = place().await;
    for (args, want) in [
        (
            json!({"pattern": "("}),
            "set literal to search for it as it is",
        ),
        (json!({"pattern": ""}), "pattern: has 0 characters"),
        (json!({"pattern": "a", "glob": "{a"}), "glob: "),
        (
            json!({"pattern": "a", "context": 21}),
            "context: has to be at most 20",
        ),
        (
            json!({"pattern": "a", "folder": "src"}),
            "folder: not known",
        ),
    ] {
        let err = place.error("search", args).await;
        assert!(err.contains(want), "{err}");
    }
}

#[tokio::test]
async fn a_root_that_is_no_folder_is_refused() {
    for root in ["/nowhere/at/all", "/dev/null"] {
        let plugin = TestPlugin::new(crate::plugin()).unwrap();
        let err = plugin
            .configure(&json!({"root": root}))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            err.starts_with(&format!("root: {root}"))
                && err.ends_with("set root to the folder to search"),
            "{err}"
        );
    }
    let plugin = TestPlugin::new(crate::plugin()).unwrap();
    let err = plugin.configure(&json!({})).await.unwrap_err().to_string();
    assert_eq!(err, "invalid settings: root: required, but missing");
}

#[tokio::test]
async fn progress_is_told_between_batches() {
    let place = place().await;
    for i in 0..1200 {
        write(
            place.folder.path(),
            &format!("root/many/{i}.txt"),
            "needle\n",
        );
    }
    let called = place
        .call(
            "search",
            json!({"pattern": "needle", "max_results": 1000, "path": "many"}),
        )
        .await;
    let done: Vec<f64> = called.progress.iter().map(|(done, ..)| *done).collect();
    assert_eq!(done, [512.0]); // the second batch has more than enough
    let found = called.result.structured.unwrap();
    assert_eq!(
        (&found["files_searched"], &found["truncated"]),
        (&json!(1024), &json!(true))
    );
}
