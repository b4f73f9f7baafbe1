#!/usr/bin/env python3
"""Types into an interactive shell, presses Tab, then Enter, and looks at the words that the command gets.

    press_tab.py SHELL COMMAND… < lines       each line: KEYS => WORDS

COMMAND starts the shell, a new one for each line. In it `fedmpi` and `fedmpi-mpirun` are functions that print their words, so that
nothing runs. Prints PASS or FAIL for each line, and ends with 1 if one failed.
"""
import os
import pty
import re
import select
import signal
import sys
import time

FUNCTIONS = {
    "fish": "function {0}; echo got: $argv :end; end\r",
    "": "{0}() {{ echo got: \"$@\" :end; }}\r",
}


def read(terminal, until=None, quiet=1.5, seconds=20):
    """Reads until a pattern appears, or nothing has come for a while; escape sequences are taken out."""
    text, end, heard = "", time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < min(end, heard + quiet) and not (until and re.search(until, text)):
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                text += os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                break
            heard = time.monotonic()
            text = re.sub(r"\x1b(\[[0-9;?>=]*[a-zA-Z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])", "", text).replace("\r", "")
    return text


def words_after_tab(shell, command, keys):
    """What the command of a line gets, when Tab has been pressed behind it."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvp(command[0], command)
    read(terminal, quiet=3)
    for name in ("fedmpi", "fedmpi-mpirun"):
        os.write(terminal, FUNCTIONS.get(shell, FUNCTIONS[""]).format(name).encode())
        read(terminal)
    os.write(terminal, keys.encode())
    read(terminal)
    os.write(terminal, b"\t")
    text = read(terminal, quiet=3)
    os.write(terminal, b"\r")
    text += read(terminal, r"got: .* :end", quiet=5)
    os.kill(process, signal.SIGKILL)
    os.close(terminal)
    os.waitpid(process, 0)
    found = re.findall(r"got: (.*) :end", text)
    return found[-1] if found else text


def main():
    shell, command = sys.argv[1], sys.argv[2:]
    failures = 0
    for line in sys.stdin:
        keys, _, expected = line.strip().partition(" => ")
        got = words_after_tab(shell, command, keys)
        failures += got != expected
        print(f"{'PASS' if got == expected else 'FAIL'}  {shell}: {keys}<Tab> is {got if got == expected else repr(got)}", flush=True)
    return 1 if failures else 0


sys.exit(main())
