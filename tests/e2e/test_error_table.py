"""docs/errors.md: every error, as a client saw it through a real Envoy that runs envoy/local.yaml. `make errors` writes it anew."""

import concurrent.futures
import json
import os
import re
import subprocess

import pytest

from harness import sse
from harness.deployed import Deployed
from harness.envoy_config import TYPE, cluster, typed
from harness.frames import EVENTS, REQUEST_ID, STREAM_HEAD, chunk, exception, frame, http_chunk, send_error, send_stream
from harness.messages import message
from harness.processes import ROOT, envoy_binary, free_port
from harness.raw import Broken, Connection
from harness.upstreams import Scripted, reset

DOCUMENT = ROOT / "docs/errors.md"
SAID = "Bedrock's words."
BREAKS = "the transfer breaks"

# AWS's name and status: the modeled exceptions, then those of the front end.
EXCEPTIONS = [
    ("AccessDeniedException", 403), ("ResourceNotFoundException", 404), ("ThrottlingException", 429), ("ModelTimeoutException", 408),
    ("InternalServerException", 500), ("ServiceUnavailableException", 503), ("ValidationException", 400), ("ServiceQuotaExceededException", 400),
    ("ModelNotReadyException", 429), ("ModelErrorException", 424), ("ModelStreamErrorException", 424),
    ("InternalFailure", 500), ("InvalidAction", 400), ("UnknownOperationException", 404), ("RequestEntityTooLargeException", 413),
    ("FTUFormNotFilled", 404), ("BadCScoreException", 403), ("NotAuthorized", 400),
    ("UnrecognizedClientException", 403), ("InvalidSignatureException", 403), ("SignatureDoesNotMatch", 403), ("IncompleteSignature", 400),
    ("ExpiredTokenException", 403), ("RequestExpired", 400), ("RequestTimeTooSkewed", 403), ("MissingAuthenticationTokenException", 403),
    ("InvalidClientTokenId", 403), ("AnExceptionOfTomorrow", 422),
]
WORDINGS = [
    ("AccessDeniedException", 403, "You don't have access to the model with the specified model ID."),
    ("AccessDeniedException", 403, "Could not access model"),
    ("AccessDeniedException", 403, "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace actions"),
    ("AccessDeniedException", 403, "Your account is not authorized to invoke this API operation."),
    ("AccessDeniedException", 403, "User: … is not authorized to perform: bedrock:InvokeModel on resource: …"),
    ("AccessDeniedException", 403, "Authentication failed: Please make sure your API Key is valid."),
    ("AccessDeniedException", 403, "Bearer Token has expired"),
    ("AccessDeniedException", 403, "Signature expired: … is now earlier than …"),
    ("", 403, "The security token included in the request is invalid."),
    ("ResourceNotFoundException", 404, "This model version has reached the end of its life."),
    ("ResourceNotFoundException", 404, "Access denied. This Model is marked by provider as Legacy"),
    ("ResourceNotFoundException", 404, "Could not resolve the foundation model from the provided model identifier."),
    ("ResourceNotFoundException", 404, "Model use case details have not been submitted for this account."),
    ("ValidationException", 400, "The provided model identifier is invalid."),
    ("ValidationException", 400, "Unknown model"),
    ("ValidationException", 400, "Invocation of model ID … with on-demand throughput isn't supported."),
    ("ValidationException", 400, "Operation not allowed"),
    ("ValidationException", 400, "1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than or equal to 25000000"),
    ("ValidationException", 400, "Input is too long for requested model."),
    ("ThrottlingException", 429, "Too many tokens, please wait before trying again."),
    ("ThrottlingException", 429, "Too many tokens per day, please wait before trying again."),
]
OF_THE_MODEL = [400, 401, 403, 404, 408, 413, 422, 424, 429, 500, 502, 503, 504, 529]
STATUSES = [400, 401, 402, 403, 404, 405, 407, 408, 409, 413, 422, 424, 429, 500, 501, 502, 503, 504]
PAGE = b"<html><head><title>503 Service Temporarily Unavailable</title><style>a{}</style></head><body><h1>503</h1></body></html>"
# What it is, status, body, other headers.
BODIES = [
    ("empty", 500, b"", {}),
    ("a proxy's page, no request id", 503, PAGE, {"content_type": "text/html", "x_amzn_requestid": None}),
    ("a page, with AWS's request id", 503, PAGE, {"content_type": "text/html"}),
    ("cut JSON", 503, b'{"message":"Too many requ', {}),
    ("cut JSON, the name in the header", 503, b'{"message":"Too many requ', {"x_amzn_errortype": "ThrottlingException"}),
    ("300 KB of JSON", 400, json.dumps({"message": "x" * 300_000}).encode(), {}),
    ("the name in `code`", 400, b'{"code":"ThrottlingException","message":"Bedrock\'s words."}', {}),
    ("the name in `__type`, `Message`", 400, b'{"__type":"com.amazon#throttlingException","Message":"Bedrock\'s words."}', {}),
    ("line breaks and escapes", 400, b'{"message":"a\\r\\nset-cookie: b\\u001b"}', {}),
]
# `error.type` and status.
NATIVE = [("invalid_request_error", 400), ("authentication_error", 401), ("permission_error", 403), ("not_found_error", 404), ("request_too_large", 413),
          ("rate_limit_error", 429), ("api_error", 500), ("overloaded_error", 529), ("error_of_tomorrow", 422)]


class Seen:
    """What a client got."""

    def __init__(self, response, broken=False):
        self.response, self.broken = response, broken
        self.retry = response.header("x-should-retry") if response else None
        self.error = None
        if broken:
            return
        if response.status == 200:
            events = sse.parse(response)
            assert sse.names(events).count("error") == 1 and events[-1].name == "error", events
            document, self.what = events[-1].json, "`event: error`"
        else:
            document, self.what = response.json(), str(response.status)
            assert response.header("content-type") == "application/json", response
        assert document["type"] == "error" and set(document) <= {"type", "error", "request_id"}, document
        self.error = document["error"]
        assert self.error["message"].strip() and not self.error["message"].startswith("{"), document
        self.request_id = document.get("request_id")
        assert self.request_id == response.header("request-id"), response

    @property
    def cell(self):
        if self.broken:
            return BREAKS
        return f"{self.what} `{self.error['type']}`" + (f", `x-should-retry: {self.retry}`" if self.retry else "")


def ask(gateway, case, streamed=True, headers=(), size=0, upload=None):
    """A request whose model is the case, which is in the path that Bedrock sees."""
    body = json.dumps({**message("Hello" + " " * size, stream=streamed), "model": case}).encode()
    with Connection(gateway.port) as connection:
        connection.post("/v1/messages", body, headers, pieces=[body[:upload]] if upload else None)
        response = None
        try:
            response = connection.response_head()
            connection.read_body(response)
        except Broken:
            return Seen(response, broken=True)
        return Seen(response)


def model_of(path):
    return path.split("/")[2]


def table(head, rows):
    lines = [" | ".join(("", *cells, "")).strip() for cells in (head, ["---"] * len(head), *(map(plain, row) for row in rows))]
    return "\n".join(lines) + "\n"


def plain(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def together(function, items):
    """In the order of the items, several at a time."""
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        return list(pool.map(function, items))


class Bedrock:
    """Plays what the path names: how, what, and where in the answer."""

    def __init__(self):
        self.plays = {}
        self.upstream = Scripted(lambda connection, path: self.plays[model_of(path)](connection))

    def add(self, case, play):
        case = re.sub("[^A-Za-z0-9.-]", "-", case)
        self.plays[case] = play
        return case


@pytest.fixture(scope="module")
def bedrock():
    played = Bedrock()
    yield played
    played.upstream.stop()


@pytest.fixture(scope="module")
def deployed(folder, bedrock):
    gateway = Deployed(folder, bedrock.upstream.port)
    yield gateway.wait_ready()
    gateway.stop()


def three_ways(gateway, bedrock, name, play_answer, frames):
    """As an answer, as a stream's first frame, behind a stream's first event."""
    cases = [bedrock.add(f"{name}-answer", play_answer),
             bedrock.add(f"{name}-first", lambda connection: send_stream(connection, *frames)),
             bedrock.add(f"{name}-later", lambda connection: send_stream(connection, chunk(EVENTS[0]), *frames, chunk(EVENTS[-1])))]
    seen = [ask(gateway, case) for case in cases]
    assert {each.request_id for each in seen} == {REQUEST_ID}
    if name[0].isupper():
        assert [each.response.header("retry-after") for each in seen] == ["7", None, None]
    messages = {each.error["message"] for each in seen}
    assert len(messages) == 1, messages
    return [*(each.cell for each in seen), messages.pop()]


def beyond(words, message):
    assert message.startswith(words), message
    return message[len(words):].strip() or "–"


WAYS = ["as the answer", "as a stream's first frame", "inside a stream"]


def exceptions(gateway, bedrock):
    def row(item):
        name, status = item
        members = {"originalStatusCode": 500} if status == 424 else {}
        body = json.dumps({"message": SAID, **members}).encode()
        *cells, message = three_ways(gateway, bedrock, name, lambda connection: send_error(connection, status, body, x_amzn_errortype=name, retry_after="7"),
                                     [exception(name, SAID, **members)])
        return f"`{name}` {status}", *cells, beyond(SAID, message)
    return table(["Bedrock", *WAYS, "put behind Bedrock's words"], together(row, EXCEPTIONS))


def wordings(gateway, bedrock):
    def row(item):
        number, (name, status, words) = item
        body = json.dumps({"message": words}).encode()
        *cells, message = three_ways(gateway, bedrock, f"wording-{number}", lambda connection: send_error(connection, status, body, x_amzn_errortype=name or None),
                                     [exception(name or "AccessDeniedException", words)])
        return f"`{name}` {words}" if name else f"(no name) {words}", *cells, beyond(words, message)
    return table(["Bedrock", *WAYS, "put behind Bedrock's words"], together(row, enumerate(WORDINGS)))


def of_the_model(gateway, bedrock):
    def row(status):
        body = json.dumps({"message": SAID, "originalStatusCode": status}).encode()
        *cells, message = three_ways(gateway, bedrock, f"model-{status}", lambda connection: send_error(connection, 424, body, x_amzn_errortype="ModelErrorException"),
                                     [exception("ModelStreamErrorException", SAID, originalStatusCode=status)])
        assert message == SAID
        return status, *cells
    return table(["`originalStatusCode`", *WAYS], together(row, OF_THE_MODEL))


def statuses(gateway, bedrock):
    def row(status):
        case = bedrock.add(f"status-{status}", lambda connection: send_error(connection, status, json.dumps({"message": SAID}).encode()))
        seen = ask(gateway, case, streamed=False)
        return status, seen.cell, beyond(SAID, seen.error["message"])
    return table(["Bedrock", "client", "put behind Bedrock's words"], together(row, STATUSES))


def bodies(gateway, bedrock):
    def row(item):
        what, status, body, headers = item
        seen = ask(gateway, bedrock.add(what, lambda connection: send_error(connection, status, body, **headers)), streamed=False)
        assert len(seen.response.body) < 2000 and "\x1b" not in str(seen.response.headers) and seen.response.header("set-cookie") is None
        text = seen.error["message"]
        return f"{what}, {status}", seen.cell, text if len(text) < 150 else text[:150] + " …"
    return table(["Bedrock's answer", "client", "message"], together(row, BODIES))


def native(gateway, bedrock):
    def row(item):
        kind, status = item
        body = json.dumps({"type": "error", "error": {"type": kind, "message": SAID}, "request_id": "req_of_upstream"}).encode()
        seen = ask(gateway, bedrock.add(f"native-{kind}", lambda connection: send_error(connection, status, body)), streamed=False)
        return f"{status} `{kind}`", seen.cell, beyond(SAID, seen.error["message"])
    return table(["upstream", "client", "put behind its words"], together(row, NATIVE))


def damaged(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def stream_faults(gateway, bedrock):
    delta = chunk(EVENTS[2])
    error = frame({":message-type": "error", ":error-code": "InternalFailure", ":error-message": SAID}, b"")
    no_chunk = frame({":event-type": "chunk", ":message-type": "event"}, b'{"bytes":"no base64!"}')
    no_event = frame({":event-type": "chunk", ":message-type": "event"}, b'{"bytes":"bm8ganNvbg=="}')
    faults = [("an error frame", [error]), ("a wrong checksum", [damaged(delta)]), ("a wrong checksum of the lengths", [delta[:8] + b"1234" + delta[12:]]),
              ("an impossible length", [chunk(EVENTS[2], total=9)]), ("a length over `limits.frameBytes`", [chunk(EVENTS[2], total=1 << 30)]),
              ("no event stream", [b"<html>this is no event stream</html>"]), ("a chunk that is no base64", [no_chunk]),
              ("a chunk that is no JSON", [no_event]), ("half a frame, then the end", [delta[:40]]), ("the end, properly", [])]

    def row(item):
        what, frames = item
        cells = []
        for place, first in (("first", []), ("later", [chunk(EVENTS[0])])):
            case = bedrock.add(f"{what}-{place}", lambda connection, first=first: send_stream(connection, *first, *frames))
            seen = ask(gateway, case)
            cells.append(seen.cell)
        return what, *cells, seen.error["message"]

    def broken(connection):
        connection.sendall(STREAM_HEAD + http_chunk(chunk(EVENTS[0])))
        reset(connection)

    def held(connection):
        connection.sendall(STREAM_HEAD)
        reset(connection)

    seen = [ask(gateway, bedrock.add("broken-held", held)), ask(gateway, bedrock.add("broken-later", broken))]
    rows = together(row, faults) + [("the connection breaks", *(each.cell for each in seen), seen[0].error["message"] if seen[0].error else "–")]
    return table(["Bedrock sends", "before any event", "inside a stream", "message"], rows)


# ---- Envoy's own


def play(kind):
    def script(connection):
        if kind == "closes":
            return
        if kind == "no-http":
            connection.sendall(b"SSH-2.0-OpenSSH_9\r\n\r\n")
        if kind in ("head", "begun"):
            connection.sendall(STREAM_HEAD + (http_chunk(chunk(EVENTS[0])) if kind == "begun" else b""))
        connection.settimeout(4)
        while connection.recv(1000):
            pass
    return script


def route(case, to, **members):
    return {"match": {"prefix": f"/model/{case}/"}, "route": {"cluster": to, "timeout": "0s", **members}}


def refusing(case, name, config):
    return {**route(case, "silent"), "typed_per_filter_config": {name: config}}


RBAC, LIMIT, FAULT, JWT = (f"envoy.filters.http.{name}" for name in ("rbac", "local_ratelimit", "fault", "jwt_authn"))
DENY = {"rules": {"action": "DENY", "policies": {"nobody": {"permissions": [{"any": True}], "principals": [{"any": True}]}}}}
DENY_TAGGED = {"rules": {"action": "DENY", "policies": {"tagged": {"permissions": [{"header": {"name": "x-deny", "present_match": True}}],
                                                                   "principals": [{"any": True}]}}}}
NO_TOKENS = {"@type": TYPE + "extensions.filters.http.local_ratelimit.v3.LocalRateLimit", "stat_prefix": "test",
             "token_bucket": {"max_tokens": 1, "tokens_per_fill": 1, "fill_interval": "3600s"},
             "filter_enabled": {"default_value": {"numerator": 100}}, "filter_enforced": {"default_value": {"numerator": 100}}}
JWK = {"kty": "oct", "alg": "HS256", "kid": "1", "k": "c2VjcmV0"}
FILTERS_AFTER = [
    typed(RBAC, "extensions.filters.http.rbac.v3.RBAC"),
    typed(LIMIT, "extensions.filters.http.local_ratelimit.v3.LocalRateLimit", stat_prefix="test"),
    typed(FAULT, "extensions.filters.http.fault.v3.HTTPFault"),
    typed(JWT, "extensions.filters.http.jwt_authn.v3.JwtAuthentication", rules=[{"match": {"prefix": "/model/token/"}, "requires": {"provider_name": "nobody"}}],
          providers={"nobody": {"issuer": "nobody", "local_jwks": {"inline_string": json.dumps({"keys": [JWK]})}}}),
]
FILTERS_BEFORE = [
    typed(RBAC + ".before", "extensions.filters.http.rbac.v3.RBAC", **DENY_TAGGED),
]


def own_clusters(upstreams):
    overflow = cluster("overflow", upstreams["silent"].port)
    overflow["circuit_breakers"]["thresholds"] = [{"max_connections": 0, "max_pending_requests": 0, "max_requests": 0}]
    nobody = cluster("nobody", 1)
    nobody["load_assignment"]["endpoints"] = []
    tls = {**cluster("tls", upstreams["silent"].port), "connect_timeout": "0.5s"}
    tls["transport_socket"] = typed("envoy.transport_sockets.tls", "extensions.transport_sockets.tls.v3.UpstreamTlsContext")
    return [overflow, nobody, tls, cluster("refused", free_port()), *(cluster(name, upstream.port) for name, upstream in upstreams.items())]


def own_routes():
    times = {"timeout": {"timeout": "0.7s"}, "idle": {"idle_timeout": "0.7s"}, "duration": {"max_stream_duration": {"max_stream_duration": "0.7s"}}}
    phases = {"before": "silent", "held": "head", "later": "begun"}
    timed = [route(f"{name}-{phase}", to, **members) for name, members in times.items() for phase, to in phases.items()]
    filters = [refusing("limited", LIMIT, NO_TOKENS),
               refusing("rbac", RBAC, {"@type": TYPE + "extensions.filters.http.rbac.v3.RBACPerRoute", "rbac": DENY}),
               refusing("aborted", FAULT, {"@type": TYPE + "extensions.filters.http.fault.v3.HTTPFault",
                                           "abort": {"http_status": 503, "percentage": {"numerator": 100}}})]
    answered = {"match": {"prefix": "/model/answered/"}, "direct_response": {"status": 418, "body": {"inline_string": "a teapot"}}}
    nowhere = {"match": {"prefix": "/model/nowhere/"}, "route": {"cluster_header": "x-cluster-that-is-not-there"}}
    retried = route("retried", "refused", retry_policy={"retry_on": "5xx", "num_retries": 1})
    per_try = route("per-try", "silent", retry_policy={"retry_on": "5xx", "num_retries": 1, "per_try_timeout": "0.3s"})
    token = route("token", "silent")
    plain = [route(name, name) for name in ("nobody", "refused", "overflow", "tls", "no-http", "closes", "silent")]
    return [*plain, retried, per_try, *timed, *filters, token, answered, nowhere]


# What happens, and the case before the answer, while a stream's headers are held, and inside a stream.
OWN = [
    ("no host in the cluster (UH)", "nobody", None, None),
    ("connection refused (UF)", "refused", None, None),
    ("refused again on a retry (URX, UF)", "retried", None, None),
    ("no answer to TLS (UF)", "tls", None, None),
    ("circuit breaker (UO)", "overflow", None, None),
    ("closed before an answer (UC)", "closes", None, None),
    ("no HTTP (UPE)", "no-http", None, None),
    ("route's `timeout` (UT)", "timeout-before", "timeout-held", "timeout-later"),
    ("`per_try_timeout` (URX, UT)", "per-try", None, None),
    ("`idle_timeout` (SI)", "idle-before", "idle-held", "idle-later"),
    ("`max_stream_duration`", "duration-before", "duration-held", "duration-later"),
    ("no cluster for the route (NC, NR)", "nowhere", None, None),
    ("a route's own answer", "answered", None, None),
    ("rate limit of a filter behind (RL)", "limited", None, None),
    ("RBAC behind", "rbac", None, None),
    ("jwt_authn behind", "token", None, None),
    ("fault filter behind (FI)", "aborted", None, None),
]


@pytest.fixture(scope="module")
def own(folder):
    upstreams = {"silent": Scripted(play("silent")), **{name: Scripted(play(name)) for name in ("closes", "no-http", "head", "begun")}}
    gateway = Deployed(folder, upstreams["silent"].port, routes=own_routes(), clusters=own_clusters(upstreams), filters_before=FILTERS_BEFORE,
                       filters_after=FILTERS_AFTER, stream_idle_timeout="1.5s", per_connection_buffer_limit_bytes="200000")
    yield gateway.wait_ready()
    if gateway.program.running():
        gateway.stop()
    for each in upstreams.values():
        each.stop()


def envoys_own(gateway):
    # The bucket's one token.
    threads = concurrent.futures.ThreadPoolExecutor(12)
    used = threads.submit(ask, gateway, "limited", headers=[("x-first", "1")])
    assert used.result().error
    cases = [case for _, *cases in OWN for case in cases if case]
    others = {"upload": {"case": "silent", "upload": 30}, "buffer": {"case": "silent", "size": 300_000},
              "denied": {"case": "silent", "headers": [("x-deny", "1")]}}
    jobs = {case: threads.submit(ask, gateway, case) for case in cases}
    jobs |= {name: threads.submit(ask, gateway, **job) for name, job in others.items()}
    seen = {case: job.result() for case, job in jobs.items()}
    with Connection(gateway.port) as connection:
        connection.send(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n")
        response = connection.response_head()
        connection.read_body(response)
        seen["no-http-request"] = Seen(response)
    gateway.stop()
    details = {path.split("/")[2]: text for path, text in gateway.access_log().items() if path.startswith("/model/")}
    for each in seen.values():
        assert each.broken or each.request_id is None, "that id would be Bedrock's"

    rows = []
    for what, *cases in [*OWN, ("request over the buffers", "buffer", None, None), ("upload that stops (SI)", "upload", None, None),
                         ("RBAC before the filter", "denied", None, None), ("a request that is no HTTP", "no-http-request", None, None)]:
        cells = [seen[case].cell if case else "–" for case in cases]
        messages = [seen[case].error["message"] for case in cases if case and seen[case].error]
        rows.append((what, *cells, "<br>".join(dict.fromkeys(messages)), "`" + details.get(cases[0], "?").split("|")[0] + "`" if cases[0] in details else "–"))
    return table(["what happens (flags)", "before an answer", "while a stream's headers are held", "inside a stream", "message", "details in the access log"], rows)


# ---- the document


def test_the_table_of_errors(deployed, own, bedrock):
    sections = [function(deployed, bedrock) for function in (exceptions, wordings, of_the_model, statuses, bodies, native, stream_faults)]
    document = INTRODUCTION.format(*sections, envoys_own(own))
    if os.environ.get("UPDATE_DOCS"):
        DOCUMENT.write_text(document)
    checked_in = DOCUMENT.read_text()
    if not is_pinned_envoy():
        document, checked_in = without_envoys_words(document), without_envoys_words(checked_in)
    assert document.splitlines() == checked_in.splitlines()


def without_envoys_words(document):
    """Other versions of Envoy have other words and details for the same; statuses and types stay."""
    start, end = document.split("## Envoy's own answers")
    return start + re.sub(r"( \| [^|]*){2} \|$", " |", end, flags=re.M)


def is_pinned_envoy():
    version = subprocess.run([envoy_binary(), "--version"], stdout=subprocess.PIPE, timeout=30).stdout.decode()
    return f"/{(ROOT / 'envoy/VERSION').read_text().strip()}/" in version


INTRODUCTION = """# Errors

What a client sees of each error: a table that `tests/e2e/test_error_table.py` makes of what it saw through a real Envoy with `envoy/local.yaml`, and compares
with this file; `make errors` writes it anew. What to do about each is in [troubleshooting.md](troubleshooting.md).

Every error is Anthropic's envelope, `{{"type":"error","error":{{"type":…,"message":…}},"request_id":…}}`. Bedrock's wording stands first in `message`, unchanged.
`request_id`, and the header `request-id`, are AWS's `x-amzn-requestid`; an error without it is not Bedrock's. `retry-after` and `retry-after-ms` are passed on.
SDKs try again after 408, 409, 429 and every 5xx, unless `x-should-retry` says otherwise.

While the headers of a stream are held, until its first bytes, an error is a real HTTP status; later it is one `event: error`, and the end.

## Bedrock's exceptions

By the name in `x-amzn-errortype`, else in the body's `code` or `__type`, in upper or lower case; the status does not count. A status of 502 with
`x-should-retry: false` means that the gateway's own credentials are refused: no client can mend that, and none should ask its user for a key. Envoy's log names
the cause then, once a minute at most.

{0}
## Wordings that say more than the name

{1}
## Failures of the model itself

`ModelErrorException` and `ModelStreamErrorException` (424) count by the status that the model gave Bedrock.

{2}
## Answers that name no exception

{3}
## Bodies

{4}
## Native upstreams

What has Anthropic's shape already keeps its status, its type and its `error` byte for byte, but for a key that is refused: it is the gateway's.

{5}
## Streams that go wrong

{6}
## Envoy's own answers, and those of other filters

Their status stays what it was, but that a lack of capacity becomes 529, and `message` says what to do and quotes Envoy. What the filter does not see (an answer
while it holds a stream's headers, one of a filter before it) gets its shape by `local_reply_config` of the deployment file. When Envoy or the upstream breaks a
stream off inside, nobody can add an event to it: the transfer breaks for the client too.

{7}"""
