#!/usr/bin/env python3
"""Records a session at a terminal: each line of a file is typed, and what comes back is kept as an asciicast v2.

In: the lines. Out: the cast, on standard output. What is printed is real; the times are not, so that the same output
becomes the same cast. Not here: the picture, which `termtosvg render` makes of the cast.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios

COLUMNS, ROWS = 96, 28
SECONDS_A_KEY = 0.05
SECONDS_A_LINE = 0.25
SECONDS_TO_THINK = 1.0
# A prompt is the end of everything printed for so long.
QUIET, PATIENCE = 0.5, 60
PROMPT = re.compile(rb"[$] (\x1b\[[?0-9;]*[a-z])*$")


def until_prompt(terminal):
    said = b""
    waited = 0.0
    while waited < PATIENCE:
        if select.select([terminal], [], [], QUIET)[0]:
            said += os.read(terminal, 65536)
        elif PROMPT.search(said):
            return said.decode()
        else:
            waited += QUIET
    sys.exit(f"no prompt came after {said!r}")


def record(lines):
    now, events = 0.0, []

    def show(text):
        events.append([round(now, 3), "o", text])

    shell, terminal = pty.fork()
    if shell == 0:
        env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "TERM": "xterm-256color", "PS1": "$ "}
        os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], env)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    show(until_prompt(terminal))
    for line in lines:
        now += SECONDS_TO_THINK
        for key in line:
            os.write(terminal, key.encode())
            # The terminal gives each key back before the next one is typed.
            show(os.read(terminal, 65536).decode())
            now += SECONDS_A_KEY
        now += SECONDS_A_KEY * 6
        os.write(terminal, b"\r")
        said = until_prompt(terminal)
        show(said)
        now += SECONDS_A_LINE * said.count("\n")
    now += 4 * SECONDS_TO_THINK
    show("")
    return events


header = {"version": 2, "width": COLUMNS, "height": ROWS}
with open(sys.argv[1]) as file:
    lines = file.read().splitlines()
for event in [header, *record(lines)]:
    print(json.dumps(event))
