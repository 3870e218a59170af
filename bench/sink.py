"""A mail server that discards every email: `python -m bench.sink PORT`, in its own process.

It is as fast as possible, so that the sender is what is measured. It has two commands of its own: `XDELAY 0.01` (wait
this many seconds before accepting an email) and `XTAKEN` (the number of emails so far).
"""

import asyncio
import sys

EXTENSIONS = b"250-sink\r\n250 8BITMIME\r\n"
YES = b"250 OK\r\n"


class Sink(asyncio.Protocol):
    """One connection."""

    # Shared by all connections.
    delay = 0.0
    taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- what asyncio promises
        self.transport = transport
        self.received = b""
        self.end = b"\r\n"
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.received += data
        while self.end in self.received:
            said, _, self.received = self.received.partition(self.end)
            if self.end == b"\r\n":
                self.transport.write(self.answer(*said.upper().split(b" ", 1)))
            else:
                self.end = b"\r\n"
                asyncio.get_running_loop().call_later(Sink.delay, self.take)

    def take(self) -> None:
        Sink.taken += 1
        self.transport.write(YES)

    def answer(self, command: bytes, value: bytes = b"") -> bytes:
        match command:
            case b"EHLO":
                return EXTENSIONS
            case b"DATA":
                self.end = b"\r\n.\r\n"
                return b"354 go on\r\n"
            case b"QUIT":
                return b"221 bye\r\n"
            case b"XDELAY":
                Sink.delay = float(value)
            case b"XTAKEN":
                return b"250 %d\r\n" % Sink.taken
        return YES


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
