//! The Gateway of a route, and the EnvoyProxy that has what the credentials need.

use crate::document::{Document, reference_namespace};
use crate::map;
use crate::value::Value;

use super::credentials::Plan;
use super::groups::Group;
use super::manifests as write;
use super::notes::Notes;
use super::target::Target;

impl<'a> Target<'a> {
    /// Gives the group's Gateway an EnvoyProxy with the plan in it; the parents of its route.
    pub(super) fn add_gateway(
        &mut self,
        group: &Group<'a>,
        plan: &Plan,
        notes: &mut Notes,
    ) -> Result<Vec<Value>, String> {
        let route = group.routes[0];
        let own = (route.namespace(), route.name());
        let Some(parent) = group.parents.first() else {
            notes.add(route, "spec.parentRefs", "no Gateway is named: one was made for it, with its GatewayClass");
            let mut gateway = write::gateway(own);
            *gateway.entry_at("spec.infrastructure.parametersRef") = write::parameters(own.1);
            self.create(write::gateway_class(own.1))?;
            self.create(gateway)?;
            self.equip(own, plan, notes)?;
            return Ok(vec![map! { "name": own.1 }]);
        };
        let gateway = |parent: &Value| {
            let name = parent.get("name").text().unwrap_or_default().to_owned();
            (reference_namespace(route, parent).to_owned(), name)
        };
        let first = gateway(parent);
        if group.parents.iter().any(|parent| gateway(parent) != first) {
            notes.add(
                route,
                "spec.parentRefs",
                "only the first Gateway's EnvoyProxy was given what the credentials need",
            );
        }
        let proxy = self.proxy_of(route, (&first.0, &first.1), notes);
        self.equip((&proxy.0, &proxy.1), plan, notes)?;
        Ok(group.parents.clone())
    }

    /// Puts a plan into an EnvoyProxy, which is made where there is none.
    fn equip(&mut self, name: write::Name<'_>, plan: &Plan, notes: &Notes) -> Result<(), String> {
        if self.find_mut("EnvoyProxy", name).is_none() {
            self.create(write::envoy_proxy(name))?;
        }
        let Some(proxy) = self.find_mut("EnvoyProxy", name) else { return Ok(()) };
        write::equip(&mut proxy.value, plan).map_err(|problem| format!("{} {problem}", notes.label(proxy)))
    }

    /// The EnvoyProxy of a Gateway: that of its own, of its class, or a new one that the Gateway is told of.
    fn proxy_of(&mut self, route: &Document, name: write::Name<'_>, notes: &mut Notes) -> (String, String) {
        const PARAMETERS: &str = "infrastructure.parametersRef";
        let is_gateway = |document: &&mut Document| document.is("Gateway", name.0, name.1);
        let Some(gateway) = self.kept.iter_mut().find(is_gateway) else {
            let words = format!(
                "Gateway/{} is in none of the files: set its spec.infrastructure.parametersRef to EnvoyProxy/{}",
                name.1, name.1
            );
            notes.add(route, "spec.parentRefs", &words);
            return (name.0.to_owned(), name.1.to_owned());
        };
        if let Some(own) = gateway.spec().at(PARAMETERS).get("name").text().map(str::to_owned) {
            self.note_missing(route, (name.0, &own), notes);
            return (name.0.to_owned(), own);
        }
        let class = gateway.spec().get("gatewayClassName").text().unwrap_or_default();
        let class = self.source.of_kind("GatewayClass").find(|document| document.name() == class);
        let of_class = class.map(|class| class.spec().get("parametersRef"));
        if let Some(reference) = of_class.filter(|reference| reference.get("kind").text() == Some("EnvoyProxy")) {
            let text = |key: &str| reference.get(key).text().unwrap_or("default").to_owned();
            let proxy = (text("namespace"), text("name"));
            self.note_missing(route, (&proxy.0, &proxy.1), notes);
            return proxy;
        }
        *gateway.value.entry_at("spec.infrastructure.parametersRef") = write::parameters(name.1);
        (name.0.to_owned(), name.1.to_owned())
    }
    /// Says of an EnvoyProxy that there is, but not in the files, that the one that is written has nothing of it.
    fn note_missing(&mut self, route: &Document, proxy: write::Name<'_>, notes: &mut Notes) {
        if self.find_mut("EnvoyProxy", proxy).is_none() {
            let words = format!(
                "EnvoyProxy/{} is in none of the files, and the one that is written would replace it: give its file too",
                proxy.1
            );
            notes.add(route, "spec.parentRefs", &words);
        }
    }
}
