"""Errors: Bedrock's and Envoy's own, as Anthropic's envelope, status and type."""

import anthropic
import pytest

from harness.clients import sdk
from harness.messages import assert_envelope, assert_upstream_failure, encoded, message
from harness.processes import free_port
from harness.raw import Connection

# The table of exceptions: AWS's name, the status and type that the client gets.
EXCEPTIONS = [
    ("ThrottlingException", 429, "rate_limit_error"),
    ("ServiceQuotaExceededException", 429, "rate_limit_error"),
    ("ModelNotReadyException", 529, "overloaded_error"),
    ("ServiceUnavailableException", 529, "overloaded_error"),
    ("InternalServerException", 500, "api_error"),
    ("InternalFailure", 500, "api_error"),
    ("ModelTimeoutException", 504, "timeout_error"),
    ("ModelErrorException", 500, "api_error"),
    ("ModelStreamErrorException", 500, "api_error"),
    ("ValidationException", 400, "invalid_request_error"),
    ("ResourceNotFoundException", 404, "not_found_error"),
    ("FTUFormNotFilled", 403, "permission_error"),
    ("AccessDeniedException", 403, "permission_error"),
]
# The gateway's own credentials are at fault, which no client can mend.
CREDENTIALS = ["UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignatureException", "ExpiredTokenException",
               "MissingAuthenticationTokenException", "InvalidClientTokenId"]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("exception, status, kind", EXCEPTIONS)
def test_bedrocks_exceptions(gateway, simulator, exception, status, kind, streamed):
    response = gateway.post(f'[[fault: {exception} message="what Bedrock says"]]', stream=streamed)
    assert assert_envelope(response, status, kind).startswith("what Bedrock says")
    assert response.header("request-id") == simulator.last().record["requestId"]
    assert response.header("x-amzn-errortype") is None or exception in response.header("x-amzn-errortype")


@pytest.mark.parametrize("exception", CREDENTIALS)
def test_refused_credentials_are_the_gateways_fault(gateway, exception):
    response = gateway.post(f'[[fault: {exception} message="what Bedrock says"]]')
    assert response.status in (500, 502)
    assert assert_envelope(response, response.status, "api_error").startswith("what Bedrock says")


def test_the_operator_hears_of_refused_credentials_once_a_minute(envoy):
    gateway = envoy()
    for exception in ("ExpiredTokenException", "ExpiredTokenException", "UnrecognizedClientException"):
        gateway.post(f'[[fault: {exception} message="what Bedrock says"]]')
    gateway.post("[[fault: AccessDeniedException]]")
    lines = [line for line in gateway.log().splitlines() if "credentials were refused" in line]
    assert len(lines) == 1 and "ExpiredToken" in lines[0] and "what Bedrock says" not in gateway.log(), lines


def test_a_wrong_secret(envoy):
    gateway = envoy(env={"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wrong-secret-of-the-operator"})
    response = gateway.post()
    assert response.status in (500, 502)
    assert_envelope(response, response.status, "api_error")
    assert "wrong-secret" not in response.body.decode() and "wrong-secret" not in gateway.log()


def test_no_credentials_at_all(envoy, simulator):
    gateway = envoy(env={})
    response = gateway.post()
    assert response.status in (500, 503, 529)
    text = assert_envelope(response, response.status, response.json()["error"]["type"])
    assert "AWS_ACCESS_KEY_ID" in text and simulator.requests() == []


@pytest.mark.parametrize("status, given, kind", [(400, 400, "invalid_request_error"), (403, 403, "permission_error"), (404, 404, "not_found_error"),
                                                 (413, 413, "request_too_large"), (429, 429, "rate_limit_error"), (500, 500, "api_error")])
def test_an_error_without_a_name_goes_by_its_status(envoy, upstream, status, given, kind):
    def script(connection):
        body = b'{"message":"as it is"}'
        connection.sendall(b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)

    text = assert_envelope(envoy(bedrock_port=upstream(script).port).post(), given, kind)
    assert text.startswith("as it is")


def test_a_load_balancers_page(gateway):
    assert_envelope(gateway.post("[[fault: html-503]]"), 529, "overloaded_error")


def test_an_empty_error(gateway):
    assert_envelope(gateway.post("[[fault: empty-500]]"), 500, "api_error")


def test_a_long_error_document_is_cut_not_lost(envoy, upstream):
    def script(connection):
        connection.sendall(b"HTTP/1.1 500 X\r\ncontent-type: text/plain\r\ncontent-length: 3000000\r\n\r\n" + b"x" * 3_000_000)

    response = envoy(bedrock_port=upstream(script).port).post()
    assert_envelope(response, 500, "api_error")
    assert len(response.body) < 200_000


def test_an_error_in_one_byte_pieces(gateway):
    text = assert_envelope(gateway.post('[[fault: ValidationException message="Input is too long for requested model."]][[fault: one-byte]]'), 400)
    assert text.startswith("Input is too long for requested model.")


def test_control_characters_stay_out_of_the_headers(envoy, upstream):
    def script(connection):
        body = b'{"message":"a\\r\\nset-cookie: b"}'
        connection.sendall(b"HTTP/1.1 400 X\r\nx-amzn-errortype: ValidationException\r\nx-amzn-requestid: a\tb\r\ncontent-type: application/json\r\n"
                           b"content-length: %d\r\n\r\n" % len(body) + body)

    response = envoy(bedrock_port=upstream(script).port).post()
    assert_envelope(response, 400)
    assert response.header("set-cookie") is None


def test_bedrock_is_not_there(envoy):
    gateway = envoy(bedrock_port=free_port())
    for streamed in (False, True):
        assert_upstream_failure(gateway.post(stream=streamed))


def test_envoys_timeout(envoy):
    gateway = envoy(route_timeout="0.4s")
    assert_envelope(gateway.post("[[fault: delay ms=3000]]"), 504, "timeout_error")


def test_a_filter_behind_that_refuses(envoy):
    """A reply of a filter behind ours is an answer to a request that ours has taken."""
    refuse = {"name": "envoy.filters.http.fault", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
        "abort": {"http_status": 503, "percentage": {"numerator": 100}}}}
    response = envoy(filters_after=[refuse]).post()
    assert_envelope(response, response.status, response.json()["error"]["type"])


@pytest.mark.parametrize("fault, error", [
    ("ThrottlingException", anthropic.RateLimitError), ("ValidationException", anthropic.BadRequestError), ("AccessDeniedException", anthropic.PermissionDeniedError),
    ("ResourceNotFoundException", anthropic.NotFoundError), ("InternalServerException", anthropic.InternalServerError)])
def test_the_sdk_raises_its_own_errors(gateway, fault, error):
    with pytest.raises(error) as caught:
        sdk(gateway).messages.create(**message(f"[[fault: {fault}]]"))
    assert caught.value.request_id


def test_the_sdk_retries_what_is_worth_it(gateway, simulator):
    client = sdk(gateway, max_retries=2)
    assert client.messages.create(**message("Count to 2 [[fault: ThrottlingException times=1]]")).content
    simulator.reset()
    with pytest.raises(anthropic.BadRequestError):
        client.messages.create(**message("[[fault: ValidationException]]"))
    assert len(simulator.requests()) == 1


def test_unknown_models(gateway):
    assert_envelope(gateway.post(model="anthropic.claude-no-such-model-v9:0"), 400)


def test_refused_fields_are_named_by_bedrock(gateway):
    assert "no_such_field" in assert_envelope(gateway.post(no_such_field=1), 400)


def test_an_error_leaves_the_connection_usable(gateway):
    with Connection(gateway.port) as connection:
        for turn in range(10):
            connection.post("/v1/messages", encoded("[[fault: ThrottlingException]]" if turn % 2 else "Count to 2"))
            assert connection.response().status == (429 if turn % 2 else 200)
