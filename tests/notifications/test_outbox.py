"""Mail leaves at least once, with one key, or is given up for a reason (R12, R13, S32, S39)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import NOW, make_person
from tests.notifications.test_texts import MORE, SHIFT
from tests.notifications.workers import SENDER
from tests.support import login
from volunteer_hub.notifications import outbox
from volunteer_hub.notifications.models import Delivery, Notice
from volunteer_hub.notifications.services import tell
from volunteer_hub.notifications.transports import SmtpTransport

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def remind(session, person, key="reminder:1", **fields):
    """Tell the person of a shift tomorrow, and commit."""
    values = {"now": NOW, "link": "/shifts/7", **SHIFT, **fields}
    told = tell(session, values.pop("kind", "reminder_day"), person_id=person.id, key=key, **values)
    session.commit()
    return told


def delivery(session, key="reminder:1"):
    session.expire_all()
    session.rollback()
    return session.scalars(select(Delivery).where(Delivery.key == f"{key}:mail")).one()


@pytest.fixture
def dora(session):
    """Dora has given an address and reads English."""
    return make_person(session, name="Dora", email="dora@example.com", language="en")


def test_a_notice_is_mailed_once_in_the_language_of_its_reader(session, dora, postbox, mailing):
    remind(session, dora)
    remind(session, make_person(session, email="chen@例子.中国"), key="reminder:2")
    worker = mailing()
    assert worker.round()
    assert worker.round()
    english, chinese = postbox.letters
    assert english["To"] == "dora@example.com"
    assert english["From"] == "小橙子志愿 <hub@example.org>"
    assert english["Subject"] == "Coming up: One hour before work"
    assert "Sat 28 Nov 06:30–08:00" in english.get_content()
    assert "https://hub.example.org/shifts/7\r\n" in english.get_content()
    assert "https://hub.example.org/me/profile" in english.get_content()
    assert chinese["Subject"] == "快到了：班前一小时"
    assert chinese["To"] == "chen@xn--fsqu00a.xn--fiqs8s"
    assert chinese["X-Idempotency-Key"] == "reminder:2:mail"
    assert delivery(session).sent_at == NOW


def test_the_worker_signs_in_where_the_setting_names_a_user(session, dora, postbox, mailing):
    remind(session, dora)
    wrong, right = (
        SmtpTransport(f"smtp://hub:{password}@localhost:{postbox.port}", SENDER)
        for password in ("old", "p%40ss%2Fword")
    )
    mailing(transports={"mail": wrong}).round()
    assert postbox.letters == []
    # What the operator can mend is tried again.
    assert delivery(session).dropped_at is None
    mailing(transports={"mail": right}, at=NOW + 5 * MINUTE).round()
    assert postbox.arrivals == {"reminder:1:mail": 1}
    assert postbox.signed_in[-1] == ("hub", "p@ss/word")


def test_telling_twice_mails_once(session, dora, postbox, mailing):
    assert remind(session, dora)
    assert not remind(session, dora)
    mailing().round()
    assert postbox.arrivals == {"reminder:1:mail": 1}


def test_who_gave_no_address_gets_no_mail(session, postbox, mailing):
    remind(session, make_person(session))
    mailing().round()
    assert postbox.letters == []
    assert session.scalar(select(func.count(Delivery.id))) == 0


def test_an_address_taken_out_before_the_mail_left_gets_none(session, dora, postbox, mailing):
    remind(session, dora)
    dora.email = None
    session.commit()
    mailing().round()
    assert postbox.letters == []
    assert delivery(session).last_error == outbox.NO_ADDRESS


def test_a_repeated_mail_carries_the_same_key_and_message_id(session, dora, postbox, mailing):
    remind(session, dora)
    worker = mailing()
    worker.round()
    # As if the worker had been killed between the server's answer and its own note.
    row = delivery(session)
    row.sent_at, row.leased_until, row.leased_by = None, NOW + 2 * MINUTE, "another"
    session.commit()
    worker.round()
    assert postbox.arrivals == {"reminder:1:mail": 1}
    worker.at = NOW + 2 * MINUTE
    worker.round()
    first, second = postbox.letters
    assert first.as_bytes() == second.as_bytes()
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", first["Message-ID"])


def test_a_passing_refusal_is_tried_again_after_five_minutes(session, dora, postbox, mailing):
    remind(session, dora)
    worker = mailing()
    postbox.answers[dora.email] = "451 try again later"
    worker.round()
    row = delivery(session)
    assert (row.attempts, row.due_at, row.dropped_at) == (1, NOW + 5 * MINUTE, None)
    assert "451" in row.last_error
    postbox.answers.clear()
    worker.at = NOW + 5 * MINUTE - timedelta(seconds=1)
    worker.round()
    assert postbox.letters == []
    worker.at = NOW + 5 * MINUTE
    worker.round()
    assert postbox.arrivals == {"reminder:1:mail": 1}
    assert delivery(session).last_error == ""


@pytest.mark.parametrize("where", ["dora@example.com", "data"])
def test_a_refusal_for_good_is_given_up_at_once(session, dora, postbox, mailing, where):
    remind(session, dora)
    postbox.answers[where] = "550 dora@example.com is not here"
    worker = mailing()
    worker.round()
    row = delivery(session)
    assert (row.attempts, row.dropped_at) == (1, NOW)
    assert "550" in row.last_error
    assert "dora@" not in row.last_error
    worker.at += HOUR
    worker.round()
    assert postbox.letters == []


def test_a_server_that_is_down_is_tried_48_times_and_then_the_letter_is_dead(
    session, dora, postbox, mailing, client
):
    remind(session, dora)
    nobody = mailing(port=1)
    for tries in range(1, 49):
        nobody.round()
        assert delivery(session).attempts == tries
        nobody.at += 5 * MINUTE
    row = delivery(session)
    assert row.dropped_at == nobody.at - 5 * MINUTE
    found = outbox.status(session, now=nobody.at)
    assert (found.waiting, found.sent, found.dropped) == (0, 0, 1)
    assert found.dead_letters[0].key == "reminder:1:mail"
    session.rollback()
    up_again = mailing(at=nobody.at)
    up_again.round()
    assert postbox.letters == []


def test_people_notice_nothing_of_a_mail_server_that_is_down(session, dora, mailing, client):
    remind(session, dora)
    mailing(port=1).round()
    page = login(client, dora).get("/me/notices?lang=en")
    assert page.status_code == 200
    assert "Coming up: One hour before work" in page.get_data(as_text=True)


def test_a_message_that_would_come_too_late_is_dropped(session, dora, postbox, mailing):
    remind(session, dora, useless_after=NOW + HOUR)
    remind(session, dora, key="reminder:2", useless_after=NOW + 3 * HOUR)
    mailing(at=NOW + 2 * HOUR).round()
    assert postbox.arrivals == {"reminder:2:mail": 1}
    assert delivery(session).last_error == outbox.TOO_LATE


def test_without_a_mail_server_messages_wait_and_old_news_is_never_sent(
    session, dora, postbox, mailing
):
    remind(session, dora)
    silent = mailing(transports={})
    assert silent.round()
    assert delivery(session).attempts == 0
    mailing(at=NOW + timedelta(days=8)).round()
    assert postbox.letters == []
    assert delivery(session).dropped_at


@pytest.mark.parametrize(
    "name", ["Eve\r\nBcc: all@example.com", "Eve\nSubject: x\n\nbody", "Eve\0\x1b", "“é”\u2028Bcc:"]
)
def test_s32_line_ends_in_what_people_typed_change_no_header(session, dora, postbox, mailing, name):
    remind(session, dora, kind="offer_made", **{**MORE["offer_made"], "invited_by_name": name})
    mailing().round()
    (letter,) = postbox.letters
    assert letter["Subject"].startswith(name.split()[0][:3])
    assert "keeps a place for you" in letter["Subject"]
    assert letter["Bcc"] is None
    assert letter.get_all("Subject") == [letter["Subject"]]
    assert letter["To"] == "dora@example.com"


def test_s32_a_key_with_line_ends_stays_one_header(session, dora, postbox, mailing):
    remind(session, dora, key="odd\r\nBcc: all@example.com")
    mailing().round()
    (letter,) = postbox.letters
    assert letter["X-Idempotency-Key"] == "odd Bcc: all@example.com:mail"
    assert letter["Bcc"] is None


def test_a_message_that_one_worker_holds_is_not_claimed_by_another(session, dora):
    remind(session, dora)

    def claim(worker, now):
        found = outbox.claim(session, channels=["mail"], worker=worker, now=now)
        session.commit()
        return found

    assert claim("one", NOW).tries == 1
    assert claim("two", NOW + timedelta(seconds=119)) is None
    assert claim("two", NOW + timedelta(seconds=120)).tries == 2


def test_a_worker_that_was_overtaken_does_not_undo_what_the_other_one_does(session, dora):
    remind(session, dora)
    slow = outbox.claim(session, channels=["mail"], worker="slow", now=NOW)
    quick = outbox.claim(session, channels=["mail"], worker="quick", now=NOW + 2 * MINUTE)
    later = NOW + 3 * MINUTE
    outbox.mark_failed(session, message=slow, worker="slow", error="timeout", now=later)
    session.commit()
    assert delivery(session).leased_by == "quick"
    outbox.mark_sent(session, delivery_id=quick.id, now=later)
    outbox.mark_failed(session, message=quick, worker="quick", error="late", now=later)
    session.commit()
    assert delivery(session).last_error == ""


def test_a_message_over_which_workers_die_is_given_up_too(session, dora):
    remind(session, dora)
    at = NOW
    for _try in range(48):
        assert outbox.claim(session, channels=["mail"], worker="dying", now=at)
        at += 2 * MINUTE
    assert outbox.claim(session, channels=["mail"], worker="next", now=at) is None
    assert outbox.drop_late(session, now=at) == 1


@pytest.mark.expects_error_log
def test_a_job_that_fails_keeps_neither_other_jobs_nor_mail_waiting(
    session, dora, postbox, mailing
):
    done, dora_id = [], dora.id
    session.rollback()

    def breaks(session, now):
        remind_inside(session, dora_id, now, key="half done")
        raise RuntimeError("this job is broken")

    def tells(session, now):
        done.append(now)
        return remind_inside(session, dora_id, now, key="whole")

    assert not mailing(jobs=[breaks, tells]).round()
    assert done == [NOW]
    assert postbox.arrivals == {"whole:mail": 1}
    assert session.scalars(select(Notice.key)).all() == ["whole"]


def remind_inside(session, person_id, now, *, key):
    return tell(session, "reminder_day", person_id=person_id, key=key, now=now, **SHIFT)


def test_a_forgotten_person_gets_nothing_more(session, dora, postbox, mailing, client):
    remind(session, dora)
    leaving = make_person(session, email="gone@example.com")
    remind(session, leaving, key="reminder:2")
    login(client, leaving).post("/me/delete", data={"sure": "y"})
    session.expire_all()
    assert leaving.deleted_at
    assert leaving.email is None
    assert session.scalars(select(Notice.key)).all() == ["reminder:1"]
    session.rollback()
    mailing().round()
    assert postbox.arrivals == {"reminder:1:mail": 1}
