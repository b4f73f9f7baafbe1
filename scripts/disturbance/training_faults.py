"""The faults that training is disturbed by: injected into ranks, or signals to them."""

import dataclasses
import re

from .dice import Dice, kind_of

ROUNDS = 40
# Longer than a busy machine keeps a rank from answering.
FAILURE_TIMEOUT = 3.0


@dataclasses.dataclass
class Stroke:
    """A signal to client ranks: at a share of the run, or so many seconds after the run has lost a number of ranks."""

    name: str
    ranks: list
    share: float = 0
    losses: int = 0
    seconds: float = 0

    def __str__(self):
        ranks = ", ".join(map(str, self.ranks))
        after = f"{1e3 * self.seconds:.0f} ms after"
        when = f"{after} loss {self.losses}" if self.losses else f"at {self.share:.1%}"
        if not self.losses and self.seconds:
            when += f" + {1e3 * self.seconds:.0f} ms"
        return f"SIG{self.name} {ranks} {when}"


@dataclasses.dataclass
class Fault:
    ranks: int
    inject: list = dataclasses.field(default_factory=list)
    strokes: list = dataclasses.field(default_factory=list)
    # Part of the injected faults leaves an update out, so that the digest is that of a run with these faults alone.
    spoils: list = dataclasses.field(default_factory=list)

    def __str__(self):
        return "; ".join([*self.spoils, *self.inject, *map(str, self.strokes)])

    def ranks_of(self, *kinds):
        """The ranks that are injected with one of these kinds of fault."""
        found = [re.match(r"(\w+):rank=(\d+)", text) for text in self.inject]
        return {int(match[2]) for match in found if match[1] in kinds}

    def alarm(self, lost, has_edges=False):
        """What is wrong with the ranks that were said to be lost, or None. Nobody looks after a rank whose edge is lost."""
        lost = set(lost)
        struck = {rank for stroke in self.strokes for rank in stroke.ranks}
        if false := lost - struck - self.ranks_of("kill", "stop", "delay"):
            return f"false alarm: ranks {sorted(false)}"
        if not has_edges and (missed := self.ranks_of("kill") - lost):
            return f"not noticed: ranks {sorted(missed)} were killed"
        return None


class TrainingDice(Dice):
    def job(self, least, most=6):
        return super().job(least, most)

    def several(self):
        """Some client ranks, but not all, and of more than two at least two."""
        return sorted(self.clients(self.random.randint(min(2, self.ranks - 2), self.ranks - 2)))

    def share(self):
        return self.random.random()

    def round(self, first=1, last=ROUNDS):
        return self.random.randint(first, last)

    def phase(self):
        return self.random.choice(["broadcast", "train", "gather"])

    def at(self, kind, rank, round=None):
        return f"{kind}:rank={rank}@round={round or self.round()},phase={self.phase()}"


def injected_kills(dice):
    return Fault(dice.job(4), inject=[dice.at("kill", rank) for rank in dice.several()])


def injected_kills_in_one_round(dice):
    fault, number = Fault(dice.job(4)), dice.round()
    fault.inject = [dice.at("kill", rank, number) for rank in dice.several()]
    return fault


def injected_stop(dice):
    return Fault(dice.job(3), inject=[dice.at("stop", dice.client())])


def injected_stop_continued(dice):
    fault = injected_stop(dice)
    rank = int(re.search(r"rank=(\d+)", fault.inject[0])[1])
    fault.strokes = [Stroke("CONT", [rank], losses=1, seconds=dice.seconds(0.5))]
    return fault


def injected_delay(dice):
    fault = Fault(dice.job(3))
    seconds = dice.random.choice([0.5, FAILURE_TIMEOUT + 1]) + dice.seconds(0.5)
    fault.inject = [f"{dice.at('delay', dice.client())},seconds={seconds:.2f}"]
    return fault


def spoilt(kind, dice):
    """The update of one rank, and later another rank is killed: whose update is spoilt is then the same as without."""
    fault = Fault(dice.job(3))
    spoiler, victim = dice.clients(2)
    number = dice.round(last=ROUNDS // 2)
    fault.spoils = [f"{kind}:rank={spoiler}@round={number}"]
    fault.inject = [dice.at("kill", victim, dice.round(first=number + 1))]
    return fault


def spoilt_nan(dice):
    return spoilt("nan", dice)


def spoilt_corrupt(dice):
    return spoilt("corrupt", dice)


def kill(dice):
    return Fault(dice.job(3), strokes=[Stroke("KILL", dice.clients(1), share=dice.share())])


def kill_several(dice):
    return Fault(dice.job(4), strokes=[Stroke("KILL", dice.several(), share=dice.share())])


def kill_all_but_one(dice):
    ranks = dice.job(3)
    return Fault(ranks, strokes=[Stroke("KILL", sorted(dice.clients(ranks - 2)), share=dice.share())])


def kill_and_kill(dice):
    """The second while the server may not yet have seen the first."""
    fault, share = Fault(dice.job(4)), dice.share()
    first, second = dice.clients(2)
    fault.strokes = [
        Stroke("KILL", [first], share=share),
        Stroke("KILL", [second], share=share, seconds=dice.seconds(0.02)),
    ]
    return fault


def kill_in_recovery(dice):
    """The second as soon as the server says that it has lost the first."""
    fault = Fault(dice.job(4))
    first, second = dice.clients(2)
    fault.strokes = [
        Stroke("KILL", [first], share=dice.share()),
        Stroke("KILL", [second], losses=1, seconds=dice.seconds(0.02)),
    ]
    return fault


def stop_continued(dice):
    fault = Fault(dice.job(3))
    ranks = dice.clients(1)
    fault.strokes = [
        Stroke("STOP", ranks, share=dice.share()),
        Stroke("CONT", ranks, losses=1, seconds=dice.seconds(0.5)),
    ]
    return fault


KINDS = [
    injected_kills, injected_kills_in_one_round, injected_stop, injected_stop_continued, injected_delay, spoilt_nan,
    spoilt_corrupt, kill, kill_several, kill_all_but_one, kill_and_kill, kill_in_recovery, stop_continued,
]  # fmt: skip


def fault_of(seed, run):
    return kind_of(KINDS, run, f"{seed}-turn")(TrainingDice(f"{seed}-{run}"))
