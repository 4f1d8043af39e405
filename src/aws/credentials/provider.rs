//! A source of credentials as it is configured.

use std::hash::{Hash as _, Hasher};
use std::pin::Pin;

use sha2::{Digest as _, Sha256};

use super::assume_role::AssumeRole;
use super::container::Container;
use super::fetch::{Fetched, Line, Outcome};
use super::instance_metadata::InstanceMetadata;
use super::listener::MountedFile;
use super::web_identity::WebIdentity;
use super::{Credentials, FetchError};

/// A source; `Hash` is of all that decides which credentials it gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// Known when the configuration was read: the type's name, and the credentials or why there are none.
    Fixed(&'static str, Result<Credentials, String>),
    /// `credentialsFile.listener`.
    MountedFile(MountedFile),
    /// `webIdentity`.
    WebIdentity(Box<WebIdentity>),
    /// `assumeRole`.
    AssumeRole(Box<AssumeRole>),
    /// `container`.
    Container(Container),
    /// `instanceMetadata`.
    InstanceMetadata(InstanceMetadata),
    /// `chain`: the first that yields.
    Chain(Vec<Provider>),
}

impl Provider {
    /// `credentials.type`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fixed(name, _) => name,
            Self::MountedFile(_) => "credentialsFile",
            Self::WebIdentity(_) => "webIdentity",
            Self::AssumeRole(_) => "assumeRole",
            Self::Container(_) => "container",
            Self::InstanceMetadata(_) => "instanceMetadata",
            Self::Chain(_) => "chain",
        }
    }

    /// Why it can never give anything, without its own name; nothing where only a call can tell.
    pub fn hopeless(&self) -> Option<String> {
        let named = |source: &Self| Some(format!("{}: {}", source.name(), source.hopeless()?));
        match self {
            Self::Fixed(_, outcome) => outcome.as_ref().err().cloned(),
            Self::AssumeRole(role) => named(&role.source),
            Self::Chain(sources) => {
                let mut reasons = Vec::new();
                for source in sources {
                    reasons.push(named(source)?);
                }
                Some(reasons.join("; "))
            }
            _ => None,
        }
    }

    /// A name for exactly this source, which tells nothing of it: what workers share is kept under it.
    pub fn identity(&self) -> String {
        let mut digest = Digesting(Sha256::new());
        self.hash(&mut digest);
        hex::encode(digest.0.finalize())
    }

    /// Fetches credentials; an error names the source.
    pub fn fetch<'a>(&'a self, line: &'a Line) -> Pin<Box<dyn Future<Output = Outcome> + 'a>> {
        Box::pin(async move {
            let outcome = match self {
                Self::Fixed(name, Ok(credentials)) => Ok(Fetched {
                    credentials: credentials.clone(),
                    expires: None,
                    source: (*name).to_owned(),
                    member: 0,
                }),
                Self::Fixed(_, Err(reason)) => Err(FetchError::new(reason.clone())),
                Self::MountedFile(source) => source.fetch(line).await,
                Self::WebIdentity(source) => source.fetch(line).await,
                Self::AssumeRole(source) => source.fetch(line).await,
                Self::Container(source) => source.fetch(line).await,
                Self::InstanceMetadata(source) => source.fetch(line).await,
                Self::Chain(sources) => return first(sources, line).await,
            };
            outcome.map_err(|error| error.of(self.name()))
        })
    }
}

/// Gives what is hashed to SHA-256: what `std` hashes with can be guessed back.
struct Digesting(Sha256);

impl Hasher for Digesting {
    // It stands behind every field of every source.
    #[inline(never)]
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Nothing asks for it.
    fn finish(&self) -> u64 {
        0
    }
}

/// The first that yields; without one, every source's error.
async fn first(sources: &[Provider], line: &Line) -> Outcome {
    let mut failed = Vec::new();
    for (source, member) in sources.iter().zip(0..) {
        match source.fetch(line).await {
            Ok(fetched) => {
                let passed = sources.iter().zip(failed).filter(|(source, _)| source.hopeless().is_none());
                passed.for_each(|(_, error)| line.pass(error));
                return Ok(Fetched { source: format!("chain: {}", fetched.source), member, ..fetched });
            }
            Err(error) => failed.push(error),
        }
    }
    Err(FetchError::of_chain(&failed))
}
