//! Model patterns.

use serde::Deserialize;

/// A name with `*` for any run of characters; upper and lower case differ.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema), schemars(inline))]
#[serde(try_from = "String")]
pub struct Pattern(String);

impl Pattern {
    /// Takes a pattern in; the error says what was expected.
    pub fn new(pattern: &str) -> Result<Self, &'static str> {
        Self::try_from(pattern.to_owned())
    }

    /// Whether the whole name is of this pattern; the work is linear in both.
    pub fn matches(&self, name: &str) -> bool {
        let mut pieces = self.0.split('*');
        let Some(rest) = pieces.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let Some(last) = pieces.next_back() else { return rest.is_empty() };
        // Each piece where it first occurs leaves the most for those behind it: nothing has to be tried again.
        let rest = pieces.try_fold(rest, |rest, piece| rest.split_once(piece).map(|(_skipped, rest)| rest));
        rest.is_some_and(|rest| rest.ends_with(last))
    }
}

impl TryFrom<String> for Pattern {
    type Error = &'static str;

    fn try_from(pattern: String) -> Result<Self, Self::Error> {
        if pattern.is_empty() || pattern.chars().any(char::is_control) {
            return Err("expected a model's name, * for any run of characters, without control characters");
        }
        Ok(Self(pattern))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pattern;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, matching, other) in [
            ("a", &["a"][..], &["", "b", "aa", "A"][..]),
            ("*", &["", "a", "a*b"], &[]),
            ("**", &["", "a"], &[]),
            ("anthropic.claude-*", &["anthropic.claude-", "anthropic.claude-opus-5"], &["us.anthropic.claude-opus-5"]),
            ("*.anthropic.claude-*", &["us.anthropic.claude-opus-5"], &["anthropic.claude-opus-5"]),
            (
                "arn:aws*:bedrock:*",
                &["arn:aws:bedrock:us-east-1:1:x", "arn:aws-cn:bedrock:"],
                &["arn:aws:sts::bedrock"],
            ),
            ("*-v1:0", &["x-v1:0", "-v1:0-v1:0"], &["x-v1:01"]),
            ("a*a", &["aa", "aba"], &["a", "ab"]),
            ("a*b*c", &["abc", "a-b-b-c"], &["acb", "ab", "abcd"]),
            ("*ab*ab*", &["abab", "xabyabz"], &["aba", "ab"]),
            ("ü*", &["ü", "üa"], &["u"]),
        ] {
            let rule = Pattern::new(pattern).unwrap();
            for name in matching {
                assert!(rule.matches(name), "{pattern} {name}");
            }
            for name in other {
                assert!(!rule.matches(name), "{pattern} {name}");
            }
        }
    }

    #[test]
    fn what_is_no_pattern() {
        for pattern in ["", "a\n", "\0"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern:?}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        let pattern = Pattern::new(&"a*".repeat(20_000)).unwrap();
        assert!(!pattern.matches(&format!("{}b", "a".repeat(19_999))));
        assert!(pattern.matches(&"a".repeat(20_000)));
    }

    /// By the definition, whatever it costs.
    fn oracle(pattern: &[u8], name: &[u8]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some((b'*', rest)) => (0..=name.len()).any(|skipped| oracle(rest, &name[skipped..])),
            Some((byte, rest)) => name.first() == Some(byte) && oracle(rest, &name[1..]),
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*]{1,7}", name in "[ab]{0,9}") {
            prop_assert_eq!(Pattern::new(&pattern).unwrap().matches(&name), oracle(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
