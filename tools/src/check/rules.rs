//! The rules of `check`: one row each.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Requests fail, or secrets leak.
    Error,
    /// It may be meant, or still has to be filled in.
    Warning,
}

/// What a rule says.
#[derive(Debug)]
pub struct Row {
    /// Which one it is.
    pub rule: Rule,
    /// Its name in the output.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub wrong: &'static str,
    /// What to do.
    pub mend: &'static str,
}

macro_rules! rules {
    ($($rule:ident $id:literal $severity:ident $wrong:literal, $mend:literal;)*) => {
        /// A rule, by its name in the code; its row says what it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the rows say it")]
        pub enum Rule { $($rule),* }

        /// All rules, in the order of the enum.
        pub const RULES: &[Row] = &[$(
            Row { rule: Rule::$rule, id: $id, severity: Severity::$severity, wrong: $wrong, mend: $mend }
        ),*];
    };
}

rules! {
    PluginConfig "plugin-config" Error
        "the filter refuses this configuration",
        "docs/configuration.md has every member";
    NoFilter "no-filter" Warning
        "none of them has this filter in it",
        "It is found by `bedrock-messages` in its name or the module's address, or by its configuration";
    PluginRegion "plugin-region" Warning
        "no region is given",
        "Give `region`, or see to it that AWS_REGION reaches the filter";
    RolePair "role-pair" Error
        "`transform` and `hold` belong together, once each and nothing else of the filter beside them",
        "List the module twice, `transform` first and `hold` behind it; or once, as `single`";
    RoleOrder "role-order" Error
        "`hold` stands before `transform`",
        "Put it behind `transform`";
    RoleCode "role-code" Error
        "the two of the pair do not load the same module",
        "Give both the same `code`";
    PatchMissing "patch-missing" Error
        "`role` single needs allow_on_headers_stop_iteration, and no EnvoyPatchPolicy sets it for this entry in each listener",
        "Use the pair `transform` and `hold`, or add the patch";
    PatchOrder "patch-order" Error
        "this patch comes after the policy that it is for, and Envoy reads the option once, when it loads the \
         module: every request would get 500",
        "Put it before the EnvoyExtensionPolicy";
    StopIteration "stop-iteration" Error
        "`role` single needs the option `allow_on_headers_stop_iteration: true` in the plugin's configuration",
        "Set it";
    FailOpen "fail-open" Error
        "with this, requests go on untranslated and unsigned when the filter does not run",
        "Take it out; in plain Envoy use `failure_policy: FAIL_RELOAD`";
    RequestBuffer "request-buffer" Error
        "bodies longer than Envoy's small default buffer get 413, and Claude Code's smallest is 52 KB",
        "Give the route a BackendTrafficPolicy with `requestBuffer.limit: 33Mi`; in plain Envoy set \
         `per_connection_buffer_limit_bytes`";
    BufferLimit "buffer-limit" Warning
        "this limit is below the filter's own `limits.requestBytes`, so that longer requests get Envoy's 413 and \
         not the filter's",
        "Raise this one or lower that one";
    StreamWindow "stream-window" Warning
        "HTTP/2 requests are limited by the stream's window, which is below the filter's `limits.requestBytes`",
        "Raise it too";
    RouteTimeout "route-timeout" Error
        "without a timeout of its own the route has Envoy's, 15 s for the whole answer",
        "Set `timeouts.request: 0s` in the rule, or `timeout.http.requestTimeout: 0s` in a BackendTrafficPolicy; \
         in plain Envoy `timeout: 0s`";
    TimeoutShort "timeout-short" Warning
        "answers that take longer than this are cut off",
        "Models may take minutes: set 0s, or 600s as the SDKs have";
    Rewrite "rewrite" Error
        "this changes a request after it was signed, and AWS refuses it",
        "Take it out: the filter sets host and path itself";
    HeaderModifier "header-modifier" Error
        "this changes a header that is signed, or that AWS reads",
        "Take it out";
    NoClientRule "no-client-rule" Error
        "no rule of the routes that the filter is for takes POST /v1/messages",
        "Add a rule with the path prefix /v1/";
    NoBedrockRule "no-bedrock-rule" Error
        "Envoy selects the route again for the request as the filter has rewritten it, and no rule takes that",
        "Add a rule for it, by its path and without headers";
    RouteHeader "route-header" Error
        "the only rules for the request as the filter has rewritten it match on headers or queries that it takes \
         off",
        "Match by the path alone; which requests go to Bedrock is the filter's `routing`";
    RouteHostname "route-hostname" Error
        "the filter rewrites the host, and these hostnames keep Bedrock's out",
        "Leave hostnames out here and at the listener, or name Bedrock's host too";
    BackendPlace "backend-place" Error
        "the rule for Bedrock's calls leads to another host than they are signed for",
        "Let it lead to that host";
    BackendMissing "backend-missing" Warning
        "the rule for Bedrock's calls leads to what stands in none of the files, so it is not checked",
        "Mend the name, or check the files together";
    NoBackend "no-backend" Error
        "the rule for Bedrock's calls leads nowhere, and they get 500",
        "Give it `backendRefs`";
    ExternalName "external-name" Error
        "Envoy Gateway does not route to a Service of the type ExternalName",
        "Use a Backend with that host and a BackendTLSPolicy";
    AwsPort "aws-port" Error
        "AWS answers on port 443 alone",
        "Give that port";
    TlsMissing "tls-missing" Error
        "AWS is called without TLS",
        "Add a BackendTLSPolicy for this Backend, or `tls`; one with `sectionName` fits only where each `backendRefs` has the \
         `port`. In plain Envoy add a `transport_socket`";
    TlsHostname "tls-hostname" Error
        "the name that TLS asks for is not the host's",
        "Give both the same name";
    TlsUnverified "tls-unverified" Error
        "the certificate of AWS is not verified: whoever answers gets the requests and the bearer keys",
        "Give certificate authorities and the name";
    RegionMismatch "region-mismatch" Error
        "the region is not the one that the filter signs for",
        "Name one region everywhere";
    ClusterUnknown "cluster-unknown" Error
        "no document defines the cluster that is named here",
        "Define it in `bootstrap` of the EnvoyProxy; in plain Envoy in `static_resources.clusters`";
    ProxyUnused "proxy-unused" Error
        "the cluster that is named here is in an EnvoyProxy that the Gateway does not use",
        "Name the EnvoyProxy in `infrastructure.parametersRef` of the Gateway, or in `parametersRef` of its GatewayClass";
    BootstrapText "bootstrap-text" Error
        "this is not readable",
        "It has to be the YAML of an Envoy bootstrap";
    OpenListener "open-listener" Error
        "this listener hands out a file, keys perhaps, and can be reached from outside",
        "Give it the address 127.0.0.1";
    FileMissing "file-missing" Error
        "Envoy's pods have no such file",
        "Mount it: `pod.volumes` and `container.volumeMounts` of the EnvoyProxy, and a folder, not `subPath`";
    FileStale "file-stale" Warning
        "Envoy does not read the file again when it changes",
        "Give `watched_directory` beside `filename`";
    FileSize "file-size" Warning
        "Envoy does not start with a file of more than 4096 bytes, and keeps the old text when a longer one comes",
        "Set `max_direct_response_body_size_bytes: 65536` here";
    SecretNamespace "secret-namespace" Error
        "Envoy's pods use this Secret, and run in the namespace of Envoy Gateway",
        "Put it into that namespace, `envoy-gateway-system` by default";
    EnvKeys "env-keys" Error
        "credentials come from the environment, and no variable of them is handed on to the filter",
        "Name AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_BEARER_TOKEN_BEDROCK, in \
         `env.hostKeys`; in plain Envoy in `host_env_keys`";
    ExternalSigner "external-signer" Error
        "with `external` Envoy's aws_request_signing signs, and there is none behind the filter",
        "Add it, as envoy/credentials/external.yaml has it, or use other credentials";
    EnvProvider "env-provider" Warning
        "this source is always empty, for its variables are not handed on to the filter",
        "Name them in `env.hostKeys`, in plain Envoy in `host_env_keys`, or take it out";
    EnvUnset "env-unset" Warning
        "the variable is handed on, and the EnvoyProxy gives Envoy none of that name",
        "Give it one in `container.env`";
    Placeholder "placeholder" Warning
        "this has yet to be filled in",
        "Put in your own value";
    CodeType "code-type" Error
        "`type` names one kind of source, and another one is given",
        "Make them agree: `HTTP` and `http`, or `Image` and `image`";
    CodeSha256 "code-sha256" Warning
        "without `sha256` whatever the address has at the time is loaded",
        "Pin it: of an image the manifest's digest, of a file its SHA-256";
    CodeSha256Form "code-sha256-form" Error
        "this is no SHA-256",
        "It has to be a text of 64 hexadecimal digits, in quotation marks, without `sha256:`";
    FilterOrder "filter-order" Error
        "this puts the filter before the buffer, which then does not work: 413 above 32 KiB",
        "Take it out: the default order is right";
    TargetMissing "target-missing" Warning
        "what this policy is for stands in none of the files, so its route, buffer and timeouts are not checked",
        "Check the files together";
    PolicyDisplaced "policy-displaced" Error
        "another policy takes the place of this one, whole: the filter does not run",
        "Put all into one policy, or give the more specific one `mergeType`";
    AiGateway "ai-gateway-kind" Warning
        "Envoy AI Gateway reads this, and the filter does not",
        "Convert it with `bedrock-messages convert`";
    NotChecked "not-checked" Warning
        "this is neither a manifest nor a configuration of Envoy's",
        "Nothing in it was checked";
}

impl Rule {
    /// What it says.
    pub fn row(self) -> &'static Row {
        &RULES[self as usize]
    }
}
