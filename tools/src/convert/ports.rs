//! The ports on loopback that mounted files are handed out at.

use crate::document::Document;
use crate::input::documents;

const FIRST: u16 = 19_190;

/// Names of listeners and their ports.
pub struct Ports(Vec<(String, u16)>);

impl Ports {
    /// Of the listeners that EnvoyProxies have already: another's file must not be read in place of one's own.
    pub fn new(manifests: &[Document]) -> Self {
        let mut ports = Vec::new();
        for proxy in manifests.iter().filter(|document| document.kind() == "EnvoyProxy") {
            let bootstraps = documents(proxy.spec().at("bootstrap.value").text().unwrap_or_default());
            for listener in bootstraps.iter().flatten().flat_map(|one| one.at("static_resources.listeners").items()) {
                let name = listener.get("name").text().unwrap_or_default().to_owned();
                let port = listener.at("address.socket_address.port_value").number();
                ports.extend(port.and_then(|port| u16::try_from(port).ok()).map(|port| (name, port)));
            }
        }
        Self(ports)
    }

    /// The port of a listener: its own, or one that none has.
    pub fn of(&mut self, name: &str) -> u16 {
        if let Some((_, port)) = self.0.iter().find(|(known, _)| known == name) {
            return *port;
        }
        let is_free = |port: &u16| !self.0.iter().any(|(_, taken)| taken == port);
        let port = (FIRST..).find(is_free).unwrap_or(FIRST);
        self.0.push((name.to_owned(), port));
        port
    }
}
