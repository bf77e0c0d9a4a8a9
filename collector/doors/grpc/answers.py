"""Answers on their way out of one connection: each waits until the other end's windows let it pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, MutableMapping

from .answer import GrpcAnswer
from .frames import DEFAULT_WINDOW, NO_TABLE, Code, Setting, reset
from .stream import Stream
from .windows import Outbound


class GrpcAnswers:
    """See the module; `streams` are the connection's calls that are not answered, by their numbers."""

    def __init__(self, streams: MutableMapping[int, Stream]) -> None:
        self._streams = streams
        self._waiting: deque[tuple[Stream, GrpcAnswer]] = deque()
        self._prefix = b""
        self.outbound = Outbound(DEFAULT_WINDOW)
        self.stream_window = DEFAULT_WINDOW
        """What may be sent on a new stream."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, stream: Stream, answer: GrpcAnswer) -> None:
        """A call's answer."""
        stream.answered = True
        self._waiting.append((stream, answer))

    def forget(self) -> None:
        """Nobody is there to read them."""
        self._waiting.clear()

    def set(self, said: Mapping[int, int]) -> None:
        """The other end's settings changed."""
        window = said.get(Setting.INITIAL_WINDOW_SIZE, self.stream_window)
        for stream in self._streams.values():
            stream.outbound.left += window - self.stream_window
        self.stream_window = window
        if Setting.HEADER_TABLE_SIZE in said:
            self._prefix = NO_TABLE

    def frames(self) -> list[bytes]:
        """The frames of those there is a window for, whose streams are over. One given up meanwhile has none."""
        out: list[bytes] = []
        while self._waiting:
            stream, answer = self._waiting[0]
            size = len(answer.data)
            if size > min(self.outbound.left, stream.outbound.left):
                break
            self._waiting.popleft()
            if self._streams.pop(stream.number, None) is not None:
                self.outbound.left -= size
                out += self._frames_of(stream, answer)
        return out

    def _frames_of(self, stream: Stream, answer: GrpcAnswer) -> list[bytes]:
        frames = answer.frames(stream.number, self._prefix)
        self._prefix = b""
        if stream.open:  # what it still sends is not wanted any more (RFC 9113, section 8.1)
            frames.append(reset(stream.number, Code.NO_ERROR))
        return frames
