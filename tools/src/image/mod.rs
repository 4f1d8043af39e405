//! `image`: the filter as an OCI image that Envoy Gateway takes, built without Docker.

mod build;
mod layout;
mod login;
mod push;

pub use build::{Blob, Image};
pub use login::Login;
pub use push::{Error as PushError, Place};

use std::fmt;
use std::path::PathBuf;

/// What the command is told.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The filter.
    #[arg(long, default_value = "dist/bedrock_messages.wasm")]
    pub module: PathBuf,
    /// Where to write an OCI image layout.
    #[arg(long)]
    pub layout: Option<PathBuf>,
    /// Where to push it: registry/repository:tag.
    #[arg(long)]
    pub push: Option<String>,
    /// Push by HTTP, to a registry without TLS.
    #[arg(long)]
    pub plain_http: bool,
}

/// Why there is no image.
#[derive(Debug)]
pub enum Error {
    /// A file could not be read or written.
    File(PathBuf, std::io::Error),
    /// It is no WebAssembly module.
    NoModule(PathBuf),
    /// The image could not be put together.
    Build(String),
    /// It could not be pushed.
    Push(PushError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::NoModule(path) => write!(f, "{}: not a WebAssembly module", path.display()),
            Self::Build(problem) => write!(f, "the image could not be built: {problem}"),
            Self::Push(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// Builds, writes and pushes, and says what to paste into an EnvoyExtensionPolicy.
pub fn run(options: &Options) -> Result<String, Error> {
    let module = std::fs::read(&options.module).map_err(|error| Error::File(options.module.clone(), error))?;
    if !module.starts_with(b"\0asm") {
        return Err(Error::NoModule(options.module.clone()));
    }
    let place = options.push.as_deref().map(Place::parse).transpose().map_err(Error::Push)?;
    let image = Image::new(&module).map_err(Error::Build)?;
    if let Some(folder) = &options.layout {
        let tag = place.as_ref().map_or(env!("CARGO_PKG_VERSION"), |place| &place.tag);
        layout::write(folder, &image, tag).map_err(|error| Error::File(folder.clone(), error))?;
    }
    let mut url = "YOUR_REGISTRY/bedrock-messages:YOUR_TAG".to_owned();
    if let Some(place) = &place {
        push::push(place, &image, options.plain_http).map_err(Error::Push)?;
        url = place.to_string();
    }
    let digest = image.manifest.digest();
    let sha256 = digest.trim_start_matches("sha256:");
    Ok(format!("digest: {digest}\n\ncode:\n  type: Image\n  image:\n    url: {url}\n    sha256: \"{sha256}\"\n"))
}
