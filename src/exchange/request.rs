//! The request's half of the story.

use super::access::Access;
use super::betas::Betas;
use super::headers::{self, HeaderMap, Headers};
use super::model::{self, Resolved};
use super::outgoing::{self, Call, Notes, Outgoing, Signers};
use super::reply::Reply;
use super::response::{Expected, Response};
use super::route::{self, Endpoint};
use super::{Begin, body, fields, knobs};
use crate::anthropic::error::ErrorType;
use crate::bedrock::betas::LONG_CONTEXT;
use crate::bedrock::fields::Treatment;
use crate::bedrock::operation::Operation;
use crate::config::{Config, CountTokens, Upstream};
use crate::json::{Coding, Drops, Editor};
use std::rc::Rc;

/// A request that the filter holds.
pub struct Request {
    config: Rc<Config>,
    endpoint: Endpoint,
    /// It goes to Bedrock for certain; false while its model has yet to be read.
    decided: bool,
    client: Client,
    plan: Plan,
    editor: Editor,
    read: usize,
}

/// What is kept of the client's head.
struct Client {
    /// Headers that go on.
    carried: HeaderMap,
    betas: Betas,
    /// Bedrock's own headers, or what is wrong with those of the client that they are made of.
    knobs: Result<HeaderMap, Reply>,
    version: &'static str,
    user_profile_id: Option<String>,
}

/// How the body is edited and digested as it arrives: by what is known of the request at its head.
#[derive(Clone, Debug)]
struct Plan {
    drops: Drops,
    digest: Option<Coding>,
}

/// What a piece of the body brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    More,
    /// The request is not ours after all: on with it, untouched.
    Pass,
}

/// What the end of the request brought.
#[allow(clippy::large_enum_variant, reason = "made once a request, and taken apart at once")]
pub enum Finish {
    /// The request is not ours after all: on with it, untouched.
    Pass,
    /// What was read last asks for other edits than were made: feed the whole body to this again.
    Again(Box<Request>),
    /// It can leave when there are credentials: keep its body, and finish it anew then.
    Wait(Box<Request>),
    /// Change the request so and send it; the second half of the story follows.
    Send(Box<Outgoing>, Response),
}

impl Request {
    pub(super) fn take(config: &Rc<Config>, head: &Headers<'_>, endpoint: Endpoint, decided: bool) -> Begin {
        let length = head.text("content-length").and_then(|length| length.parse::<u64>().ok());
        if length.is_some_and(|length| length > config.limits.request_bytes as u64) {
            return if decided { Begin::Answer(too_large(config)) } else { Begin::Pass };
        }
        let knobs = match knobs::lines(config, head) {
            Err(reply) if decided => return Begin::Answer(reply),
            // Nothing is said of a request that may not be ours; one that is must not go without them.
            knobs => knobs,
        };
        let client = Client {
            carried: headers::carried(head),
            betas: Betas::of_head(head, &config.betas),
            knobs,
            version: headers::anthropic_version(head),
            user_profile_id: head.get("anthropic-user-profile-id").map(headers::sanitized),
        };
        let plan = Plan::usual(config, endpoint, &client.betas);
        let editor = plan.editor(config);
        Begin::Take(Box::new(Self { config: config.clone(), endpoint, decided, client, plan, editor, read: 0 }))
    }

    /// Reads the next piece of the body.
    pub fn body(&mut self, piece: &[u8]) -> Result<Progress, Reply> {
        let room = self.config.limits.request_bytes.saturating_sub(self.read);
        let within = piece.get(..room).unwrap_or(piece);
        self.read = self.read.saturating_add(within.len());
        let read = match self.editor.feed(within) {
            Err(error) => Err(Reply::invalid(&format!("request body: {error}"))),
            Ok(()) if within.len() < piece.len() => Err(too_large(&self.config)),
            Ok(()) => Ok(Progress::More),
        };
        // Before the fault: one behind the model must not count for more because both came in one piece.
        if !self.decided
            && let Some(name) = body::model(&self.editor)
        {
            self.decided = name.is_ok_and(|name| route::is_bedrock_model(&self.config, &name));
            if !self.decided {
                return Ok(Progress::Pass);
            }
        }
        // With a fault before the model, the request is not ours.
        if self.decided { read } else { Ok(read.unwrap_or(Progress::Pass)) }
    }

    /// The body is complete. `access` is what there is now, `signers` are of this configuration, `unix_seconds` is the time.
    pub fn finish(mut self, access: Access<'_>, signers: &mut Signers, unix_seconds: u64) -> Result<Finish, Reply> {
        if !self.decided {
            return Ok(Finish::Pass);
        }
        let config = self.config.clone();
        self.editor.is_complete().map_err(|error| Reply::invalid(&format!("request body: {error}")))?;
        let name = body::model(&self.editor).ok_or_else(|| Reply::invalid("model: field required"))??;
        let stream = body::stream(&self.editor)?;
        let resolved = model::resolve(&config, &name)?;
        let (operation, mantle) = operation(&config, self.endpoint, &resolved, stream);

        let newer = resolved.is_newer();
        for beta in body::betas(&self.editor)? {
            self.client.betas.ask(&beta, &config.betas);
        }
        if resolved.long_context {
            self.client.betas.ask(LONG_CONTEXT, &config.betas);
        }
        for beta in config.field_rules.added_betas(self.editor.found()) {
            self.client.betas.ask(beta, &config.betas);
        }
        self.client.betas.check()?;
        let betas = self.client.betas.filter(&config.betas, newer);
        let counting_on_mantle = operation == Operation::MessagesCountTokens;
        let treatment = Treatment { betas_dropped: &betas.dropped, newer, counting_on_mantle };
        fields::refuse(&config, self.editor.found(), &treatment)?;
        let plan = Plan::new(&config, &treatment, operation);
        if !self.plan.does_what(&plan, &self.editor) {
            let editor = plan.editor(&config);
            return Ok(Finish::Again(Box::new(Self { plan, editor, read: 0, ..self })));
        }
        match self.client.knobs {
            Err(reply) if operation.has_knobs() => return Err(reply),
            _ => {}
        }
        // All that is wrong with the request was said by now, but for what it measures in base64.
        if let Access::Awaited = access {
            return Ok(Finish::Wait(Box::new(self)));
        }

        let stripped = fields::names(&config, self.editor.found(), &treatment);
        let model_id = resolved.id_for(operation);
        let Client { carried, knobs, version, user_profile_id, .. } = self.client;
        let user_profile_id = user_profile_id.filter(|_| newer);
        let members = body::members(&self.editor, operation, &model_id, &betas.sent, user_profile_id.as_deref());
        let edited = self.editor.finish(&members).map_err(|error| Reply::invalid(&format!("request body: {error}")))?;
        // In base64 it is a third longer, and Envoy's buffer is as large as the limit.
        let coding = operation.coding();
        if coding != Coding::Plain && coding.length(edited.length) > config.limits.request_bytes as u64 {
            return Err(too_large(&config));
        }
        let headers = match operation {
            Operation::InvokeModel | Operation::InvokeModelWithResponseStream => knobs?,
            Operation::CountTokens => HeaderMap::new(),
            Operation::Messages | Operation::MessagesCountTokens => {
                headers::native(version, &betas.sent, user_profile_id.as_deref())
            }
        };
        let call = Call { operation, mantle, model_id: &model_id, headers };
        let headers = outgoing::headers(&config, carried, call, &edited, access, signers, unix_seconds)?;
        let notes = Notes { request_model: shown(&name), model_id: shown(&model_id), operation, stripped };
        let outgoing = Outgoing { headers, edits: edited.edits, coding, notes };
        let response = Response::new(&config, Expected::of(operation, stream));
        Ok(Finish::Send(Box::new(outgoing), response))
    }

    /// Something else answers the request before it was complete: what becomes of that answer, if the request is ours.
    pub fn interrupted(&self) -> Option<Response> {
        self.decided.then(|| Response::new(&self.config, Expected::Document))
    }
}

impl Plan {
    /// Before the body is read.
    fn usual(config: &Config, endpoint: Endpoint, betas: &Betas) -> Self {
        let operation = match (endpoint, config.count_tokens) {
            (Endpoint::Messages, _) => Operation::InvokeModel,
            (Endpoint::CountTokens, CountTokens::Runtime) if config.upstream != Upstream::Mantle => {
                Operation::CountTokens
            }
            (Endpoint::CountTokens, _) => Operation::MessagesCountTokens,
        };
        let betas = betas.filter(&config.betas, true);
        let counting_on_mantle = operation == Operation::MessagesCountTokens;
        Self::new(config, &Treatment { betas_dropped: &betas.dropped, newer: true, counting_on_mantle }, operation)
    }

    fn new(config: &Config, treatment: &Treatment<'_>, operation: Operation) -> Self {
        let digest = config.credentials.may_sign().then(|| operation.coding());
        Self { drops: config.field_rules.drops(treatment), digest }
    }

    fn editor(&self, config: &Config) -> Editor {
        Editor::new(config.field_rules.paths(), &self.drops, self.digest)
    }

    /// Whether this plan made of what the editor has read what the other would.
    fn does_what(&self, other: &Plan, editor: &Editor) -> bool {
        let drops = |plan: &Plan, rule: usize| plan.drops.get(rule).copied();
        self.digest == other.digest
            && editor.found().iter().all(|found| drops(self, found.rule) == drops(other, found.rule))
    }
}

/// What AWS is asked for, and whether on mantle.
fn operation(config: &Config, endpoint: Endpoint, resolved: &Resolved<'_>, stream: bool) -> (Operation, bool) {
    let mantle = resolved.upstream == Upstream::Mantle;
    match endpoint {
        Endpoint::CountTokens if mantle || config.count_tokens == CountTokens::Mantle => {
            (Operation::MessagesCountTokens, true)
        }
        Endpoint::CountTokens => (Operation::CountTokens, false),
        Endpoint::Messages if resolved.upstream != Upstream::Invoke => (Operation::Messages, mantle),
        Endpoint::Messages if stream => (Operation::InvokeModelWithResponseStream, false),
        Endpoint::Messages => (Operation::InvokeModel, false),
    }
}

/// A model's name for the operator; one from a client may be any text.
fn shown(name: &str) -> String {
    const LONGEST: usize = 256;
    let name = name.get(..name.floor_char_boundary(LONGEST)).unwrap_or(name);
    headers::sanitized(name.as_bytes())
}

fn too_large(config: &Config) -> Reply {
    let most = config.limits.request_bytes;
    Reply::error(
        413,
        ErrorType::RequestTooLarge,
        &format!("request body: larger than the {most} bytes this gateway takes"),
    )
}
