//! Who pushes: the login that `docker login` left behind, and tokens for it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A login for a registry, ready for the header `authorization`. It is never shown.
#[derive(Clone)]
pub struct Login(pub String);

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl Login {
    /// Of Docker's file for this user; credential helpers are not asked.
    pub fn of_docker(registry: &str) -> Option<Self> {
        let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".docker")))?;
        Self::of_text(&std::fs::read(folder.join("config.json")).ok()?, registry)
    }

    /// Of the text of such a file.
    pub fn of_text(text: &[u8], registry: &str) -> Option<Self> {
        let config: Value = serde_json::from_slice(text).ok()?;
        let logins = config.get("auths")?.as_object()?;
        let is_it = |name: &str| name.trim_start_matches("https://").trim_end_matches('/') == registry;
        let (_, login) = logins.iter().find(|(name, _)| is_it(name))?;
        let text = login.get("auth")?.as_str().filter(|text| !text.is_empty())?;
        Some(Self(format!("Basic {text}")))
    }
}

/// What a registry asks for: `Bearer realm="…",service="…",scope="…"`.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Where tokens are handed out.
    pub realm: String,
    /// For which service.
    pub service: Option<String>,
    /// For what.
    pub scope: Option<String>,
}

impl Challenge {
    /// Of the header `www-authenticate`; `None`: it does not ask for a token.
    pub fn parse(header: &str) -> Option<Self> {
        let rest = header.strip_prefix("Bearer ").or_else(|| header.strip_prefix("bearer "))?;
        let member = |name: &str| {
            let start = rest.find(&format!("{name}=\""))? + name.len() + 2;
            let length = rest[start..].find('"')?;
            Some(rest[start..start + length].to_owned())
        };
        Some(Self { realm: member("realm")?, service: member("service"), scope: member("scope") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let header = r#"Bearer realm="https://auth.example.com/token",service="r",scope="repository:a/b:pull,push""#;
        let challenge = Challenge::parse(header).expect("it is one");
        assert_eq!(challenge.realm, "https://auth.example.com/token");
        assert_eq!(challenge.service.as_deref(), Some("r"));
        assert_eq!(challenge.scope.as_deref(), Some("repository:a/b:pull,push"));
        assert_eq!(Challenge::parse(r#"Basic realm="x""#), None);
    }

    #[test]
    fn logins_are_found_by_the_registrys_name() {
        let text = br#"{"auths": {"https://ghcr.io/": {"auth": "dTpw"}, "other": {"auth": "eA=="}, "helped": {}}}"#;
        assert_eq!(Login::of_text(text, "ghcr.io").map(|login| login.0).as_deref(), Some("Basic dTpw"));
        assert!(Login::of_text(text, "helped").is_none());
        assert!(Login::of_text(b"no JSON", "ghcr.io").is_none());
    }
}
