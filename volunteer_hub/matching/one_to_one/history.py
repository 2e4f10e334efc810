"""Who has met whom before, and whether both, or not both, want to meet again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from volunteer_hub.matching.one_to_one.models import Pairing, PairingState, ServiceRequest
from volunteer_hub.matching.one_to_one.pairs import History, Pair


def read_history(session: Session, key_of: Mapping[int, int], people: Collection[int]) -> History:
    """Return the history of wishes (by id, each with the key of its senior) and volunteers.

    Of several answers of one side the latest counts, also where nobody noted that they had met.
    """
    key = func.coalesce(ServiceRequest.first_id, ServiceRequest.id)
    met = Pairing.state == str(PairingState.MET)
    answered = Pairing.volunteer_again.is_not(None) | Pairing.senior_again.is_not(None)
    rows = session.execute(
        select(key, Pairing.person_id, met, Pairing.volunteer_again, Pairing.senior_again)
        .join(ServiceRequest, ServiceRequest.id == Pairing.request_id)
        .where(
            met | answered,
            Pairing.person_id.in_(people),
            key.in_(key_of.values()),
        )
        .order_by(Pairing.id)
    ).all()
    times: Counter[Pair] = Counter()
    answers: dict[Pair, list[bool | None]] = defaultdict(lambda: [None, None])
    for senior, person, counts, *again in rows:
        times[senior, person] += bool(counts)
        for side, answer in enumerate(again):
            if answer is not None:
                answers[senior, person][side] = answer
    pairs = {
        (request, person): (key_, person) for request, key_ in key_of.items() for person in people
    }
    return History(
        met={pair: times[past] for pair, past in pairs.items() if times[past]},
        together={pair for pair, past in pairs.items() if answers.get(past) == [True, True]},
        apart={pair for pair, past in pairs.items() if False in answers.get(past, ())},
    )
