"""A child process that does what it is told, including what no child process is allowed to do."""

import os
import socket
import subprocess
import time
from pathlib import Path

from letters.shared.sandbox import Question, Reply, serve


def act(question: Question) -> Reply:
    match question["do"]:
        case "eat":
            return {"eaten": len(bytearray(question["bytes"]))}
        case "think":
            while True:
                pass
        case "wait":
            time.sleep(600)
        case "die":
            os.abort()
        case "leave":
            os._exit(0)
        case "panic":
            raise BaseException("as a panic of Rust does")  # noqa: TRY002
        case "look":
            return {"environment": sorted(os.environ), "networks": [name for _, name in socket.if_nameindex()]}
        case "status":
            return {"status": Path("/proc/self/status").read_text(encoding="ascii")}
        case "call":
            subprocess.run(["true"], check=True)
    return {"said": question["do"]}


if __name__ == "__main__":
    serve(act)
