"""Three RabbitMQ nodes on ports of this machine, which form one cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from petition.embedded import free_port
from tests.rabbit import Rabbit

NODES = 3


class Rabbits:
    def __init__(self, folder: Path) -> None:
        self.nodes = [Rabbit(folder / f"rabbit-{number}") for number in range(NODES)]
        # One cookie and one port mapper, so that they find and trust each other.
        shared = {name: self.nodes[0].environ[name] for name in ("HOME", "ERL_EPMD_PORT", "ERL_EPMD_ADDRESS")}
        names = [f"{node.environ['RABBITMQ_NODENAME']}" for node in self.nodes]
        lines = ["cluster_formation.peer_discovery_backend = classic_config", "cluster_partition_handling = ignore"]
        lines += [f"cluster_formation.classic_config.nodes.{number} = {name}" for number, name in enumerate(names, 1)]
        for node in self.nodes:
            configuration = node.folder / "rabbitmq.conf"
            configuration.write_text("\n".join([*lines, ""]), encoding="utf-8")
            node.environ |= {**shared, "RABBITMQ_CONFIG_FILE": str(configuration)}
            node.environ["RABBITMQ_DIST_PORT"] = str(free_port())
        self.url = ";".join(node.url for node in self.nodes)

    def start(self) -> None:
        for node in self.nodes:
            node.start()

    def forget(self) -> None:
        for node in reversed(self.nodes):
            node.stop()
        self.nodes[0].forget()


@contextmanager
def running_rabbits(folder: Path) -> Iterator[Rabbits]:
    rabbits = Rabbits(folder)
    try:
        rabbits.start()
        yield rabbits
    finally:
        rabbits.forget()
