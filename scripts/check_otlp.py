"""The Python side of scripts/check-otlp: RUN and its trace, by OpenTelemetry's protobuf messages."""

import csv
import json
import sys
from pathlib import Path

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otlp_collector import attributes, hex_ids


def fail(reason):
    sys.exit(f"check-otlp: {reason}")


def parsed(text):
    request = json.loads(text)
    hex_ids(request)
    return json_format.ParseDict(request, ExportTraceServiceRequest())


def lines(file):
    """The lines of a table, of all starts of the run: titles may come again."""
    text = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    return [line for line in csv.DictReader(text) if line["bytes_in"] != "bytes_in"]


def main():
    run, file = Path(sys.argv[1]), Path(sys.argv[2])
    request = parsed(file.read_text())
    spans = {}
    ranks = {}
    for resource in request.resource_spans:
        rank = attributes(resource.resource)["fedmpi.rank"]
        for span in resource.scope_spans[0].spans:
            if span.span_id in spans:
                fail(f"two spans of the id {span.span_id.hex()}")
            spans[span.span_id], ranks[span.span_id] = span, rank
    roots = [span for span in spans.values() if not span.parent_span_id]
    if len(roots) != 1 or len({span.trace_id for span in spans.values()}) != 1:
        fail("not one trace with one root")
    for span in spans.values():
        if not span.parent_span_id:
            continue
        parent = spans.get(span.parent_span_id) or fail(f"{span.name} has no parent")
        if not parent.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano <= parent.end_time_unix_nano:
            fail(f"{span.name} is not within {parent.name}")

    def total(name, count, server):
        return sum(
            count(attributes(span))
            for key, span in spans.items()
            if span.name == name and (ranks[key] == 0) == server
        )

    log = json.loads((run / "round_log.json").read_text())
    root = attributes(roots[0])
    rounds = [attributes(span) for key, span in spans.items() if span.parent_span_id == roots[0].span_id]
    gathered = total("gather", lambda counts: counts.get("fedmpi.bytes_in", 0), True)
    sent = total("gather", lambda counts: counts.get("fedmpi.bytes_out", 0), False)
    received = total("broadcast", lambda counts: counts.get("fedmpi.bytes_in", 0) * counts.get("fedmpi.clients", 0), False)
    messages = lines(run / "timing/messages_rank_0000.csv")
    of_mpi = sum(int(line["bytes_in"]) for line in messages if line["operation"] == "MPI_Igatherv")
    up, down = (sum(entry[name] for entry in log) for name in ("upload_bytes", "download_bytes"))
    for name, value, expected in (
        ("the root's upload", root["fedmpi.upload_bytes"], up),
        ("the root's download", root["fedmpi.download_bytes"], down),
        ("the rounds' upload", sum(entry.get("fedmpi.upload_bytes", 0) for entry in rounds), up),
        ("the rounds' download", sum(entry.get("fedmpi.download_bytes", 0) for entry in rounds), down),
        ("what rank 0 gathered", gathered, up),
        ("what the others sent", sent, up),
        ("what MPI_Igatherv brought", of_mpi, up),
        ("what the others received, a frame a client", received, down),
    ):
        if value != expected:
            fail(f"{name}: {value} bytes, the round log has {expected}")
    seconds = (roots[0].end_time_unix_nano - roots[0].start_time_unix_nano) / 1e9
    print(
        f"{len(request.resource_spans)} ranks, {len(spans)} spans, {seconds:.3f} s, {up} bytes up and {down} down, "
        f"{file.stat().st_size} bytes of JSON: equal"
    )


if __name__ == "__main__":
    main()
