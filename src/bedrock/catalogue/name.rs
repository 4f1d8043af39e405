//! What clients add to a model's name.

/// A model's name, and what was added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// As the client wrote it.
    pub written: &'a str,
    /// Without `[1m]`, which no id of Bedrock's ends with.
    pub id: &'a str,
    /// Without `:NNk` too.
    pub bare: &'a str,
    /// It ended with `[1m]`: Claude Code's way to ask for a context of a million tokens, for which Anthropic's API has the beta
    /// `context-1m-2025-08-07`.
    pub long_context: bool,
}

impl<'a> Name<'a> {
    /// Takes a name apart.
    pub fn read(written: &'a str) -> Self {
        let id = written.strip_suffix("[1m]").or_else(|| written.strip_suffix("[1M]")).unwrap_or(written);
        let bare = id.rsplit_once(':').filter(|(_, unit)| is_throughput(unit)).map_or(id, |(bare, _)| bare);
        Self { written, id, bare, long_context: id.len() < written.len() }
    }

    /// What a table of names may have of it: as it was written, bare, and without `-latest`.
    pub fn spellings(self) -> impl Iterator<Item = &'a str> {
        let plain = self.bare.strip_suffix("-latest").unwrap_or(self.bare);
        let bare = Some(self.bare).filter(|bare| *bare != self.written);
        [Some(self.written), bare, Some(plain).filter(|plain| *plain != self.bare)].into_iter().flatten()
    }
}

/// LiteLLM's suffix for provisioned throughput: `51k`.
fn is_throughput(unit: &str) -> bool {
    unit.strip_suffix('k')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn names_are_taken_apart() {
        for (written, bare, long_context, spellings) in [
            ("claude-opus-5", "claude-opus-5", false, &["claude-opus-5"][..]),
            ("claude-opus-5[1m]", "claude-opus-5", true, &["claude-opus-5[1m]", "claude-opus-5"]),
            ("claude-opus-5[1M]", "claude-opus-5", true, &["claude-opus-5[1M]", "claude-opus-5"]),
            ("claude-opus-5:51k", "claude-opus-5", false, &["claude-opus-5:51k", "claude-opus-5"]),
            ("a:51k[1m]", "a", true, &["a:51k[1m]", "a"]),
            ("a-latest", "a-latest", false, &["a-latest", "a"]),
            ("a-latest[1m]", "a-latest", true, &["a-latest[1m]", "a-latest", "a"]),
            ("a-v1:0", "a-v1:0", false, &["a-v1:0"]),
            ("a-v1:0:200k", "a-v1:0", false, &["a-v1:0:200k", "a-v1:0"]),
            ("a:k", "a:k", false, &["a:k"]),
            ("a:1kk", "a:1kk", false, &["a:1kk"]),
            ("[1m]", "", true, &["[1m]", ""]),
            ("", "", false, &[""]),
        ] {
            let name = Name::read(written);
            let id = written.strip_suffix("[1m]").or(written.strip_suffix("[1M]")).unwrap_or(written);
            assert_eq!(name, Name { written, id, bare, long_context });
            assert_eq!(name.spellings().collect::<Vec<_>>(), spellings, "{written}");
        }
    }
}
