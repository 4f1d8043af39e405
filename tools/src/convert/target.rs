//! The manifests as they come to be: the input's that stay, and new ones.

use std::collections::BTreeSet;

use crate::document::Document;
use crate::places::{region, runtime_host};
use crate::value::Value;
use crate::{list, map};

use super::Options;
use super::credentials::{Plan, Planner, PodSecret};
use super::groups::Group;
use super::manifests as write;
use super::names::unique;
use super::notes::Notes;
use super::ports::Ports;
use super::routing::Routing;
use super::rules::{OtherRule, SourceRule};
use super::source::{AI_GATEWAY, Source, host};
use super::timeouts;

/// What is being written.
pub struct Target<'a> {
    pub(super) source: &'a Source<'a>,
    options: &'a Options,
    /// The input's documents that stay.
    pub(super) kept: Vec<Document>,
    /// New ones.
    new: Vec<Document>,
    /// Objects of AI Gateway that something new stands for.
    used: BTreeSet<String>,
    ports: Ports,
}

impl<'a> Target<'a> {
    /// With everything that is not AI Gateway's.
    pub fn new(source: &'a Source<'a>, options: &'a Options) -> Self {
        let kept = source.documents.iter().filter(|document| document.group() != AI_GATEWAY).cloned().collect();
        let ports = Ports::new(source.documents);
        Self { source, options, kept, new: Vec::new(), used: BTreeSet::new(), ports }
    }

    /// Whether nothing was converted.
    pub fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// Whether something stands for this object.
    pub fn is_used(&self, document: &Document) -> bool {
        self.used.contains(&identity(document))
    }

    /// All documents.
    pub fn finish(self, notes: &mut Notes) -> Vec<Value> {
        for document in &self.kept {
            let costs = document.value.to_json().contains("io.envoy.ai_gateway");
            if document.kind() == "BackendTrafficPolicy" && costs {
                notes.add(
                    document,
                    "spec.rateLimit",
                    "it counts by metadata of AI Gateway, which nothing writes any more",
                );
            }
        }
        self.kept.into_iter().chain(self.new).map(|document| document.value).collect()
    }

    /// The object of this name, the input's or a new one.
    pub(super) fn find_mut(&mut self, kind: &str, (namespace, name): write::Name<'_>) -> Option<&mut Document> {
        self.kept.iter_mut().chain(&mut self.new).find(|document| document.is(kind, namespace, name))
    }

    /// Adds a new object, unless the same is there. Nothing that is there may be lost to another of its name.
    pub(super) fn create(&mut self, value: Value) -> Result<(), String> {
        let new = Document { file: String::new(), order: 0, value };
        let is_it = |document: &&mut Document| document.group() == new.group();
        match self.find_mut(new.kind(), (new.namespace(), new.name())).filter(is_it) {
            None => self.new.push(new),
            Some(known) if known.value == new.value => {}
            Some(_) => {
                return Err(format!(
                    "{} of namespace {} is there already, and would be written too: rename one of them",
                    new.label(),
                    new.namespace()
                ));
            }
        }
        Ok(())
    }

    /// One group of AIGatewayRoutes.
    pub fn add(&mut self, group: &Group<'a>, notes: &mut Notes) -> Result<(), String> {
        let (rules, mut others) = self.source.rules(group, notes);
        let route = group.routes[0];
        let (namespace, name) = (route.namespace(), route.name());
        let leads = |rule: &SourceRule<'a>| Some((rule.backend, self.source.place(rule.backend)?));
        let Some((backend, place)) = rules.iter().find_map(leads) else {
            for rule in &rules {
                notes.add(rule.backend, "spec.backendRef", "left out: the files have no such Backend or Service");
            }
            for route in &group.routes {
                notes.add(route, "spec.rules", "left out with the whole route: none of them leads to Bedrock");
            }
            return Ok(());
        };
        let policy = self.source.security_policy(backend);
        let rules = self.of_one_backend(rules, &mut others, place, policy, notes);
        for document in group.routes.iter().copied().chain(rules.iter().map(|rule| rule.backend)).chain(policy) {
            self.used.insert(identity(document));
        }
        let backend_host = host(place).unwrap_or_default();
        let region = self.region(policy, place, backend_host, notes);
        let mut planner = Planner {
            source: self.source,
            options: self.options,
            region: &region,
            name: &policy.map(|policy| unique(policy.namespace(), policy.name())).unwrap_or_default(),
            ports: &mut self.ports,
        };
        let plan = planner.plan(policy, backend, notes);
        let port = backend.spec().at("backendRef.port");
        let reference = self.add_backend(route, (place, backend_host), port, notes)?;
        let parents = self.add_gateway(group, &plan, notes)?;
        if let (Some(policy), Some(secret)) = (policy, &plan.secret) {
            self.move_secret(policy, secret, notes)?;
        }
        for document in &plan.documents {
            self.create(document.clone())?;
        }

        let hostnames = self.hostnames(route, &parents, notes)?;
        let routing = Routing::new(&rules, notes);
        others.iter().for_each(|other| routing.note_other(other, notes));
        let mut bedrock = vec![write::bedrock_rule(reference, timeouts::of_route(&rules, notes))];
        let filter = format!("{name}-not-served");
        let clients = write::client_rule(&self.options.path_prefix, &filter);
        let mut routes = vec![name.to_owned()];
        if hostnames.is_null() {
            bedrock.push(clients);
            self.create(labelled(route, write::route((namespace, name), &parents, &Value::Null, bedrock)))?;
        } else {
            // The filter changes the host, so Bedrock's calls need a route for that.
            routes.push(format!("{name}-bedrock"));
            self.create(labelled(route, write::route((namespace, name), &parents, &hostnames, vec![clients])))?;
            self.create(write::route((namespace, &routes[1]), &parents, &list![backend_host], bedrock))?;
        }
        self.create(write::not_served((namespace, &filter)))?;
        self.note_policies(route, &parents, notes);
        let idle = timeouts::stream_idle(&rules, notes);
        self.add_traffic(route, &routes, idle)?;
        let config = self.config(&region, backend_host, &plan, &routing);
        self.create(write::extension_policy((namespace, name), &routes, config, &plan.host_keys, self.options))
    }

    /// The rules that lead to the first one's host with the first one's credentials.
    fn of_one_backend(
        &self,
        rules: Vec<SourceRule<'a>>,
        others: &mut Vec<OtherRule<'a>>,
        place: &Document,
        policy: Option<&Document>,
        notes: &mut Notes,
    ) -> Vec<SourceRule<'a>> {
        let mut kept = Vec::new();
        for rule in rules {
            let own = self.source.place(rule.backend);
            let own_policy = self.source.security_policy(rule.backend).map(identity);
            let is_there = |own: &Document| match host(own) {
                Some(own) => Some(own) == host(place),
                None => identity(own) == identity(place),
            };
            if own.is_some_and(is_there) && own_policy == policy.map(identity) {
                kept.push(rule);
                continue;
            }
            let words = format!(
                "left out: one filter calls one host with one set of credentials, here of {}",
                notes.label(place)
            );
            notes.add(rule.route, &rule.path, &words);
            others.push(OtherRule { route: rule.route, path: rule.path, rule: rule.rule });
        }
        kept
    }

    /// The region of the policy, or of the host where they differ.
    fn region(&self, policy: Option<&Document>, place: &Document, host: &str, notes: &mut Notes) -> String {
        let of_policy = policy.and_then(|policy| policy.spec().at("awsCredentials.region").text());
        match (of_policy, region(host)) {
            (Some(written), Some(of_host)) if written != of_host => {
                let words = format!(
                    "the host is in {of_host}, and {written} stands in the BackendSecurityPolicy: the host's counts"
                );
                notes.add(place, "spec", &words);
                of_host.to_owned()
            }
            (_, Some(of_host)) => of_host.to_owned(),
            (Some(written), None) => written.to_owned(),
            (None, None) => {
                notes.add(place, "spec", "neither it nor a BackendSecurityPolicy names a region: us-east-1 is assumed");
                "us-east-1".to_owned()
            }
        }
    }

    fn config(&self, region: &str, host: &str, plan: &Plan, routing: &Routing) -> Value {
        let mut config = map! { "role": "transform", "region": region };
        if !host.is_empty() && host != runtime_host(region, false, false) {
            *config.entry("endpoint") = map! { "host": host };
        }
        *config.entry("credentials") = plan.credentials.clone();
        for (key, value) in [("routing", routing.to_value()), ("models", routing.models_to_value())] {
            if !value.is_null() {
                *config.entry(key) = value;
            }
        }
        if !self.options.path_prefix.is_empty() {
            *config.entry("pathPrefix") = self.options.path_prefix.as_str().into();
        }
        config
    }

    /// A Secret goes where Envoy's pods are, which read it now.
    fn move_secret(&mut self, policy: &Document, secret: &PodSecret, notes: &mut Notes) -> Result<(), String> {
        let into = self.options.envoy_namespace.as_str();
        let PodSecret { namespace, name, new_name } = secret;
        if namespace == into {
            return Ok(());
        }
        if let Some(at) = self.kept.iter().position(|document| document.is("Secret", namespace, name)) {
            let mut secret = self.kept.remove(at);
            let words = format!(
                "it is Secret/{new_name} of namespace {into} now: Envoy's pods read it, and not AI Gateway's controller"
            );
            notes.add(&secret, "metadata", &words);
            *secret.value.entry_at("metadata.name") = new_name.into();
            *secret.value.entry_at("metadata.namespace") = into.into();
            return self.create(secret.value);
        }
        if self.find_mut("Secret", (into, new_name)).is_none() {
            let words = format!(
                "Secret/{name} is in none of the files: Envoy's pods read it as Secret/{new_name} of namespace {into}"
            );
            notes.add(policy, "spec", &words);
        }
        Ok(())
    }
}

/// A new route with the labels and annotations of the one it stands for.
fn labelled(old: &Document, mut new: Value) -> Value {
    for key in ["labels", "annotations"] {
        let kept = old.value.get("metadata").get(key);
        if !kept.is_null() {
            *new.entry_at("metadata").entry(key) = kept.clone();
        }
    }
    new
}

fn identity(document: &Document) -> String {
    format!("{}/{}/{}", document.kind(), document.namespace(), document.name())
}
