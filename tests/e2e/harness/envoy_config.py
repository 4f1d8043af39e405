"""The Envoy configuration of a test, as a Python value."""

import json

TYPE = "type.googleapis.com/envoy."
AWS_VARIABLES = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "AWS_REGION", "AWS_DEFAULT_REGION"]
CONFIG = {"region": "us-east-1", "credentials": {"type": "environment"}}
BUFFER_LIMIT = 34603008
# Rewritten requests: their paths, and how their hosts begin.
REWRITTEN = [("/model/", "bedrock-runtime."), ("/anthropic/", "bedrock-runtime."), ("/anthropic/", "bedrock-mantle.")]


def typed(name, kind, **members):
    return {"name": name, "typed_config": {"@type": TYPE + kind, **members}}


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def wasm_filter(module, config, hold=True, vm_id=""):
    """`config` is the filter's JSON as a value, or the very text; without `hold` the option that the filter needs is left out."""
    text = config if isinstance(config, str) else json.dumps(config)
    plugin = {
        "name": "bedrock-messages",
        "failure_policy": "FAIL_RELOAD",
        "vm_config": {"vm_id": vm_id, "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": str(module)}},
                      "environment_variables": {"host_env_keys": AWS_VARIABLES}},
        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": text},
    }
    if hold:
        plugin["allow_on_headers_stop_iteration"] = True
    return typed("envoy.filters.http.wasm", "extensions.filters.http.wasm.v3.Wasm", config=plugin)


def as_transform(config):
    """The same configuration for the first of a pair; a text that is no JSON stays as it is."""
    try:
        return {**(json.loads(config) if isinstance(config, str) else config), "role": "transform"}
    except ValueError:
        return config


def buffer_filter(limit):
    return typed("envoy.filters.http.buffer", "extensions.filters.http.buffer.v3.Buffer", max_request_bytes=limit)


def cluster(name, port, http2=False, filters=()):
    protocol = {"http2_protocol_options": {}} if http2 else {"http_protocol_options": {"enable_trailers": True}}
    options = {"@type": TYPE + "extensions.upstreams.http.v3.HttpProtocolOptions", "explicit_http_config": protocol}
    if filters:
        options["http_filters"] = [*filters, typed("envoy.filters.http.upstream_codec", "extensions.filters.http.upstream_codec.v3.UpstreamCodec")]
    return {
        "name": name, "type": "STATIC", "connect_timeout": "2s",
        "circuit_breakers": {"thresholds": [{"max_connections": 1000, "max_pending_requests": 1000, "max_requests": 1000}]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]},
    }


def bootstrap(module, config, port, admin_port, bedrock_port, elsewhere_port, *, hold=True, buffer_limit=BUFFER_LIMIT, http2_window=BUFFER_LIMIT,
              route_timeout="0s", idle_timeout="60s", upstream_http2=False, filters_before=(), filters_after=(), local_replies=None, upgrades=False,
              plain=False, access_log=None, clusters=None, listeners=None, upstream=False, pair=False, retry=None):
    """One listener with the filter, or `plain` without it, or `upstream` with the filter in the chain of `elsewhere`; rewritten requests go to
    `bedrock`, everything else `elsewhere`. `access_log` is a line's format, for Envoy's own log; `clusters` are more of them, each with its port;
    `listeners` is a file that Envoy takes the listener from, and again whenever another file is moved there. A `pair` is the filter twice, as
    `transform` and `hold`, each in a VM of its own as Envoy Gateway sets them up; `pair` may be their configurations in another order."""
    own = [wasm_filter(module, config, hold)]
    if pair:
        roles = pair if isinstance(pair, list) else [as_transform(config), {"role": "hold"}]
        own = [wasm_filter(module, role, False, f"policy/{index}") for index, role in enumerate(roles)]
    filters = [*filters_before, *([] if plain or upstream else own), *filters_after]
    rewritten = [{"match": {"prefix": path, "headers": [{"name": ":authority", "string_match": {"prefix": host}}]},
                  "route": {"cluster": "bedrock", "timeout": route_timeout, **({"retry_policy": retry} if retry else {})}} for path, host in REWRITTEN]
    manager = {
        "stat_prefix": "gateway", "codec_type": "AUTO", "generate_request_id": True, "stream_idle_timeout": idle_timeout,
        "http_protocol_options": {"enable_trailers": True},
        "http2_protocol_options": {"initial_stream_window_size": http2_window, "initial_connection_window_size": 2 * http2_window},
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            *rewritten,
            {"match": {"prefix": "/"}, "route": {"cluster": "elsewhere", "timeout": "0s"}},
        ]}]},
        "http_filters": [*filters, typed("envoy.filters.http.router", "extensions.filters.http.router.v3.Router")],
    }
    if upgrades:
        manager["upgrade_configs"] = [{"upgrade_type": "websocket"}]
    if access_log:
        manager["access_log"] = [typed("envoy.access_loggers.stdout", "extensions.access_loggers.stream.v3.StdoutAccessLog",
                                       log_format={"text_format_source": {"inline_string": access_log + "\n"}})]
    if local_replies:
        manager["local_reply_config"] = local_replies
    chain = typed("envoy.filters.network.http_connection_manager", "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", **manager)
    listener = {"name": "gateway", "address": address(port), "per_connection_buffer_limit_bytes": buffer_limit,
                "filter_chains": [{"filters": [chain]}]}
    more = [cluster(name, port) for name, port in (clusters or {}).items()]
    result = {
        "admin": {"address": address(admin_port)},
        "static_resources": {
            "listeners": [listener],
            "clusters": [cluster("bedrock", bedrock_port, upstream_http2), cluster("elsewhere", elsewhere_port, filters=own if upstream else ()), *more],
        },
    }
    if listeners:
        write_listener(listeners, result["static_resources"].pop("listeners")[0])
        result["node"] = {"id": "test", "cluster": "test"}
        result["dynamic_resources"] = {"lds_config": {"path_config_source": {"path": str(listeners)}}}
    return result


def write_listener(file, listener):
    """Moves a file with the listener to where Envoy looks for it."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"resources": [{"@type": TYPE + "config.listener.v3.Listener", **listener}]}))
    new.rename(file)
