//! Files with a line missing, doubled or cut: whatever is left of them, nothing panics.

use bedrock_messages_tools::check::check;
use bedrock_messages_tools::convert::{Options, convert};
use bedrock_messages_tools::input::Inputs;

fn try_out(text: &str) {
    let mut inputs = Inputs::default();
    if inputs.add("file.yaml", text).is_ok() {
        check(&inputs);
        let _ = convert(&inputs, &Options::default());
    }
}

#[test]
fn damaged_files() {
    for text in [
        include_str!("fixtures/pair.yaml"),
        include_str!("fixtures/single.yaml"),
        include_str!("fixtures/envoy.yaml"),
        include_str!("fixtures/convert/no_counterpart.yaml"),
    ] {
        let lines: Vec<&str> = text.lines().collect();
        for at in (0..lines.len()).step_by(2) {
            let (before, after) = (lines[..at].join("\n"), lines[at + 1..].join("\n"));
            try_out(&format!("{before}\n{after}\n"));
            let key = lines[at].split_once(':').map_or(lines[at], |(key, _)| key);
            for value in ["", " [\"é*|\"]"] {
                try_out(&format!("{before}\n{key}:{value}\n{after}\n"));
            }
        }
        try_out(&text[..text.len() / 2]);
    }
}
