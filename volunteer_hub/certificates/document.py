"""The certificate as a PDF: A4, an embedded Chinese font, the same bytes for the same figures."""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import segno
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from volunteer_hub.core.i18n import _, day_year, either, hours, speaking

# Noto Sans SC, SIL Open Font License (data/OFL.txt), compressed: a few MB instead of ten.
FONT = Path(__file__).parent / "data" / "NotoSansSC.ttf.xz"
FAMILY = "noto"
MARGIN, QR_SIZE = 18, 30


@dataclass(frozen=True)
class Paper:
    """What the document says besides its figures; `folder` is where the font is unpacked."""

    serial: str
    language: str
    issued_at: datetime
    issued_on: date
    digest: str
    verify_address: str
    site_name: str
    folder: Path


def pdf(figures: dict[str, Any], paper: Paper) -> bytes:
    """Return the document; the same arguments give the same bytes."""
    with speaking(paper.language):
        page = _Page(paper)
        page.head(figures)
        page.rows(figures["rows"])
        page.foot(figures)
        return bytes(page.output())


def _font(folder: Path) -> Path:
    """Return the unpacked font, made once per folder."""
    unpacked = folder / FONT.stem
    if not unpacked.exists():
        part = unpacked.with_suffix(".part")
        part.write_bytes(lzma.decompress(FONT.read_bytes()))
        part.replace(unpacked)
    return unpacked


class _Page(FPDF):
    def __init__(self, paper: Paper) -> None:
        super().__init__(format="A4")
        self.paper = paper
        self.set_creation_date(paper.issued_at)
        self.set_title(_("Certificate of volunteer service"))
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=MARGIN)
        self.add_font(FAMILY, fname=_font(paper.folder))
        self.set_font(FAMILY, size=11)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font(FAMILY, size=8)
        text = _("No. %(serial)s · page %(n)s", serial=self.paper.serial, n=self.page_no())
        self.cell(0, 5, text, align="C")
        self.set_font(FAMILY, size=11)

    def line_of(self, text: str, *, size: float = 11, height: float = 7, align: str = "L") -> None:
        """Write a paragraph in this size and go to the next line."""
        self.set_font(FAMILY, size=size)
        self.multi_cell(0, height, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def head(self, figures: dict[str, Any]) -> None:
        self.line_of(_("Certificate of volunteer service"), size=20, height=14, align="C")
        self.line_of(_("No. %(serial)s", serial=self.paper.serial), size=9, align="C")
        self.ln(4)
        self.line_of(
            _(
                "%(name)s gave %(hours)s hours of volunteer service from %(first)s to %(last)s.",
                name=figures["name"],
                hours=hours(figures["minutes"]),
                first=day_year(date.fromisoformat(figures["first"])),
                last=day_year(date.fromisoformat(figures["last"])),
            ),
            size=13,
            height=8,
        )
        self.ln(4)

    def rows(self, rows: list[dict[str, Any]]) -> None:
        self.set_font(FAMILY, size=9)
        names = (_("Day"), _("What was done"), _("Recording organisation"), _("Hours"))
        late = _("late entry")
        with self.table(
            col_widths=(24, 70, 60, 18),
            text_align=("LEFT", "LEFT", "LEFT", "RIGHT"),
            line_height=5.5,
            padding=1,
            headings_style=FontFace(emphasis="", fill_color=(240, 240, 240)),
        ) as table:
            table.row(names)
            for row in rows:
                mark = f" ({late})" if row["late"] else ""
                table.row(
                    (
                        row["day"],
                        either(row["title_zh"], row["title_en"]) + mark,
                        either(row["organisation_zh"], row["organisation_en"]),
                        hours(row["minutes"]),
                    )
                )

    def foot(self, figures: dict[str, Any]) -> None:
        if self.get_y() > self.h - MARGIN - QR_SIZE - 25:
            self.add_page()
        self.ln(6)
        top = self.get_y()
        self._code(self.w - MARGIN - QR_SIZE, top)
        self.set_right_margin(MARGIN + QR_SIZE + 6)
        self.line_of(
            _(
                "Records of the platform %(site)s: each hour was confirmed by the recording"
                " organisation named with it. Issued on %(day)s, free of charge.",
                site=self.paper.site_name,
                day=day_year(self.paper.issued_on),
            ),
            size=9,
            height=5.5,
        )
        self.line_of(_("Check it here:"), size=9, height=5.5)
        self.line_of(self.paper.verify_address, size=8, height=5)
        self.line_of(f"SHA-256 {self.paper.digest}", size=6.5, height=4)
        self.set_right_margin(MARGIN)

    def _code(self, left: float, top: float) -> None:
        matrix = segno.make(self.paper.verify_address, error="m", micro=False).matrix
        size = QR_SIZE / len(matrix)
        self.set_fill_color(0)
        for y, line in enumerate(matrix):
            for x, dark in enumerate(line):
                if dark:
                    self.rect(left + x * size, top + y * size, size, size, style="F")
