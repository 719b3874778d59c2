"""Refreshing what is behind as it comes: two lanes, each on a connection of its own.

The fast lane keeps what a person waits for (meta `beat: fast`) and all that it reads; the slow lane
keeps the rest. A fast relation reads no slow one, so that it never waits for one.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg

from tidemark_warehouse.database.building import looked
from tidemark_warehouse.database.outcomes import reason
from tidemark_warehouse.database.refreshing import Graph, Work, behind, refresh
from tidemark_warehouse.database.server import Connection
from tidemark_warehouse.errors import TidemarkError

FAST, SLOW = LANES = ("fast", "slow")
APPLICATION = "tidemark watch"
# How often a lane looks: where there was work lately, and at rest.
BUSY_SECONDS, REST_SECONDS, LATELY_SECONDS = 0.25, 1.0, 10.0
# How often it asks for edited definitions and the graph, and cleans up after loads.
GRAPH_SECONDS, CARE_SECONDS = 5.0, 30.0
# What failed is tried again after 1, 2, 4, ... seconds, at most so many.
LONGEST_PAUSE = 60.0
RECONNECT_SECONDS = 0.5
SLOW_PRIORITY = 10  # niceness of the slow lane's server process, where we may set it

_LOCK = "select pg_try_advisory_lock(hashtextextended('tidemark watch ' || %s, 0))"
_FAST = "select relation from ops.programs where options ->> 'beat' = 'fast'"


@dataclass
class Failure:
    """A relation whose refresh failed, and when it is tried again (time.monotonic)."""

    attempts: int = 0
    retry_at: float = 0.0


@dataclass
class Shared:
    """What the lanes know of each other.

    Attributes:
        stop: set once the watcher is to end.
        failures: of both lanes; readers of these relations wait.
        slow_work: set by the fast lane's look, when the slow lane has something to do.
        seen_at: for each lane the beginning of the last look after which it was up to date.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    failures: dict[str, Failure] = field(default_factory=dict)
    slow_work: threading.Event = field(default_factory=threading.Event)
    seen_at: dict[str, float] = field(default_factory=dict)


@dataclass
class Tally:
    """What a lane has done since it was last asked."""

    rounds: int = 0
    relations: int = 0
    rows: int = 0
    longest: float = 0.0
    lag: float = 0.0


class Lane:
    """One lane: looks, refreshes what is behind, and looks again."""

    def __init__(
        self,
        name: str,
        shared: Shared,
        connect: Callable[[], Connection],
        tell: Callable[[str], None],
    ) -> None:
        """Prepare a lane; `run` is for a thread of its own.

        Args:
            name: one of LANES.
            shared: what both lanes know.
            connect: opens a connection of the owner, one transaction a statement.
            tell: says something to a person.
        """
        self.name = name
        self._shared = shared
        self._connect = connect
        self._tell = tell
        self._tally = Tally()
        self._graph = Graph({}, {}, {})
        self._members: frozenset[str] = frozenset()
        self._edited: frozenset[str] = frozenset()
        self._graph_at = self._cared_at = -float("inf")
        self._connection: Connection | None = None
        self._is_told = False

    def run(self) -> None:
        """Watch until the watcher is to end, over any number of connections."""
        pause = RECONNECT_SECONDS
        while not self._shared.stop.is_set():
            try:
                with self._connect() as connection:
                    self._connection = connection
                    pause = RECONNECT_SECONDS
                    self._watch(connection)
            except (psycopg.OperationalError, TidemarkError) as error:
                if self._shared.stop.is_set():
                    return
                if not self._is_told:
                    said = error.problem if isinstance(error, TidemarkError) else reason(error)
                    self._tell(f"{self.name}: {said}; trying again until it answers")
                    self._is_told = True
                self._shared.stop.wait(pause)
                pause = min(2 * pause, 5.0)
            finally:
                self._connection = None

    def cancel(self) -> None:
        """Cancel what runs: its transaction rolls back."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.cancel_safe(timeout=2.0)

    def tally(self) -> Tally:
        """Return what was done since the last call."""
        done, self._tally = self._tally, Tally()
        return done

    def _watch(self, connection: Connection) -> None:
        connection.execute(f"set application_name = '{APPLICATION} {self.name}'".encode())
        # What a crash may take is behind again: rows, log and watermark come back together.
        connection.execute("set synchronous_commit = off")
        if not self._take(connection):
            return
        if self._is_told:
            self._tell(f"{self.name}: goes on")
            self._is_told = False
        if self.name == SLOW:
            _lower_priority(connection.info.backend_pid)
        self._graph_at = -float("inf")
        worked_at = time.monotonic()
        while not self._shared.stop.is_set():
            if self._round(connection):
                worked_at = time.monotonic()
            is_lately = time.monotonic() - worked_at < LATELY_SECONDS
            self._rest(BUSY_SECONDS if is_lately else REST_SECONDS)

    def _rest(self, seconds: float) -> None:
        """Wait for the next look. At rest the fast lane looks for both."""
        if self.name == SLOW:
            self._shared.slow_work.wait(CARE_SECONDS)
            self._shared.slow_work.clear()
        else:
            self._shared.stop.wait(seconds)

    def _take(self, connection: Connection) -> bool:
        """Wait until no other watcher has this lane; False if the watcher is to end."""
        is_said = False
        while connection.execute(_LOCK, [self.name]).fetchone() != (True,):
            if not is_said:
                self._tell(f"{self.name}: another watcher runs; this one takes over when it ends")
                is_said = True
            if self._shared.stop.wait(REST_SECONDS):
                return False
        return True

    def _round(self, connection: Connection) -> bool:
        """Look once and refresh what is behind; whether anything was."""
        self._care(connection)
        looked_at = time.monotonic()
        found = behind(connection)
        if self.name == FAST:
            if found - self._members:
                self._shared.slow_work.set()
            else:
                self._shared.seen_at[SLOW] = looked_at
        if not found:
            self._note_look(connection)
        work = Work(self._graph, found & self._members)
        work.failed |= self._shared.failures.keys() | self._edited
        done = 0
        for relation in work:
            if self._shared.stop.is_set():
                break
            if relation not in self._members:
                continue
            if work.is_held(relation) or self._is_held(relation):
                work.hold(relation)
                continue
            done += self._refresh(connection, relation, work)
        if done:
            self._count(done, looked_at)
        self._shared.seen_at[self.name] = looked_at
        return bool(done)

    def _refresh(self, connection: Connection, relation: str, work: Work) -> bool:
        try:
            outcome = refresh(connection, relation, is_stopped=self._shared.stop.is_set)
        except TidemarkError:  # a build has taken its program away: ask for the graph again
            self._graph_at = -float("inf")
            work.hold(relation)
            return False
        work.note(outcome)
        if outcome.message is None:
            if self._shared.failures.pop(relation, None):
                self._tell(f"{relation} works again")
            self._tally.rows += outcome.written + outcome.deleted
            return True
        if self._shared.stop.is_set():
            return False
        failure = self._shared.failures.setdefault(relation, Failure())
        failure.attempts += 1
        pause = min(2.0 ** (failure.attempts - 1), LONGEST_PAUSE)
        failure.retry_at = time.monotonic() + pause
        self._tell(
            f"{relation} failed: {outcome.message}; again in {pause:.0f} s, and what reads it waits"
        )
        return False

    def _is_held(self, relation: str) -> bool:
        failure = self._shared.failures.get(relation)
        return relation in self._edited or (
            failure is not None and time.monotonic() < failure.retry_at
        )

    def _care(self, connection: Connection) -> None:
        """Ask from time to time for the graph and for edited definitions, and help loads."""
        now = time.monotonic()
        if now - self._graph_at >= GRAPH_SECONDS:
            self._graph = Graph.of(connection)
            self._members = self._lane(connection)
            edited = frozenset(r for (r,) in connection.execute("select * from ops.edited()"))
            for relation in sorted((edited - self._edited) & self._members):
                self._tell(f"the definition of {relation} has changed: run tidemark build")
            self._edited = edited
            self._graph_at = now
        if self.name == SLOW and now - self._cared_at >= CARE_SECONDS:
            connection.execute("select ops.summarize_new_rows()")
            self._cared_at = now

    def _lane(self, connection: Connection) -> frozenset[str]:
        fast = {relation for (relation,) in connection.execute(_FAST)}
        for relation in list(fast):
            fast |= self._graph.ancestors(relation) & self._graph.reads.keys()
        return frozenset(fast if self.name == FAST else self._graph.reads.keys() - fast)

    def _note_look(self, connection: Connection) -> None:
        if self.name == FAST:
            looked(connection, datetime.now(UTC))

    def _count(self, relations: int, looked_at: float) -> None:
        now = time.monotonic()
        self._tally.rounds += 1
        self._tally.relations += relations
        self._tally.longest = max(self._tally.longest, now - looked_at)
        # What was committed right after the look before has waited longest.
        seen_at = self._shared.seen_at.get(self.name, looked_at)
        self._tally.lag = max(self._tally.lag, now - seen_at)


@contextlib.contextmanager
def lanes(
    connect: Callable[[], Connection], tell: Callable[[str], None]
) -> Iterator[tuple[Shared, list[tuple[Lane, threading.Thread]]]]:
    """Run both lanes until the end of the block; then stop them, at last by cancelling.

    Args:
        connect: opens a connection of the owner, one transaction a statement.
        tell: says something to a person.
    """
    shared = Shared()
    running = []
    for name in LANES:
        lane = Lane(name, shared, connect, tell)
        running.append((lane, threading.Thread(target=lane.run, name=name, daemon=True)))
    for _, thread in running:
        thread.start()
    try:
        yield shared, running
    finally:
        shared.stop.set()
        shared.slow_work.set()
        for lane, thread in running:
            lane.cancel()
            thread.join(timeout=10.0)


def _lower_priority(pid: int) -> None:
    """Let the slow lane's server process yield to the fast one, where it is on this machine."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as name:  # noqa: PTH123
            if name.read().strip() == "postgres":
                os.setpriority(os.PRIO_PROCESS, pid, SLOW_PRIORITY)
    except OSError:
        return
