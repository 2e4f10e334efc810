"""The optimum of one shift, against every way there is on small ones."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from volunteer_hub.matching.one_to_one.pairs import (
    History,
    Pair,
    Senior,
    Volunteer,
    best_pairs,
    can_pair,
    near,
    points,
)

MANDARIN, SHANGHAINESE = 1, 2
PAY, TAXI = 1, 2


def every_way(
    seniors: list[Senior], volunteers: list[Volunteer], history: History
) -> Iterator[list[Pair]]:
    """Yield all ways to pair some of them, nobody twice."""
    if not seniors:
        yield []
        return
    first, rest = seniors[0], seniors[1:]
    yield from every_way(rest, volunteers, history)
    for volunteer in volunteers:
        if can_pair(first, volunteer, history):
            others = [one for one in volunteers if one is not volunteer]
            for way in every_way(rest, others, history):
                yield [(first.id, volunteer.id), *way]


@st.composite
def shifts(draw: st.DrawFn) -> tuple[list[Senior], list[Volunteer], History, set[Pair]]:
    some = st.frozensets(st.integers(1, 3))
    seniors = [
        Senior(10 + n, draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        for n in range(draw(st.integers(0, 4)))
    ]
    volunteers = [
        Volunteer(n, draw(some), draw(some), draw(st.none() | st.integers(0, 30)))
        for n in range(draw(st.integers(0, 4)))
    ]
    pairs = st.sets(st.tuples(st.integers(10, 13), st.integers(0, 3)), max_size=5)
    history = History(dict.fromkeys(draw(pairs), 2), draw(pairs), draw(pairs))
    one_each: set[Pair] = set()
    for senior, volunteer in sorted(draw(pairs)):
        if all(senior != s and volunteer != v for s, v in one_each):
            one_each.add((senior, volunteer))
    return seniors, volunteers, history, one_each


def aims(way: list[Pair], seniors: list[Senior], volunteers: list[Volunteer], history, kept):
    """Return what is wanted of a way: pairs, kept ones, what suits, short ways, long waiting."""
    senior_of = {one.id: one for one in seniors}
    volunteer_of = {one.id: one for one in volunteers}
    suits = sum(points(senior_of[s], volunteer_of[v], history) for s, v in way)
    ways = sum(near(volunteer_of[v]) for _s, v in way)
    newest_first = sorted(senior_of, reverse=True)
    return len(way), len(set(way) & kept), suits, ways, sum(newest_first.index(s) for s, _v in way)


def anew_aims(*of):
    """Return the same when all is worked out anew: what suits comes before what stands."""
    pairs, kept, suits, *rest = aims(*of)
    return pairs, suits, kept, *rest


@settings(deadline=None)
@given(shifts(), st.booleans())
def test_no_other_way_pairs_more_people_keeps_more_pairs_or_suits_better(shift, anew):
    seniors, volunteers, history, kept = shift
    found = best_pairs(seniors, volunteers, history, kept=kept, anew=anew)
    assert len({senior for senior, _one in found}) == len(found)
    assert len({volunteer for _one, volunteer in found}) == len(found)
    by_id = {one.id: one for one in (*seniors, *volunteers)}
    assert all(can_pair(by_id[s], by_id[v], history) for s, v in found)
    wanted = anew_aims if anew else aims
    best = max(
        wanted(way, seniors, volunteers, history, kept)
        for way in every_way(seniors, volunteers, history)
    )
    assert wanted(found, seniors, volunteers, history, kept) == best


def test_of_equals_whoever_waits_longest_sits_down():
    seniors = [Senior(10 + n, MANDARIN, PAY) for n in (2, 0, 1)]
    volunteers = [Volunteer(n, frozenset({MANDARIN})) for n in (1, 2)]
    found = best_pairs(seniors, volunteers, History())
    assert {senior for senior, _one in found} == {10, 11}


def test_a_hundred_tables_are_weighed_exactly():
    seniors = [Senior(1000 + n, MANDARIN, PAY) for n in range(101)]
    volunteers = [Volunteer(n, frozenset({MANDARIN}), walk=15) for n in range(100)]
    found = best_pairs(seniors, volunteers, History(), anew=True)
    assert {senior for senior, _one in found} == {1000 + n for n in range(100)}


def test_the_language_is_a_must_whatever_else_suits():
    senior = Senior(10, SHANGHAINESE, PAY)
    suits = Volunteer(1, frozenset({MANDARIN}), frozenset({PAY}), 0)
    history = History({(10, 1): 3}, {(10, 1)})
    assert best_pairs([senior], [suits], history) == []


def test_those_who_both_want_to_go_on_meet_again_before_the_topic_counts():
    seniors = [Senior(10, MANDARIN, PAY), Senior(11, MANDARIN, TAXI)]
    both = frozenset({MANDARIN})
    volunteers = [Volunteer(1, both, frozenset({PAY})), Volunteer(2, both, frozenset({TAXI}))]
    assert best_pairs(seniors, volunteers, History()) == [(10, 1), (11, 2)]
    history = History(together={(10, 2)})
    assert best_pairs(seniors, volunteers, history) == [(10, 2), (11, 1)]


def test_whoever_asked_not_to_meet_again_does_not():
    senior, volunteer = Senior(10, MANDARIN, PAY), Volunteer(1, frozenset({MANDARIN}))
    assert best_pairs([senior], [volunteer], History(apart={(10, 1)})) == []


def test_a_volunteer_who_stays_away_moves_one_pair_and_not_all():
    seniors = [Senior(10 + n, MANDARIN, PAY) for n in range(4)]
    languages = frozenset({MANDARIN})
    # The best from scratch would be another one: the spare knows the topic of all.
    there = [Volunteer(n, languages) for n in range(1, 4)]
    spare = Volunteer(9, languages, frozenset({PAY}))
    kept = {(11, 1), (12, 2), (13, 3)}
    found = best_pairs(seniors, [*there, spare], History(), kept=kept)
    assert set(found) == {*kept, (10, 9)}
