"""A collector of OpenTelemetry for checks, made of its own protobuf messages: takes what a run sends and keeps it."""

import base64
import http.server
import json
import re
import sys
import threading
import time
from pathlib import Path

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse

MESSAGES = {
    "/v1/traces": (ExportTraceServiceRequest, ExportTraceServiceResponse),
    "/v1/metrics": (ExportMetricsServiceRequest, ExportMetricsServiceResponse),
    "/v1/logs": (ExportLogsServiceRequest, ExportLogsServiceResponse),
}


def fail(reason):
    sys.exit(f"{Path(sys.argv[0]).stem.replace('_', '-')}: {reason}")


def expect(truth, reason):
    if not truth:
        fail(reason)


def attributes(message):
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in message.attributes}


def hex_ids(value):
    """OTLP/JSON has ids as hexadecimal digits, where protobuf's own JSON has base64: in place."""
    if isinstance(value, list):
        for item in value:
            hex_ids(item)
    elif isinstance(value, dict):
        for key, digits in (("traceId", 32), ("spanId", 16), ("parentSpanId", 16)):
            if key in value:
                expect(re.fullmatch(f"[0-9a-f]{{{digits}}}", value[key]), f"{key} is {value[key]}")
                value[key] = base64.b64encode(bytes.fromhex(value[key])).decode()
        for item in value.values():
            hex_ids(item)


class Collector:
    """Takes OTLP over HTTP on a free port of this host. `busy`: so many requests are first answered with 503."""

    def __init__(self, kind, busy=0, silent=False):
        self.requests = {page: [] for page in MESSAGES}
        self.times = {page: [] for page in MESSAGES}
        self.problems = []
        self.busy = busy
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if silent:
                    time.sleep(60)
                if outer.busy > 0:
                    outer.busy -= 1
                    self.send_response(503)
                    self.send_header("Retry-After", "1")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                try:
                    request_type, response_type = MESSAGES[self.path]
                    if self.headers["Content-Type"] != kind:
                        raise ValueError(f"Content-Type is {self.headers['Content-Type']}")
                    if kind == "application/json":
                        parsed = json.loads(body)
                        hex_ids(parsed)
                        request = json_format.ParseDict(parsed, request_type())
                    else:
                        request = request_type.FromString(body)
                        # A field with a number that the messages do not have would be kept as unknown.
                        if len(request.SerializeToString()) != len(body):
                            raise ValueError("the body has unknown or repeated fields")
                    outer.requests[self.path].append(request)
                    outer.times[self.path].append(time.time())
                    answer = response_type()
                    answer = b"{}" if kind == "application/json" else answer.SerializeToString()
                except (Exception, SystemExit) as problem:  # said at the end: here it would be lost in a thread
                    outer.problems.append(f"{self.path}: {problem}")
                    answer = b""
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        expect(not self.problems, "; ".join(self.problems[:3]))

    def spans(self):
        """Each span with its rank, by id; twice the same id is an error."""
        found = {}
        for request in self.requests["/v1/traces"]:
            for resource in request.resource_spans:
                rank = attributes(resource.resource)["fedmpi.rank"]
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        expect(span.span_id not in found, f"two spans have the id {span.span_id.hex()}: {span.name}")
                        found[span.span_id] = (rank, span)
        return found
