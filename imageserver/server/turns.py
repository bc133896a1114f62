"""Who works next: clients take turns, so that one who asks for much does not keep the others waiting."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextvars import ContextVar
from dataclasses import dataclass

from imageserver.errors import Overloaded

Waiting = asyncio.Future[None]


@dataclass(slots=True)
class Asking:
    """A request: whose it is, and whether it was let in; then it is not refused at its next piece of work."""

    client: str = ""
    is_let_in: bool = False


ASKING: ContextVar[Asking | None] = ContextVar("asking", default=None)
"""For what is worked; work that several requests wait for belongs to the first of them."""


class Turns:
    """Some slots for work, and a bounded queue for each client in front of them."""

    def __init__(self, slots: int, most_waiting: int) -> None:
        self._free = slots
        self._most = most_waiting
        self._waiting: OrderedDict[str, deque[Waiting]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    async def take(self) -> None:
        """Wait for a slot; raises `Overloaded` for who has waiting as much as anybody else when there is no room."""
        asking = ASKING.get() or Asking()
        client = asking.client
        if self._is_full(asking):
            self._send_away(self._busiest(client))
        asking.is_let_in = True
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.give_back()
            else:
                self._forget(client, turn)
            raise

    def check(self) -> None:
        """Raise `Overloaded` for who would be refused now; else nothing happens."""
        asking = ASKING.get() or Asking()
        if self._is_full(asking):
            self._busiest(asking.client)

    def give_back(self) -> None:
        """Give a slot to the first one who waits, of the client whose turn it is; it waits behind the others then."""
        while self._waiting:
            client, turns = next(iter(self._waiting.items()))
            turn = turns.popleft()
            self._waiting.move_to_end(client)
            if not turns:
                del self._waiting[client]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _is_full(self, asking: Asking) -> bool:
        """Tell whether there is no room for a request that was not let in before."""
        return not self._free and not asking.is_let_in and self.waiting >= self._most

    def _busiest(self, client: str) -> str:
        """Give the client that has most waiting; raises `Overloaded` for who has as much as anybody else."""
        busiest = max(self._waiting, key=lambda one: len(self._waiting[one]), default=client)
        mine = len(self._waiting.get(client, ()))
        if busiest == client or len(self._waiting[busiest]) <= mine + 1:
            raise Overloaded
        return busiest

    def _send_away(self, busiest: str) -> None:
        """Send the last one away who waits for a client."""
        turn = self._waiting[busiest][-1]
        self._forget(busiest, turn)
        if not turn.done():
            turn.set_exception(Overloaded())

    def _forget(self, client: str, turn: Waiting) -> None:
        turns = self._waiting.get(client)
        if turns is not None and turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[client]
