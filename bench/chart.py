"""The requests a second as an SVG: one group of bars for each work, drawn by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from bench.report import SERVER_TITLES
from bench.results import Results
from bench.throughput import WORKS

WIDTH, LEFT, RIGHT = 860, 210, 150
BAR, GAP, HEAD, FOOT = 16, 4, 34, 40
COLOURS = {"benben": "#b45309", "floor": "#9ca3af"}
PEER = "#3b6ea5"
STYLE = "text{font:12px sans-serif;fill:#1f2937}.h{font-weight:bold;font-size:14px}.n{fill:#6b7280}"


def write_chart(results: Results, database: str, path: Path) -> None:
    """Write the chart of one database."""
    parts: list[str] = []
    top = 10
    for work in WORKS:
        rates = [(name, results.per_s(database, name, work.name)) for name in SERVER_TITLES]
        bars = [(name, rate) for name, rate in rates if rate is not None]
        if bars:
            parts.append(f'<text class="h" x="10" y="{top + 20}">{escape(work.title)}, requests a second</text>')
            parts += group(bars, top + HEAD)
            top += HEAD + len(bars) * (BAR + GAP) + GAP
    seen = results.circumstances
    foot = f"{database}, {seen['load_generator']}, {seen['cores']} cores, Python {seen['python']}, {seen['at'][:10]}"
    words = f"{foot}. Behind each bar: requests a second, and how many times as many Benben on granian answers."
    parts.append(f'<text class="n" x="10" y="{top + 20}">{escape(words)}</text>')
    height = top + FOOT
    background = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
    path.write_text("\n".join([head, f"<style>{STYLE}</style>", background, *parts, "</svg>", ""]), encoding="utf-8")


def group(bars: list[tuple[str, float]], top: int) -> Iterator[str]:
    """Yield the bars of one work; the longest fills the width."""
    longest = max(rate for _, rate in bars)
    ours = dict(bars).get("benben")
    for place, (name, rate) in enumerate(bars):
        y = top + place * (BAR + GAP)
        length = max(1, round((WIDTH - LEFT - RIGHT) * rate / longest))
        colour = COLOURS.get(name.partition("-")[0], PEER)
        ratio = f" ({ours / rate:.2f}x)" if ours else ""
        yield f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(SERVER_TITLES[name])}</text>'
        yield f'<rect x="{LEFT}" y="{y}" width="{length}" height="{BAR}" fill="{colour}"/>'
        yield f'<text x="{LEFT + length + 6}" y="{y + 12}">{rate:,.{0 if rate > 100 else 1}f}{ratio}</text>'
