"""What a branch prints: the first lines of a table, the rest in one, and the screen's own words."""

from __future__ import annotations

import re
from datetime import date

from tests.factories import grant_role, make_branch, make_membership, make_person
from tests.reports.books import open_books
from tests.support import login
from volunteer_hub.core.permissions import Role
from volunteer_hub.reports import paper_lines
from volunteer_hub.reports.figures import PartLine, PlaceLine
from volunteer_hub.reports.queries.branch import BranchRow
from volunteer_hub.reports.queries.sums import Tally


def line(number, *, hidden=False):
    branch = BranchRow(number, "branch", f"第{number}支部", "", 1, f"/1/{number}/")
    return PartLine(branch, Tally(60 * number, number), None, hidden)


REST = PartLine(None, Tally(7, 1), None)


def test_a_table_that_fits_is_printed_as_it_is():
    lines = tuple(line(number) for number in range(paper_lines.MOST_LINES))
    assert paper_lines.branches(lines) == lines


def test_what_does_not_fit_is_one_line_and_everything_still_adds_up():
    lines = [*(line(number) for number in range(2, 40)), REST]
    found = paper_lines.branches(lines)
    assert len(found) == paper_lines.MOST_LINES
    assert found[-1] == REST
    assert found[-2].others == 38 - (paper_lines.MOST_LINES - 2)
    for figure in ("minutes", "attendances"):
        whole = sum(getattr(one.tally, figure) for one in lines)
        assert sum(getattr(one.tally, figure) for one in found) == whole


def test_lines_of_few_people_are_all_in_the_sum_so_that_it_tells_of_none():
    """S16: with one of them outside, the others' sum less the lines on screen would be the other's.

    One hidden line comes first and one last, as the tree has it.
    """
    lines = [
        line(2, hidden=True),
        *(line(number) for number in range(3, 30)),
        line(30, hidden=True),
    ]
    found = paper_lines.branches(lines)
    assert not any(one.hidden for one in found)
    assert [one.branch.id for one in found[:-1]] == list(range(3, 3 + len(found) - 1))
    assert found[-1].tally.minutes == sum(one.tally.minutes for one in lines) - sum(
        one.tally.minutes for one in found[:-1]
    )


def test_buildings_are_put_together_likewise():
    lines = [PlaceLine(number, f"{number} 号楼", None, 60, 1) for number in range(30)]
    lines.append(PlaceLine(None, "", None, 90, 2))
    found = paper_lines.places(lines)
    assert len(found) == paper_lines.MOST_LINES
    assert found[-1] == lines[-1]
    assert sum(one.minutes for one in found) == sum(one.minutes for one in lines)
    assert found[-2].others == 30 - (paper_lines.MOST_LINES - 2)


def test_paper_says_the_same_words_as_the_screen(client, session, branch):
    books, leader = open_books(session), make_person(session)
    grant_role(session, leader, Role.BRANCH_LEADER, branch=branch)
    for number in range(12):
        below = make_branch(session, parent=branch, name_zh=f"第{number}支部")
        for _n in range(5):
            person = make_person(session)
            make_membership(session, person, below)
            books.serve(person, below, date(2026, 11, 5), 60)
    login(client, leader)
    screen, paper = (client.get(f"/branches/{branch.id}{end}").text for end in ("", "/print"))
    assert "比上季同期" in screen
    assert "比上季同期" in paper
    assert "其余 3 个支部合计" in paper
    assert "其余 3 个支部合计" not in screen
    assert len(re.findall(r"第\d+支部</a>", paper)) == paper_lines.MOST_LINES - 1
