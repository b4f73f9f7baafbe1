"""Checks and prints what `fedmpi serve --follow` left, for `scripts/check-serve-alias`: check_serve_alias.py fleet.json registry.json"""

import json
import sys

fleet, registry = (json.load(open(path)) for path in sys.argv[1:])


def check(holds, text):
    if not holds:
        sys.exit(f"check-serve-alias: {text}")


decisions = [(r["release"], r["decision"], r["is_moved_back"]) for r in fleet["releases"]]
check(
    decisions
    == [
        ("digits@2", "adopted", False),
        ("digits@3", "refused", True),
        ("digits@4", "refused", True),
        ("digits@5", "refused", False),
        ("digits@6", "refused", False),
    ],
    f"the decisions are {decisions}",
)
for number, word in ((1, "slower"), (2, "worse"), (3, "scores"), (4, "SHA-256")):
    reasons = fleet["releases"][number]["reasons"]
    check(any(word in reason for reason in reasons), f"{fleet['releases'][number]['release']}: {reasons}")
notes = [move.get("note") or "" for move in registry["moves"]]
check(sum("fleet fleet refused version" in note for note in notes) == 4, f"the alias' history says {notes}")
check(not registry["served_by"], "a fleet that has ended is said to serve")

for device in fleet["devices"]:
    name = device["device"]["name"]
    arrived, answered, refused = (device[key] for key in ("arrived", "answered", "refused_requests"))
    check(arrived == answered + refused, f"{name}: {arrived} came, {answered} answered, {refused} turned away")
    check(refused == 0, f"{name}: {refused} turned away")
    check(sum(epoch["answered"] for epoch in device["epochs"]) == answered, f"{name}: stretches do not add up")
    check(device["epochs"][-1]["release"] == "digits@2", f"{name} ends with {device['epochs'][-1]['release']}")
    print(f"{name}: {arrived} requests came, {answered} answered, {refused} turned away")
    for epoch in device["epochs"]:
        if epoch["answered"]:
            beside = f", {epoch['other']} {epoch['kind']}" if "other" in epoch else ""
            print(
                f"  {epoch['start']:5.2f} s  {epoch['release']}{beside}: {epoch['answered']} answered, "
                f"p50 {epoch['p50_ms']:.3f} ms, p95 {epoch['p95_ms']:.3f} ms, longest {epoch['longest_ms']:.1f} ms"
            )
for release in fleet["releases"]:
    times = ", ".join(
        f"{text} after {release[key]:.2f} s"
        for key, text in (
            ("seconds_to_offer", "read"),
            ("seconds_to_first_answer", "first answer"),
            ("seconds_to_takeover", "the last device took over"),
        )
        if key in release
    )
    print(f"{release['release']} {release['decision']}: {times}")
