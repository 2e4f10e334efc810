"""Search over 2,100 projects, checked against a reader who looks at every text."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from pypinyin import Style, pinyin
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_category, make_organisation, make_place, make_project
from volunteer_hub.projects import terms
from volunteer_hub.projects.indexing import index_rows, reindex, weigh
from volunteer_hub.projects.models import Project, SearchTerm
from volunteer_hub.projects.queries import search
from volunteer_hub.projects.terms import normalise, project_terms, query_terms

TOPICS = (
    ("“班前一小时”{place}医院{post}导医", "One Hour Before Work at {place}: {post}"),
    ("幸福白老汇：教老人用手机{post}", "Happy Seniors: {post} on the phone"),
    ("一小时公益捡跑·{place}", "One-hour litter run, {place}"),
    ("{place}长者陪聊（{post}）", "Tea with seniors in {place}"),
    ("老年食堂送餐到家·{post}", "Meals to the door: {post}"),
    ("{place}AED急救课堂", "CPR and AED class in {place}"),
    ("银行网点防诈骗：{post}", "No to fraud: {post}"),
)
PLACES = ("华山", "朝阳", "单家弄", "重庆路", "静安公园", "长乐路", "愚园", "越洋广场")
POSTS = ("挂号", "缴费", "取药", "手机支付", "视频通话", "轮椅协助", "队列引导")
CONTENTS = (
    "请提前十分钟到医院大厅集合。", "老人说上海话，请慢慢讲。", "自带手机与充电器。",
    "捡跑路线约三公里，穿运动鞋。", "不需要经验，有人带。", "",
)  # fmt: skip
COUNT = 2100


@pytest.fixture
def texts(session: Session) -> dict[int, dict[str, int]]:
    """2,100 indexed projects: id → text → weight."""
    base = make_project(session, title_zh="样板", title_en="", content_zh="", content_en="")
    shared = {"organisation_id": base.organisation_id, "category_id": base.category_id}
    titles = itertools.cycle(itertools.product(TOPICS, PLACES, POSTS))
    projects, texts = [], {}
    for number, ((zh, en), place, post) in zip(range(COUNT), titles, strict=False):
        project_id = base.id + 1 + number
        title_zh = f"{zh.format(place=place, post=post)}（第{number}期）"
        title_en = en.format(place=place, post=post)
        content = CONTENTS[number % len(CONTENTS)]
        projects.append(
            {"id": project_id, "title_zh": title_zh, "title_en": title_en, "created_at": NOW}
            | shared
        )
        texts[project_id] = weigh(
            [(title_zh, terms.TITLE), (title_en, terms.TITLE), (content, terms.CONTENT)]
        )
    session.execute(insert(Project), projects)
    session.execute(insert(SearchTerm), list(index_rows(texts.items())))
    session.commit()
    return texts


def found(session: Session, q: str) -> list[int]:
    """Return project ids, best first."""
    hits = search(q)
    assert hits is not None
    query = select(hits.c.project_id).order_by(hits.c.score.desc(), hits.c.project_id)
    return list(session.scalars(query))


def holding(texts: dict[int, dict[str, int]], *words: str) -> set[int]:
    """Read every text: which projects hold all words, each anywhere."""
    return {
        project_id
        for project_id, own in texts.items()
        if all(any(word in normalise(text) for text in own) for word in words)
    }


def sounding(texts: dict[int, dict[str, int]], initials: str) -> set[int]:
    """Read every title: which hold neighbouring characters with these initials, in any reading."""
    return {
        project_id
        for project_id, own in texts.items()
        if any(
            _sounds(run, initials)
            for text, weight in own.items()
            if weight > terms.CONTENT
            for run in re.findall("[一-鿿]+", text)
        )
    }


def _sounds(run: str, initials: str) -> bool:
    letters: list[set[str]] = [
        {syllable[0] for syllable in pinyin(c, style=Style.NORMAL, heteronym=True)[0]} for c in run
    ]
    return any(
        all(wanted in held for wanted, held in zip(initials, letters[start:], strict=False))
        for start in range(len(run) - len(initials) + 1)
    )


def words_beginning(texts: dict[int, dict[str, int]], start: str) -> set[int]:
    return {
        project_id
        for project_id, own in texts.items()
        if any(
            word.startswith(start) for text in own for word in re.findall("[a-z]+", text.lower())
        )
    }


def test_search_finds_exactly_what_a_reader_of_every_text_finds(
    session: Session, texts: dict[int, dict[str, int]]
) -> None:
    words = ("医院", "老人", "手机", "捡跑", "医", "院", "鞋", "课堂", "AED", "朝阳", "话")
    for word in words:
        hits = found(session, word)
        assert set(hits) == holding(texts, normalise(word)), word
        assert len(hits) == len(set(hits)), word
    for pair in (("医院", "挂号"), ("手机", "老人"), ("捡跑", "华山"), ("aed", "静安")):
        assert set(found(session, " ".join(pair))) == holding(texts, *pair), pair


def test_pinyin_initials_find_every_reading_of_a_character(
    session: Session, texts: dict[int, dict[str, int]]
) -> None:
    for initials in ("yy", "lr", "sj", "jp", "cy", "zy", "sj", "dj", "cq", "zq", "yh", "yx"):
        expected = sounding(texts, initials) | words_beginning(texts, initials)
        assert set(found(session, initials)) == expected, initials


def test_whole_pinyin_and_its_beginning_find_chinese(
    session: Session, texts: dict[int, dict[str, int]]
) -> None:
    for typed, word in (
        ("yiyuan", "医院"), ("laoren", "老人"), ("jianpao", "捡跑"), ("yinhang", "银行"),
        ("bailaohui", "白老汇"), ("shouj", "手机"), ("jingan", "静安"),
    ):  # fmt: skip
        in_titles = {
            i
            for i, own in texts.items()
            if any(word in text for text, weight in own.items() if weight > terms.CONTENT)
        }
        assert in_titles <= set(found(session, typed)), typed
    assert set(found(session, "yinhang")) == holding(texts, "银行")


@pytest.mark.parametrize("q", ["医院", "老人", "手机", "捡跑"])
def test_first_page_holds_title_hits_before_content_hits(
    session: Session, texts: dict[int, dict[str, int]], q: str
) -> None:
    hits = found(session, q)
    in_title = [any(q in text for text, w in texts[i].items() if w > terms.CONTENT) for i in hits]
    assert all(in_title[:20])
    assert in_title == sorted(in_title, reverse=True)


@pytest.mark.parametrize("q", ["hsyy", "HSYYGH", "hsyygh"])
def test_more_initials_narrow_the_search(
    session: Session, texts: dict[int, dict[str, int]], q: str
) -> None:
    hits = set(found(session, q))
    assert hits
    assert hits <= holding(texts, "华山医院")


def test_part_typed_words_find_in_both_scripts(
    session: Session, texts: dict[int, dict[str, int]]
) -> None:
    assert set(found(session, "litt")) == holding(texts, "litter")
    assert set(found(session, "ＬＩＴＴＥＲ　ｒｕｎ")) == holding(texts, "litter", "run")
    assert set(found(session, "Ｃｐｒ")) == holding(texts, "cpr")


def test_the_index_stays_small(session: Session, texts: dict[int, dict[str, int]]) -> None:
    assert len(session.execute(select(SearchTerm.term)).all()) / COUNT <= 150


@pytest.mark.parametrize("q", ["", "   ", "！？。", "🍊", "\ud800", "%_*'\\", "\0"])
def test_a_query_without_anything_searchable_is_none(app: Flask, q: str) -> None:
    assert query_terms(q) == []
    assert search(q) is None


@pytest.mark.parametrize(
    "q",
    ["'; drop table", "医院*", "a" * 5000, "老" * 5000, "% x_", "½ ﷽ ①", "ñ\u0301\u0301", "𠀀𠀁"],
)
def test_odd_queries_are_only_text(session: Session, q: str) -> None:
    assert len(query_terms(q)) <= terms.MAX_QUERY_TERMS
    assert found(session, q) == []


def test_reindex_follows_every_text_and_forgets_the_old(session: Session) -> None:
    project = make_project(
        session,
        title_zh="医院导医",
        content_zh="穿运动鞋",
        place=make_place(session, name_zh="越洋广场", name_en="Park Place"),
        category=make_category(session, name_zh="环境保护", name_en="Environment"),
        organisation=make_organisation(session, name_zh="静安服务站", name_en=""),
    )
    reindex(session, project.id)
    for q in ("导医", "运动", "越洋", "park", "环", "服务站", "environment", "yy"):
        assert found(session, q) == [project.id], q
    project.title_zh, project.place_id = "老人手机", None
    reindex(session, project.id)
    assert found(session, "手机") == [project.id]
    assert found(session, "导医") == found(session, "越洋") == []


def variants() -> Iterator[tuple[str, str]]:
    yield "ＡＥＤ", "aed"
    yield "Café", "cafe"
    yield "cafe\u0301", "café"
    yield "STRASSE", "straße"
    yield "㈱医院", "医院"


@pytest.mark.parametrize(("text", "q"), list(variants()))
def test_full_width_case_accents_and_composition_do_not_matter(text: str, q: str) -> None:
    indexed = project_terms({text: terms.TITLE})
    assert all(
        any(term.startswith(wanted.rstrip("*")) for term in indexed) for wanted in query_terms(q)
    )
