//! Request and response headers as the exchange sees them, and the allow-list of what goes to Bedrock.

/// The headers of a message in arrival order, names in lower case, pseudo-headers among them.
#[derive(Clone, Debug, Default)]
pub struct Headers<'a>(pub Vec<(&'a [u8], &'a [u8])>);

impl<'a> Headers<'a> {
    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The first value as text, when it is that.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.get(name)?).ok()
    }

    /// Every line of a header.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(known, _)| *known == name.as_bytes()).map(|(_, value)| *value)
    }
}

/// A header map that replaces a request's.
pub type HeaderMap = Vec<(&'static str, Vec<u8>)>;

/// The client's headers that go on to Bedrock; all others stay here. `x-forwarded-proto` is needed by Envoy's own route
/// selection, which runs again for the rewritten request.
const CARRIED: &[&str] = &[":scheme", "user-agent", "x-request-id", "traceparent", "tracestate", "x-forwarded-proto"];

/// A longer value of a carried header is left out: the whole map must stay far below what the host's decoder takes.
const LONGEST_CARRIED: usize = 8 * 1024;

/// Copies what is carried of a client's headers.
pub fn carried(client: &Headers<'_>) -> HeaderMap {
    let line = |name: &'static str| client.get(name).map(|value| (name, value));
    let lines = CARRIED.iter().filter_map(|&name| line(name)).filter(|(_, value)| value.len() <= LONGEST_CARRIED);
    lines.map(|(name, value)| (name, value.to_vec())).collect()
}

/// Versions of the Messages API; the first one is that of clients that name none.
const VERSIONS: &[&str] = &["2023-06-01", "2026-10-21"];

/// The version of the Messages API that a client speaks.
pub fn anthropic_version(client: &Headers<'_>) -> &'static str {
    let asked = client.text("anthropic-version");
    VERSIONS.iter().find(|version| Some(**version) == asked).or(VERSIONS.first()).copied().unwrap_or_default()
}

/// What says on a native upstream what stands in InvokeModel's body.
pub fn native(version: &str, betas: &[String], user_profile_id: Option<&str>) -> HeaderMap {
    let mut map = vec![("anthropic-version", version.into())];
    if !betas.is_empty() {
        map.push(("anthropic-beta", betas.join(",").into_bytes()));
    }
    map.extend(user_profile_id.map(|id| ("anthropic-user-profile-id", id.into())));
    map
}

/// A header's value that came from upstream, when there is something left of it.
pub fn upstream_value(head: &Headers<'_>, name: &str) -> Option<String> {
    head.get(name).map(sanitized).filter(|value| !value.is_empty())
}

/// Takes control characters off a value that came from upstream: Envoy writes a response header as it is, a line break
/// in it would begin another header.
pub fn sanitized(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => String::from_utf8_lossy(value).chars().filter(|c| !c.is_control()).collect(),
    }
}
