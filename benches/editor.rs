//! The editor beside a bare SHA-256 of the same bytes. The wasm module has no SHA instructions, so compare under
//! `RUSTFLAGS='--cfg sha2_backend="soft"'`, as `make bench` does.

#![allow(clippy::expect_used)] // A benchmark that cannot go on may end so.

use bedrock_messages::bedrock::fields::{FieldRules, Treatment};
use bedrock_messages::config::Fields;
use bedrock_messages::json::{Coding, Editor};
use divan::{Bencher, counter::BytesCount};
use sha2::{Digest, Sha256};

/// As large as a piece that Envoy hands over at once.
const PIECE: usize = 256 * 1024;

fn main() {
    divan::main();
}

/// Bodies of about a megabyte: prose with escapes and other scripts, one large image, a list of tools.
fn bodies(kind: &str) -> Vec<u8> {
    let inner = match kind {
        "image" => format!(r#"{{"type":"image","data":"{}"}}"#, "iVBORw0KGgoAAAANSUhEUgAA".repeat(43_000)),
        "prose" => format!(
            r#"{{"type":"text","text":"{}"}}"#,
            r#"the proxy of a token \"quoted\" cache model region path\\n signs bytes é 👋 {x} [y] while until over "#
                .repeat(10_000)
        ),
        "chinese" => {
            format!(r#"{{"type":"text","text":"{}"}}"#, "代理将请求转换为签名的调用，然后返回流。".repeat(17_000))
        }
        _ => {
            let tool = r#"{"name":"read_file","description":"Reads a file","input_schema":{"type":"object","properties":{"path":{"type":"string"},"limit":{"type":"integer","minimum":1}},"required":["path"]}}"#;
            vec![tool; 5_400].join(",")
        }
    };
    format!(
        r#"{{"model":"claude","max_tokens":4096,"messages":[{{"role":"user","content":[{inner}]}}],"stream":true}}"#
    )
    .into()
}

#[divan::bench(args = ["image", "prose", "chinese", "tools"])]
fn bare_sha256(bencher: Bencher<'_, '_>, kind: &str) {
    let body = bodies(kind);
    bencher.counter(BytesCount::new(body.len())).bench(|| Sha256::digest(&body));
}

#[divan::bench(args = ["image", "prose", "chinese", "tools"])]
fn edit_and_hash(bencher: Bencher<'_, '_>, kind: &str) {
    let body = bodies(kind);
    bencher.counter(BytesCount::new(body.len())).bench(|| edit(&body, true));
}

#[divan::bench(args = ["image", "prose", "chinese", "tools"])]
fn edit_only(bencher: Bencher<'_, '_>, kind: &str) {
    let body = bodies(kind);
    bencher.counter(BytesCount::new(body.len())).bench(|| edit(&body, false));
}

fn edit(body: &[u8], hash: bool) -> u64 {
    let rules = FieldRules::new(&Fields::default());
    let mut editor = Editor::new(rules.paths(), &rules.drops(&Treatment::USUAL), hash.then_some(Coding::Plain));
    body.chunks(PIECE).for_each(|piece| editor.feed(piece).expect("valid JSON"));
    editor.finish(r#""anthropic_version":"bedrock-2023-05-31""#).expect("complete").length
}
