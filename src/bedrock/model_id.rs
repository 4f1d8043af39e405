//! What may stand where a model is named: in a client's request, in the configuration, in Bedrock's path.

/// Bedrock takes no longer one, ARNs included.
const LONGEST: usize = 2048;

/// Checks a model's name or id: it becomes one segment of a path, so it must not be able to leave that segment.
///
/// `/`, `:` and the like are fine, they are percent-encoded; the error says what was expected and not what was there.
pub fn check_model_id(id: &str) -> Result<(), &'static str> {
    if id.is_empty() {
        return Err("expected a model id, not an empty text");
    }
    if id.len() > LONGEST {
        return Err("expected a model id of 2048 bytes at most");
    }
    if id == "." || id == ".." {
        return Err("expected a model id, not a relative path");
    }
    if id.chars().any(char::is_control) {
        return Err("expected a model id without control characters");
    }
    Ok(())
}

/// Whether an id ends with a version, `-v1` or `-v2:0`, as those of models before 4.7 do, most of them.
pub fn is_versioned(id: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    id.rsplit_once('v').is_some_and(|(before, version)| {
        before.ends_with('-')
            && match version.split_once(':') {
                Some((major, minor)) => digits(major) && digits(minor),
                None => digits(version),
            }
    })
}

#[cfg(test)]
mod tests {
    use super::{check_model_id, is_versioned};

    #[test]
    fn versions_stand_at_the_end() {
        for id in ["anthropic.claude-3-5-sonnet-20241022-v2:0", "us.anthropic.claude-opus-4-6-v1"] {
            assert!(is_versioned(id), "{id}");
        }
        for id in ["anthropic.claude-opus-5", "anthropic.claude-v", "a-v1:", "a-vx", "a-v1/b"] {
            assert!(!is_versioned(id), "{id}");
        }
    }

    #[test]
    fn ids_profiles_and_arns_pass() {
        for id in [
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.anthropic.claude-opus-5",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef123456",
            "claude-sonnet-5[1m]",
            "...",
            "über",
            &"x".repeat(2048),
        ] {
            assert_eq!(check_model_id(id), Ok(()), "{id}");
        }
    }

    #[test]
    fn what_would_break_the_path_does_not() {
        for id in ["", ".", "..", "a\nb", "a\0", "\u{7f}", "\u{85}", &"x".repeat(2049)] {
            assert!(check_model_id(id).is_err(), "{id:?}");
        }
    }
}
