"""The faults that every command is disturbed by: signals to its processes."""

import dataclasses


@dataclasses.dataclass
class Stroke:
    """A signal, so much later than the one before; the first at a share of what an undisturbed run takes."""

    name: str
    target: object
    later: float = 0

    def __str__(self):
        who = f"rank {self.target}" if isinstance(self.target, int) else self.target
        return f"SIG{self.name} {who}" + (f" {self.later:.2f} s later" if self.later else "")


def kill_client(dice):
    return [Stroke("KILL", dice.client())]


def kill_two_clients(dice):
    first, second = dice.clients(2)
    return [Stroke("KILL", first), Stroke("KILL", second, dice.seconds(0.5))]


def kill_all_clients(dice):
    return [Stroke("KILL", rank) for rank in range(1, dice.ranks)]


def kill_server(dice):
    return [Stroke("KILL", 0)]


def kill_guardian(dice):
    return [Stroke("KILL", f"guardian {dice.client()}")]


def kill_launcher(dice):
    return [Stroke("KILL", "launcher")]


def stop_client(dice):
    return [Stroke("STOP", dice.client())]


def stop_client_continued(dice):
    rank = dice.client()
    return [Stroke("STOP", rank), Stroke("CONT", rank, 0.5 + dice.seconds(6))]


def stop_server_continued(dice):
    return [Stroke("STOP", 0), Stroke("CONT", 0, 0.5 + dice.seconds(6))]


def terminate(dice):
    return [Stroke("TERM", "wrapper")]


def interrupt(dice):
    return [Stroke("INT", "wrapper"), Stroke("INT", "launcher")]  # as a terminal does it


def kill_device(dice):
    return [Stroke("KILL", "device")]


def stop_device(dice):
    return [Stroke("STOP", "device")]


def stop_device_continued(dice):
    return [Stroke("STOP", "device"), Stroke("CONT", "device", dice.seconds(2))]


KINDS = [
    kill_client, kill_two_clients, kill_all_clients, kill_server, kill_guardian, kill_launcher, stop_client,
    stop_client_continued, stop_server_continued, terminate, interrupt,
]  # fmt: skip
