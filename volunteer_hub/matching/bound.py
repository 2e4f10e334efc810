"""A value that no plan exceeds, from prices of places (a Lagrangian bound).

Give every post a price. Let each person take what earns them most after paying for it, and let each
project sell its places. For any prices the two together are worth at least as much as every plan:
what one side pays, the other side gets. Clashes of one person count in full here, which the flow
cannot do; minimum numbers do not count, except that shifts that can never run are left out before.

Two things make the bound a little larger than it need be, never smaller: of a chain of posts only
neighbours in time are asked whether they clash, and the same hours in two weeks do not clash.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from volunteer_hub.matching.problem import EQUITY, Flags, Ints, Problem, fairness

# Prices are counted in such parts of a point.
FINE = 64
# What no chain is worth: it marks chains that do not exist.
NEVER = -(10**12)
# Cells of the tables of clashes that are held at once.
CELLS = 2_000_000
# How far steps go, how they grow and shrink, and how much of the direction each makes new.
FIRST_STEP, LONGER, SHORTER, FRESH = 0.5, 1.1, 0.7, 0.1


@dataclass(frozen=True)
class Valued:
    """The bound at some prices, and by how many each post is wanted more than it is offered."""

    bound: int
    excess: Ints


@dataclass(frozen=True)
class _Offers:
    """What each further post is worth to a person within one block of hours.

    `key` is the block (of one person and week), `worth` what the `count`-th post in it adds;
    taking `count` means the posts of the chain of that length, which `takers` can tell.
    """

    key: Ints
    worth: Ints
    count: Ints


class Prices:
    """The bound at any prices of the places, for the pairs in `rows`."""

    def __init__(self, problem: Problem, rows: Ints) -> None:
        self.problem = problem
        key = problem.person_block[rows] * problem.weeks + problem.week[problem.post[rows]]
        order = np.lexsort((problem.end[problem.post[rows]], key))
        self.rows, key = rows[order], key[order]
        self.post = problem.post[self.rows]
        self.begins = np.flatnonzero(np.diff(key, prepend=-1))
        self.of_key = np.cumsum(np.diff(key, prepend=-1) != 0) - 1
        first = self.rows[self.begins]
        self.person, self.person_week = problem.person[first], problem.person_week[first]
        self.limit = problem.week_left.reshape(-1)[self.person_week]
        # Less than this is not worth a person's first shift, let alone another one.
        self.least = FINE * fairness(problem.recent, 1)[self.person]
        self.several = self._several()[self.of_key]
        self.supply = _Supply(problem, np.bincount(self.post, minlength=len(problem.start)))

    def _several(self) -> Flags:
        """Say of each key whether two of its posts might go together."""
        ends = self.problem.end[self.post[self.begins]]
        starts = np.maximum.reduceat(self.problem.start[self.post], self.begins)
        possible: Flags = (ends <= starts) & (self.limit > 1)
        return possible

    def at(self, price: Ints) -> Valued:
        """Return the bound at these prices, one for each post, in `FINE` parts of a point."""
        if not len(self.rows):
            return Valued(0, np.zeros_like(price))
        worth = FINE * self.problem.worth[self.rows] - price[self.post]
        best = np.maximum.reduceat(worth, self.begins)
        chains = list(self._chains(worth, self._floor(best)))
        keys = np.arange(len(best))
        offers = _Offers(
            np.concatenate([keys, *(chain.offers.key for chain in chains)]),
            np.concatenate([best, *(chain.offers.worth for chain in chains)]),
            np.concatenate([np.ones_like(keys), *(chain.offers.count for chain in chains)]),
        )
        earned, taken = self._taken(offers)
        wanted = self._wanted(worth, best, taken, chains)
        sold, offered = self.supply.at(price)
        return Valued((earned + sold) // FINE, wanted - offered)

    def _floor(self, best: Ints) -> Ints:
        """Return for each key what a post must be worth to be taken there beside another one.

        Who may take three posts in a week and has three keys with better ones does without it: in
        one of these keys they have nothing else, and take the better one instead.
        """
        order = np.lexsort((-best, self.person_week))
        last = order[_ranks(self.person_week[order]) == self.limit[order] - 1]
        floor = np.zeros(self.problem.week_left.size, np.int64)
        floor[self.person_week[last]] = best[last]
        return np.maximum(floor[self.person_week], self.least + 1)

    def _taken(self, offers: _Offers) -> tuple[int, Ints]:
        """Let everybody take their best offers; return what they earn and how many of each key."""
        open_ = np.flatnonzero(offers.worth > self.least[offers.key])
        key, worth = offers.key[open_], offers.worth[open_]
        order = np.lexsort((-worth, self.person_week[key]))
        key, worth = key[order], worth[order]
        fits = _ranks(self.person_week[key]) < self.limit[key]
        key, worth = key[fits], worth[fits]
        order = np.lexsort((-worth, self.person[key]))
        key, worth = key[order], worth[order]
        person = self.person[key]
        profit = worth - FINE * fairness(self.problem.recent[person], _ranks(person) + 1)
        good = profit > 0
        return int(profit[good].sum()), np.bincount(key[good], minlength=len(self.begins))

    def _wanted(self, worth: Ints, best: Ints, taken: Ints, chains: list[_Chains]) -> Ints:
        """Count, for each post, the people who would take it."""
        place = np.where(worth == best[self.of_key], np.arange(len(worth)), len(worth))
        place = np.minimum.reduceat(place, self.begins)[taken == 1]
        posts = [self.post[place]]
        posts += [self.post[chain.members(taken)] for chain in chains]
        return np.bincount(np.concatenate(posts), minlength=len(self.problem.start))

    def _chains(self, worth: Ints, floor: Ints) -> Iterator[_Chains]:
        """Find the best chains of two and more where there can be any, tables of a size at once."""
        places = np.flatnonzero(self.several & (worth >= floor[self.of_key]))
        keys, first, counts = np.unique(self.of_key[places], return_index=True, return_counts=True)
        width = 2
        while width // 2 < counts.max(initial=0):
            mine = np.flatnonzero((counts > width // 2) & (counts <= width) & (counts > 1))
            step = max(1, CELLS // width**2)
            for part in (mine[low : low + step] for low in range(0, len(mine), step)):
                lane = first[part, None] + np.minimum(np.arange(width), counts[part, None] - 1)
                real = np.arange(width) < counts[part, None]
                yield _Chains(self, keys[part], places[lane], real, worth)
            width *= 2


class _Chains:
    """The best chain of each length for some keys; `place` holds the pairs of each, by their end.

    Padded to one width: what is not `real` is in no chain.
    """

    def __init__(self, prices: Prices, key: Ints, place: Ints, real: Flags, worth: Ints) -> None:
        posts = prices.post[place]
        after = ~prices.problem.clash(posts[:, None, :], posts[:, :, None])
        # A post is reached from those that end before it.
        after &= np.tri(place.shape[1], k=-1, dtype=bool)
        own = np.where(real, worth[place], NEVER)
        self.key, self.place = key, place
        self.ends: list[Ints] = [own.argmax(1)]
        self.before: list[Ints] = []
        chain, total = own, own.max(1)
        keys, worths, counts = [], [], []
        for count in range(2, int(prices.limit[key].max(initial=0)) + 1):
            reach = np.where(after, chain[:, None, :], NEVER)
            chain = np.maximum(own + reach.max(2), NEVER)
            longer = chain.max(1)
            found = np.flatnonzero(longer > 0)
            if not len(found):
                break
            self.before.append(reach.argmax(2))
            self.ends.append(chain.argmax(1))
            keys.append(key[found])
            worths.append((longer - total)[found])
            counts.append(np.full(len(found), count))
            total = longer
        none = key[:0]
        self.offers = _Offers(
            np.concatenate([none, *keys]),
            np.concatenate([none, *worths]),
            np.concatenate([none, *counts]),
        )

    def members(self, taken: Ints) -> Ints:
        """Return the places of the pairs in the chains that are as long as `taken` says."""
        found = [self.place[:0, 0]]
        length = taken[self.key]
        for count in range(2, len(self.ends) + 1):
            lane = np.flatnonzero(length == count)
            at = self.ends[count - 1][lane]
            found.append(self.place[lane, at])
            for link in reversed(self.before[: count - 1]):
                at = link[lane, at]
                found.append(self.place[lane, at])
        return np.concatenate(found)


class _Supply:
    """The open places, sold by their projects with the bonus of each quarter."""

    def __init__(self, problem: Problem, candidates: Ints) -> None:
        self.project = problem.project
        self.places = np.minimum(np.maximum(problem.places, 0), candidates)
        self.borders = np.cumsum(problem.segments, 1)

    def at(self, price: Ints) -> tuple[int, Ints]:
        """Return what the places bring, and how many of each post are offered."""
        order = np.lexsort((-price, self.project))
        post = np.repeat(order, self.places[order])
        project = self.project[post]
        quarter = (_ranks(project)[:, None] >= self.borders[project]).sum(1)
        brings = price[post] + FINE * np.array((*EQUITY, 0))[quarter]
        # Prices and bonuses both fall, so the sales that bring something come first.
        good = brings > 0
        return int(brings[good].sum()), np.bincount(post[good], minlength=len(price))


def lowest(prices: Prices, starts: list[Ints], *, target: int, steps: int) -> int:
    """Return the lowest bound found from the best of these prices (in points) in some steps.

    Each step changes prices towards what is wanted on average (at one price alone it is decided by
    ties), as far as `target`, the value of a plan, makes sensible.
    """
    starts = [FINE * price for price in starts]
    valued = [prices.at(price) for price in starts]
    first = min(range(len(starts)), key=lambda row: valued[row].bound)
    price, best = starts[first], valued[first].bound
    wanted, step = valued[first].excess.astype(float), FIRST_STEP
    for _step in range(steps):
        length = float((wanted**2).sum())
        if not length or best <= target:
            break
        moved = price + np.rint(FINE * step * (best - target) / length * wanted).astype(np.int64)
        found = prices.at(moved)
        wanted = FRESH * found.excess + (1 - FRESH) * wanted
        if found.bound < best:
            price, best = moved, found.bound
            step *= LONGER
        else:
            step *= SHORTER
    return best


def _ranks(groups: Ints) -> Ints:
    """Return for each row how many rows of the same group (which lie together) come before."""
    begins = np.flatnonzero(np.diff(groups, prepend=-1))
    sizes = np.diff(begins, append=len(groups))
    ranks: Ints = np.arange(len(groups)) - np.repeat(begins, sizes)
    return ranks
