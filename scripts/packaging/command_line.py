#!/usr/bin/env python3
"""Writes what is known of fedmpi's command line for other programs.

    fedmpi --experimental-dump-help | command_line.py manual VERSION DATE     the man page, in man(7)'s macros
    fedmpi --experimental-dump-help | command_line.py words                   the table that fedmpi-complete reads

Rows of the table have five fields between tabs, `-` for an empty one: command, word, kind, values, description. Words are the
command's own commands, its options, and numbers for what stands at a place (`1`, or `1*` for the first and all that follow).
"""
import json
import re
import sys

# What a value is, where the parser cannot say it: by the option, or by the command and the name of what stands at a place.
KINDS = {
    "--resume": "run", "--teacher": "folder", "--model": "folder", "--models": "folder,", "--init": "folder",
    "--fleet": "fleet", "--profiles": "fleet", "--student": "models,", "--labels": "file", "--output": "file",
    "--to": "file", "--otlp": "file", "--noise-key": "file", "--results": "directory", "--dataset": "dataset",
    "report run": "run", "trace run": "run", "watch run": "run", "runs show id": "run", "compare runs": "run",
    "models register source": "run", "variants models": "folder", "sweep file": "file", "predict images": "file",
    "runs export file": "file", "fleet fleet": "fleet", "models describe name": "models", "help subcommands": "topic",
}
CHOICES = {"--require": "charging,idle,unmetered", "--features": "f32,f16,int8"}


def options(command):
    """The arguments of a command that are shown to people."""
    return [a for a in command["arguments"] if a.get("shouldDisplay", True)]


def commands(command, path=()):
    """A command and all below it, with their paths, without those that are not shown."""
    yield " ".join(path), command
    for other in command.get("subcommands", []):
        if other.get("shouldDisplay", True):
            yield from commands(other, path + (other["commandName"],))


def names(argument):
    """`--rounds`, `-h`: an option's words, the long one first."""
    words = [("-" if n["kind"] == "short" else "--") + n["name"] for n in argument.get("names", [])]
    return sorted(words, key=len, reverse=True)


def values(argument):
    """What a value can be, if there is a list of it."""
    kind = argument.get("completionKind", {})
    return argument.get("allValues") or kind.get("list", {}).get("values") or []


def rows(root):
    """The table's rows."""
    trained = {names(a)[0]: a for _, c in commands(root) if c["commandName"] == "train" for a in options(c) if names(a)}
    catalog = {name: values(trained[name]) for name in trained}
    topics = sorted({value for list_ in catalog.values() for value in list_ if value.isidentifier() or "-" in value})
    for path, command in commands(root):
        if "defaultSubcommand" in command:
            yield path, command["defaultSubcommand"], "default", [], ""
        for other in command.get("subcommands", []):
            if other.get("shouldDisplay", True):
                yield path, other["commandName"], "command", [], other.get("abstract", "")
        place = 0
        for argument in options(command):
            text = argument.get("abstract", "")
            if argument["kind"] == "positional":
                place += 1
                kind = KINDS.get(f"{path} {argument['valueName']}", "none")
                listed = catalog["--model"] if kind.startswith("models") else topics if kind == "topic" else values(argument)
                yield path, f"{place}{'*' if argument.get('isRepeating') else ''}", kind, listed, text
                continue
            for word in names(argument)[:1]:
                listed = values(argument)
                if argument["kind"] == "flag":
                    yield path, word, "flag", [], text
                elif word == "--model" and listed:  # of training: one of the catalog, or a file
                    yield path, word, "fleet", listed, text
                elif word in CHOICES:
                    yield path, word, "values", CHOICES[word].split(","), text
                elif word in KINDS and not (listed and word != "--dataset"):
                    kind = KINDS[word]
                    of = {"dataset": catalog["--dataset"], "models,": catalog["--model"], "fleet": ["people", "edge"]}
                    yield path, word, kind, of.get(kind, listed), text
                elif listed:
                    yield path, word, "values", listed, text
                else:
                    yield path, word, "file" if "file" in argument.get("completionKind", {}) else "none", [], text


def first_sentence(text, limit=70):
    """What fits beside a word in a list of candidates."""
    text = " ".join(text.split()).removeprefix("Simulate: ")
    for end in (": ", "; ", ". "):
        text = text.split(end)[0] if text.find(end) > 0 else text
    text = text.rstrip(".")
    return text if len(text) <= limit else text[: text.rfind(" ", 0, limit)] + " …"


def roff(text):
    """Text as man(7) takes it."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "").replace("\n", "\n.br\n")
    lines = ["\\&" + line if line[:1] in (".", "'") and not line.startswith(".br") else line for line in text.split("\n")]
    return "\n".join(lines)


def entry(argument):
    """An option or a place with its text."""
    if argument["kind"] == "positional":
        head = "\\fI" + roff(argument["valueName"]) + "\\fR" + (" …" if argument.get("isRepeating") else "")
    else:
        head = ", ".join("\\fB" + roff(word) + "\\fR" for word in names(argument))
        if argument["kind"] == "option":
            head += " \\fI" + roff(argument["valueName"]) + "\\fR"
    text = argument.get("abstract", "")
    if "defaultValue" in argument and "(default:" not in text:
        text += f" (default: {argument['defaultValue']})"
    return f".TP\n{head}\n{roff(text)}"


def usage(path, command):
    """A command's line of the synopsis, without `fedmpi`."""
    words = [f"\\fB{roff(path)}\\fR"]
    for a in options(command):
        if a["kind"] == "positional":
            word = f"\\fI{roff(a['valueName'])}\\fR" + (" …" if a.get("isRepeating") else "")
            words.append(f"[{word}]" if a["isOptional"] else word)
    return " ".join(words + ["[\\fIoption\\fR …]"])


def manual(root, version, date, sections):
    """The man page: what the parser knows, then `sections`."""
    train = next(c for path, c in commands(root) if path == "train")
    shared = {json.dumps(a, sort_keys=True) for a in options(train)}
    print(f'.\\" Made from what fedmpi says of its command line.\n.TH FEDMPI 1 "{date}" "fedmpi {version}" "User Commands"')
    print(".SH NAME\nfedmpi \\- federated learning on MPI: rank 0 is the server, the other ranks are clients")
    print(".SH SYNOPSIS\n.B fedmpi\n[\\fIcommand\\fR] [\\fIoption\\fR …]\n.br\n.B fedmpi\\-mpirun \\-np\n\\fIranks\\fR \\fBfedmpi\\fR [\\fIcommand\\fR] [\\fIoption\\fR …]")
    print(".SH DESCRIPTION\nWithout a command it trains: rank 0 sends weights, ranks 1 to N train clients on data that stay with")
    print("them, and their updates come back and are averaged. Without an MPI launcher one process does the same job, to the same weights.\n.PP\n.nf")
    examples = [re.split(r" {2,}", line) for line in root["discussion"].replace("mpirun", "fedmpi-mpirun").splitlines()]
    wide = max(len(command) for command, *texts in examples if texts) + 2
    print("\n".join(roff(command.ljust(wide) + "".join(texts) if texts else command) for command, *texts in examples))
    print(".fi\n.PP\n.BR fedmpi\\-mpirun (1)\nis mpirun with the switches that fedmpi wants.\n.SH COMMANDS")
    for path, command in commands(root):
        if path and path != "help":
            print(f".TP\n{usage(path, command)}\n{roff(command.get('abstract', ''))}")
    print(".TP\n\\fBhelp\\fR \\fIname\\fR\nThe options of a command, or what a strategy, an aggregation, a codec … takes.")
    print(".SH OPTIONS\nOf\n.B train\nand of all commands that train.")
    section = None
    for argument in options(train):
        if argument.get("sectionTitle") != section and argument.get("sectionTitle"):
            section = argument["sectionTitle"]
            print(f".SS {roff(section.capitalize())}")
        print(entry(argument))
    for path, command in commands(root):
        if path in ("", "train", "help"):
            continue
        own = [a for a in options(command) if json.dumps(a, sort_keys=True) not in shared and a["valueName"] not in ("version", "help")]
        if own:
            print(f".SS Of fedmpi {roff(path)}")
            print("\n".join(entry(a) for a in own))
    print(sections, end="")


def main():
    root = json.load(sys.stdin)["command"]
    if sys.argv[1:2] == ["words"]:
        for path, word, kind, listed, text in rows(root):
            print("\t".join([path or "-", word, kind, " ".join(listed) or "-", first_sentence(text) or "-"]))
    elif sys.argv[1:2] == ["manual"] and len(sys.argv) == 4:
        with open(f"{sys.path[0]}/fedmpi.1.sections") as file:
            manual(root, sys.argv[2], sys.argv[3], file.read())
    else:
        sys.exit(f"usage: {__doc__.split(chr(10), 2)[2].strip()}")


main()
