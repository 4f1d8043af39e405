//! The documents hold together: what they show as JSON is right, and what they link to is there.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod configuration;

use configuration::check;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every document of the repository, by its path from the root.
fn documents() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.to_owned(), root.join("docs"), root.join("simulator")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "md"));
    files.map(|file| (file.strip_prefix(root).unwrap().to_owned(), fs::read_to_string(&file).unwrap())).collect()
}

/// What stands between the fences of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The filter's configuration, but for what is Claude Code's (`env`) and AWS's (`Statement`).
#[test]
fn examples_are_right() {
    let mut configurations = 0;
    for (document, text) in documents() {
        for block in blocks(&text, "json") {
            let example: Value =
                serde_json::from_str(block).unwrap_or_else(|error| panic!("{document:?}: {error}\n{block}"));
            if let Some(variables) = example.get("env") {
                assert!(variables.as_object().unwrap().values().all(Value::is_string), "{document:?}: {block}");
            } else if example.get("Statement").is_none() {
                check(block).unwrap_or_else(|error| panic!("{document:?}: {error}\n{block}"));
                configurations += 1;
            }
        }
    }
    assert!(configurations > 20, "{configurations}");
}

/// The anchors that GitHub makes of a document's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let fenced = text.split("```").step_by(2).collect::<String>();
    let headings = fenced.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let mut anchors = BTreeSet::new();
    for heading in headings {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect();
        let again = (1..).map(|number| format!("{anchor}-{number}"));
        let free = [anchor.clone()].into_iter().chain(again).find(|anchor| !anchors.contains(anchor));
        anchors.insert(free.unwrap());
    }
    anchors
}

#[test]
fn links_lead_somewhere() {
    let (root, documents) = (Path::new(env!("CARGO_MANIFEST_DIR")), documents());
    let mut followed = 0;
    for (document, text) in &documents {
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let folder = document.parent().unwrap();
            let target = if file.is_empty() { document.clone() } else { folder.join(file) };
            assert!(root.join(&target).exists(), "{document:?}: {link}");
            if let Some(anchor) = anchor {
                let target = target.strip_prefix("docs/..").map_or(target.clone(), Path::to_owned);
                let there = anchors(documents.get(&target).unwrap_or_else(|| panic!("{document:?}: {link}")));
                assert!(there.contains(anchor), "{document:?}: {link}");
            }
            followed += 1;
        }
    }
    assert!(followed > 80, "{followed}");
}

/// The host is compiled for wasm alone: its texts are all that there is to compare.
#[test]
fn what_the_operator_sees_is_described() {
    let reference = include_str!("../docs/observability.md");
    let (report, metrics) = (include_str!("../src/host/report.rs"), include_str!("../src/host/metrics.rs"));
    let keys: Vec<_> = report.split('"').filter(|text| text.starts_with("bedrock.")).collect();
    let code = metrics.lines().filter(|line| !line.starts_with("//!"));
    let counters = code.filter_map(|line| Some(line.split_once("\"bedrock_messages_")?.1));
    let counters: Vec<_> = counters.map(|name| name.split(['.', '"']).next().unwrap()).collect();
    assert!(keys.len() == 10 && counters.len() == 5, "{keys:?} {counters:?}");
    for name in keys {
        assert!(reference.contains(&format!("`{name}`")), "{name}");
    }
    for name in counters {
        assert!(reference.contains(&format!("| `bedrock_messages_{name}` |")), "{name}");
    }
}
