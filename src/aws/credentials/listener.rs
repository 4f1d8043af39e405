//! A listener on loopback of the same Envoy that hands out a mounted file: a VM has no files, and Envoy reads them again
//! when they are replaced.

use super::call::{Answer, Call};
use super::error::Said;
use super::fetch::{Fetched, Line, Outcome};
use super::{FetchError, credentials_file};

/// Its name for the operator.
pub(super) const WHO: &str = "the listener for the mounted file";

/// Where the file is handed out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Listener {
    /// Envoy's cluster.
    pub cluster: String,
    /// Path of the route.
    pub path: String,
}

/// `credentialsFile.listener`: a profile of a mounted credentials file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MountedFile {
    /// Where the file is handed out.
    pub listener: Listener,
    /// The profile.
    pub profile: String,
}

impl Listener {
    /// What it hands out.
    pub async fn ask(&self, line: &Line) -> Result<Answer, FetchError> {
        let call = Call::new(&self.cluster, "GET", "localhost", &self.path);
        let answer = line.send(&call).await.map_err(|failure| FetchError::unanswered(WHO, &call, failure))?;
        match answer.status {
            200 => Ok(answer),
            status => Err(FetchError::answered(WHO, &call, status, Said::default())),
        }
    }
}

impl MountedFile {
    /// Reads the file.
    pub async fn fetch(&self, line: &Line) -> Outcome {
        let answer = self.listener.ask(line).await?;
        let text = answer.text().map_err(|what| FetchError::unusable(WHO, what))?;
        let credentials = credentials_file::credentials(text, &self.profile);
        let credentials = credentials.map_err(|error| FetchError::new(error.to_string()))?;
        Ok(Fetched { credentials, expires: None, source: "credentialsFile".to_owned(), member: 0 })
    }
}
