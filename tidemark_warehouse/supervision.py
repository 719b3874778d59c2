"""Starting programs that end when they should: with their parent, at a signal, and in time."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PARENT_DIED = signal.SIGUSR1  # Linux sends it at once; elsewhere the parent is looked for
LOOK_SECONDS = 1.0
# One Ctrl-C may come twice, from the terminal and passed on by a parent. A later one means: hurry.
ECHO_SECONDS = 2.0
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

# Asks the program to end with this signal, and allows it so many seconds.
Stage = tuple[signal.Signals, float]
# Waits for signals, at most so many seconds, and returns their numbers.
Receiver = Callable[[float], set[int]]


@contextmanager
def signals(*, even_ignored: bool) -> Iterator[Receiver]:
    """Catch the signals that stop us and those of children, and yield what waits for them.

    Only for the main thread. No signal is lost between two waits.

    Args:
        even_ignored: catch also what we were started to ignore: a shell script starts what it
            sends to the background with SIGINT ignored, and `nohup` with SIGHUP.
    """
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    heeded = [n for n in STOP_SIGNALS if even_ignored or signal.getsignal(n) != signal.SIG_IGN]
    numbers = (*heeded, PARENT_DIED, signal.SIGCHLD)
    previous_wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    previous = {number: signal.signal(number, lambda *_: None) for number in numbers}

    def received(seconds: float) -> set[int]:
        ready, _, _ = select.select([reading], [], [], seconds)
        return set(os.read(reading, 4096)) if ready else set()

    try:
        yield received
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(previous_wakeup)
        os.close(reading)
        os.close(writing)


def watch(
    child: subprocess.Popen[bytes],
    received: Receiver,
    stages: Sequence[Stage],
    parent_lives: Callable[[], bool],
) -> bool:
    """Wait for a program's end. A stop signal and the parent's end stop it, stage by stage.

    Args:
        child: the program.
        received: see `signals`.
        stages: how it is asked to end, ever less politely.
        parent_lives: says whether our own parent is there.

    Returns:
        Whether it was asked to end.
    """
    remaining = iter(stages)
    asked_at = -ECHO_SECONDS
    deadline = float("inf")
    orphaned = False
    while child.poll() is None:
        left = max(0.0, min(LOOK_SECONDS, deadline - time.monotonic()))
        told = bool(received(left) & set(STOP_SIGNALS))
        now = time.monotonic()
        if not orphaned and not parent_lives():
            orphaned = told = True
        if now >= deadline or (told and now - asked_at >= ECHO_SECONDS):
            stage = next(remaining, None)
            if stage is None:
                break
            child.send_signal(stage[0])
            asked_at, deadline = now, now + stage[1]
    return deadline < float("inf")


def stop_group(leader: subprocess.Popen[bytes], stages: Sequence[Stage]) -> None:
    """End a program and everything in its process group, and wait until all of it has gone.

    Args:
        leader: started with `process_group=0`; it may have ended before.
        stages: how all of them are asked to end, ever less politely.
    """
    for number, seconds in stages:
        try:
            os.killpg(leader.pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while _group_lives(leader):
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)


def die_with_parent(number: int) -> None:
    """Let the kernel send this process a signal when its parent dies (Linux; else nothing)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants that lose theirs, to reap them (Linux; else nothing)."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _group_lives(leader: subprocess.Popen[bytes]) -> bool:
    leader.poll()
    try:
        while os.waitpid(-leader.pid, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass
    try:
        os.killpg(leader.pid, 0)
    except ProcessLookupError:
        return False
    return True


# Looked up before any fork: a child may not load a library.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
