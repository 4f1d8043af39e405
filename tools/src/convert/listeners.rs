//! The hostnames of a route, and listeners that have to let Bedrock's host in too.

use crate::document::{Document, reference_namespace};
use crate::value::Value;

use super::manifests as write;
use super::notes::Notes;
use super::target::Target;

impl Target<'_> {
    /// The hostnames of a route; a listener's goes to it, for the listener has to let Bedrock's host in too.
    pub(super) fn hostnames(
        &mut self,
        route: &Document,
        parents: &[Value],
        notes: &mut Notes,
    ) -> Result<Value, String> {
        let mut hostnames = route.spec().get("hostnames").clone();
        let has_own = !hostnames.is_null();
        for parent in parents {
            let name = (reference_namespace(route, parent), parent.get("name").text().unwrap_or_default());
            let opened = self.open_listeners(name, parent, notes)?;
            for (listener, hostname) in opened {
                self.note_neighbours(name, &listener, &hostname, notes);
                if !has_own && !hostnames.items().contains(&hostname) {
                    hostnames.push(hostname);
                }
            }
        }
        Ok(hostnames)
    }

    /// Takes the hostnames off the listeners of a Gateway that a parent is for: the listeners' names, and what they had.
    fn open_listeners(
        &mut self,
        name: write::Name<'_>,
        parent: &Value,
        notes: &mut Notes,
    ) -> Result<Vec<(String, Value)>, String> {
        let mut opened = Vec::new();
        let is_gateway = |document: &&mut Document| document.is("Gateway", name.0, name.1);
        let Some(gateway) = self.kept.iter_mut().find(is_gateway) else { return Ok(opened) };
        let mut listeners = gateway.spec().get("listeners").clone();
        let Value::List(all) = &mut listeners else { return Ok(opened) };
        for (index, listener) in all.iter_mut().enumerate() {
            let is_meant = |key: &str, of: &str| parent.get(key).is_null() || parent.get(key) == listener.get(of);
            if !is_meant("sectionName", "name") || !is_meant("port", "port") || listener.get("hostname").is_null() {
                continue;
            }
            let hostname = listener.remove("hostname");
            let words =
                "moved to the HTTPRoute: the filter changes the host, and the listener has to take Bedrock's too";
            notes.add(gateway, &format!("spec.listeners[{index}].hostname"), words);
            opened.push((listener.get("name").text().unwrap_or_default().to_owned(), hostname));
        }
        for (index, listener) in all.iter().enumerate() {
            let is_same =
                |other: &&Value| ["port", "protocol", "hostname"].iter().all(|key| other.get(key) == listener.get(key));
            if let Some(other) = all[..index].iter().find(is_same).filter(|_| !opened.is_empty()) {
                return Err(format!(
                    "{}: the listeners {} and {} have one port, and a route with the filter needs one without a hostname: name its own in parentRefs by sectionName, on a port of its own if more than one has such a route",
                    notes.label(gateway),
                    other.get("name").text().unwrap_or_default(),
                    listener.get("name").text().unwrap_or_default(),
                ));
            }
        }
        *gateway.value.entry_at("spec.listeners") = listeners;
        Ok(opened)
    }

    /// Says of other routes at a listener that they are for all hosts now.
    fn note_neighbours(&self, gateway: write::Name<'_>, listener: &str, hostname: &Value, notes: &mut Notes) {
        for route in self.kept.iter().filter(|document| document.kind().ends_with("Route")) {
            let is_there = |parent: &Value| {
                reference_namespace(route, parent) == gateway.0
                    && parent.get("name").text() == Some(gateway.1)
                    && parent.get("sectionName").text().is_none_or(|section| section == listener)
            };
            let is_open = route.spec().get("hostnames").items().is_empty();
            if is_open && route.spec().get("parentRefs").items().iter().any(is_there) {
                let words = format!(
                    "none are named, and its listener {listener} has no hostname any more: name {} if it is for that alone",
                    hostname.text().unwrap_or_default()
                );
                notes.add(route, "spec.hostnames", &words);
            }
        }
    }
}
