//! Pushing by the distribution API: the blobs that are not there yet, then the manifest.

use std::fmt;
use std::time::Duration;

use ureq::http::{Response, header};
use ureq::{Agent, Body};

use super::build::{Blob, Image};
use super::login::{Challenge, Login};

/// How long a registry may take to be reached.
const CONNECT: Duration = Duration::from_secs(10);

/// Where an image goes: `registry/repository:tag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Host, with the port where there is one.
    pub registry: String,
    /// The repository.
    pub repository: String,
    /// The tag.
    pub tag: String,
}

/// Why it was not pushed. It shows no login and no token.
#[derive(Debug, PartialEq, Eq)]
pub enum Error {
    /// It is no place.
    Place,
    /// The registry was not reached.
    Unreachable(String),
    /// It refused a step.
    Refused(&'static str, u16),
    /// It answered what it should not.
    Unexpected(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place => {
                f.write_str("--push: expected registry/repository:tag, such as ghcr.io/example/bedrock-messages:0.1.0")
            }
            Self::Unreachable(problem) => write!(f, "the registry was not reached: {problem}"),
            Self::Refused(step, status @ (401 | 403)) => {
                write!(
                    f,
                    "the registry refused {step} with {status}: log in with `docker login` (credential helpers are not asked)"
                )
            }
            Self::Refused(step, status) => write!(f, "the registry refused {step} with {status}"),
            Self::Unexpected(what) => write!(f, "the registry answered {what}"),
        }
    }
}

impl std::error::Error for Error {}

impl Place {
    /// Of a text; without a tag it is `latest`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (registry, rest) = text.trim_start_matches("oci://").split_once('/').ok_or(Error::Place)?;
        let (repository, tag) = rest.rsplit_once(':').unwrap_or((rest, "latest"));
        let plain = |text: &str, more: &str| {
            !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || more.contains(char))
        };
        if !plain(registry, ".-:[]")
            || !plain(repository, "._-/")
            || !plain(tag, "._-")
            || !registry.contains(['.', ':'])
        {
            return Err(Error::Place);
        }
        Ok(Self { registry: registry.to_owned(), repository: repository.to_owned(), tag: tag.to_owned() })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.registry, self.repository, self.tag)
    }
}

/// Pushes with the login that Docker has for the registry.
pub fn push(place: &Place, image: &Image, plain_http: bool) -> Result<(), Error> {
    let mut config =
        Agent::config_builder().http_status_as_error(false).max_redirects(0).timeout_connect(Some(CONNECT));
    if ["127.", "localhost", "[::1]"].iter().any(|here| place.registry.starts_with(here)) {
        config = config.proxy(None);
    }
    let scheme = if plain_http { "http" } else { "https" };
    let mut registry = Registry {
        agent: Agent::new_with_config(config.build()),
        origin: format!("{scheme}://{}", place.registry),
        repository: &place.repository,
        login: Login::of_docker(&place.registry),
        authorization: None,
    };
    registry.log_in(scheme)?;
    for blob in image.blobs() {
        registry.push_blob(blob)?;
    }
    registry.push_manifest(&place.tag, &image.manifest)
}

struct Registry<'a> {
    agent: Agent,
    origin: String,
    repository: &'a str,
    login: Option<Login>,
    authorization: Option<String>,
}

impl Registry<'_> {
    /// Asks whether a login is wanted, and which: the login itself, or a token for it.
    fn log_in(&mut self, scheme: &str) -> Result<(), Error> {
        let answer = self.agent.get(format!("{}/v2/", self.origin)).call().map_err(unreachable)?;
        if answer.status() != 401 {
            return Ok(());
        }
        let wanted = text(&answer, header::WWW_AUTHENTICATE).unwrap_or_default();
        let Some(challenge) = Challenge::parse(wanted) else {
            self.authorization = self.login.as_ref().map(|login| login.0.clone());
            return Ok(());
        };
        // A login goes nowhere in clear where the registry itself is not asked so.
        if scheme == "https" && !challenge.realm.starts_with("https://") {
            return Err(Error::Unexpected("that tokens are handed out without TLS"));
        }
        let scope = format!("repository:{}:pull,push", self.repository);
        let mut request = self.agent.get(&challenge.realm).query("scope", &scope);
        if let Some(service) = &challenge.service {
            request = request.query("service", service);
        }
        if let Some(login) = &self.login {
            request = request.header(header::AUTHORIZATION, &login.0);
        }
        let mut answer = request.call().map_err(unreachable)?;
        if answer.status() != 200 {
            return Err(Error::Refused("the login", answer.status().as_u16()));
        }
        let body = answer.body_mut().read_to_string().map_err(unreachable)?;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        let token = ["token", "access_token"].iter().find_map(|key| body.get(key)?.as_str());
        let token = token.ok_or(Error::Unexpected("a login with no token"))?;
        self.authorization = Some(format!("Bearer {token}"));
        Ok(())
    }

    fn push_blob(&self, blob: &Blob) -> Result<(), Error> {
        let digest = blob.digest();
        let known = self.agent.head(self.url(&format!("blobs/{digest}")));
        if self.authorized(known).call().map_err(unreachable)?.status() == 200 {
            return Ok(());
        }
        let begin = self.authorized(self.agent.post(self.url("blobs/uploads/")));
        let answer = begin.send_empty().map_err(unreachable)?;
        expect(&answer, 202, "an upload")?;
        let place = text(&answer, header::LOCATION).ok_or(Error::Unexpected("an upload without a place"))?;
        let place = if place.starts_with('/') { format!("{}{place}", self.origin) } else { place.to_owned() };
        let mark = if place.contains('?') { '&' } else { '?' };
        let url = format!("{place}{mark}digest={}", digest.replace(':', "%3A"));
        let put = self.agent.put(&url).header(header::CONTENT_TYPE, "application/octet-stream");
        // A place elsewhere is not told who we are.
        let is_here = place.strip_prefix(&self.origin).is_some_and(|rest| rest.starts_with('/'));
        let put = if is_here { self.authorized(put) } else { put };
        expect(&put.send(blob.bytes.as_slice()).map_err(unreachable)?, 201, "a blob")
    }

    fn push_manifest(&self, tag: &str, manifest: &Blob) -> Result<(), Error> {
        let put = self.agent.put(self.url(&format!("manifests/{tag}")));
        let put = self.authorized(put).header(header::CONTENT_TYPE, manifest.media_type.to_string());
        let answer = put.send(manifest.bytes.as_slice()).map_err(unreachable)?;
        expect(&answer, 201, "the manifest")?;
        match answer.headers().get("docker-content-digest") {
            Some(digest) if digest.as_bytes() != manifest.digest().as_bytes() => {
                Err(Error::Unexpected("with another digest of the manifest"))
            }
            _ => Ok(()),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v2/{}/{path}", self.origin, self.repository)
    }

    fn authorized<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.authorization {
            Some(authorization) => request.header(header::AUTHORIZATION, authorization),
            None => request,
        }
    }
}

fn unreachable(error: ureq::Error) -> Error {
    Error::Unreachable(error.to_string())
}

fn text(answer: &Response<Body>, name: header::HeaderName) -> Option<&str> {
    answer.headers().get(name)?.to_str().ok()
}

fn expect(answer: &Response<Body>, status: u16, step: &'static str) -> Result<(), Error> {
    if answer.status() == status { Ok(()) } else { Err(Error::Refused(step, answer.status().as_u16())) }
}
