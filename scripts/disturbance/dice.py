"""What is random about a disturbed run: the seed and the run's number say all of it."""

import random


class Dice:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def job(self, least, most):
        """Draws the number of ranks."""
        self.ranks = self.random.randint(least, most)
        return self.ranks

    def clients(self, count):
        """So many different ranks but rank 0."""
        return self.random.sample(range(1, self.ranks), count)

    def client(self):
        return self.clients(1)[0]

    def seconds(self, longest):
        return self.random.random() * longest


def kind_of(kinds, number, seed):
    """The kind of the run with this number: every kind comes once, in random order, before any comes twice."""
    turn, place = divmod(number, len(kinds))
    return random.Random(f"{seed}-{turn}").sample(kinds, len(kinds))[place]
