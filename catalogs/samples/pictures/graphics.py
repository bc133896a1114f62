"""Flat things: a sale badge, a poster, a weather icon and a veil of smoke."""

from __future__ import annotations

from PIL import Image as Pil

from .brush import Image, as_rgb, clamp, clouds, columns, from_pil, grain, rows, smoothstep, to_pil
from .drawing import blurred, box, circle, linear, path, polygon, render, star, stroke
from .lettering import put, word, word_ring

BADGE = 800
POSTER = (1800, 2400)
ICON = 256
VEIL = (900, 600)
GOLD = (0, "#fff1bd"), (0.3, "#f3c75a"), (0.55, "#b9852a"), (0.75, "#f7dc8b"), (1, "#c08d2c")
SHEEN = (
    '<radialGradient id="red" cx="0.38" cy="0.30" r="0.85"><stop offset="0" stop-color="#ff5a4e"/>'
    '<stop offset="0.55" stop-color="#d81e3a"/><stop offset="1" stop-color="#8f0f2e"/></radialGradient>'
)
CREAM = (255, 246, 222, 255)
RED, BLUE, YELLOW, BLACK, PAPER = "#d93a2b", "#1f4e8c", "#f0b323", "#1b1b1f", "#efe4cd"
INK = (27, 27, 31)


def badge() -> Image:
    """Draw a seal with a toothed edge, gold rings and the news on it."""
    middle, edge = BADGE / 2, star(BADGE / 2, BADGE / 2, (358, 330), tips=36)
    ring = 'stroke="url(#gold)" stroke-width="{}" stroke-linejoin="round"'
    body = [
        linear("gold", GOLD, 'x2="1" y2="1"'),
        SHEEN,
        linear("gloss", ((0, "#ffffff66"), (1, "#ffffff00"))),
        blurred("shade", 14),
        polygon(edge, "#2a0612", 'opacity="0.45" filter="url(#shade)" transform="translate(0,16)"'),
        polygon(edge, "url(#red)", ring.format(7)),
        circle(middle, middle, 302, "none", ring.format(9)),
        circle(middle, middle, 212, "#7d0c2873", ring.format(6)),
        path("M 120,390 A 280,280 0 0 1 680,390 C 560,330 240,330 120,390 Z", "url(#gloss)"),
        *(polygon(star(middle + side * 257, middle, (24, 10), tips=5), "url(#gold)") for side in (-1, 1)),
    ]
    seal = to_pil(render(BADGE, BADGE, "".join(body)))
    put(seal, word_ring("SUMMER SALE", 58, 257), (middle, middle), CREAM)
    put(seal, word_ring("ONLY THIS WEEK", 50, -257), (middle, middle), CREAM)
    put(seal, word("-30%", 158, weight=7), (middle, middle - 18), CREAM)
    put(seal, word("EVERYTHING", 42, weight=1.5, spacing=5), (middle, middle + 92), (243, 205, 110, 255))
    return from_pil(seal).copy(interpretation="srgb")


def poster() -> Image:
    """Compose a wheel, bars, a staircase and arcs in four colours on paper."""
    width, height = POSTER
    bars = (box(1226 + step * 70, 120, (34, 560 + step * 90), BLACK) for step in range(7))
    stairs = (box(120 + step * 110, 1900 - step * 100, (110, 100 + step * 100), BLUE) for step in range(5))
    arcs = (
        f'<path d="M {1680 - reach},2000 a {reach},{reach} 0 0 1 {reach},-{reach}" fill="none" '
        f'stroke="{tint}" stroke-width="46"/>'
        for reach, tint in ((90, BLACK), (176, RED), (262, BLACK), (348, YELLOW), (434, BLACK), (520, BLUE))
    )
    body = [
        box(0, 0, (width, height), PAPER),
        circle(650, 760, 540, RED),
        path("M 650,220 A 540,540 0 0 1 1190,760 L 650,760 Z", YELLOW),
        path("M 110,760 A 540,540 0 0 0 650,1300 L 650,760 Z", BLACK),
        circle(650, 760, 190, PAPER) + path("M 650,570 A 190,190 0 0 1 650,950 Z", BLUE),
        *bars,
        *stairs,
        *arcs,
        box(120, 1400, (1560, 22), BLACK) + box(120, 1484, (550, 34), RED),
        polygon("910,1500 1100,1830 720,1830", YELLOW, 'transform="rotate(14 910 1670)"'),
        circle(1235, 1330, 120, YELLOW) + circle(1235, 1330, 58, BLACK),
    ]
    sheet = to_pil(render(width, height, "".join(body)).flatten())
    title = word("FORM & LIGHT", 190, weight=9, spacing=14)
    put(sheet, title, (120 + title.width / 2, 2160), INK)
    note = word("an exhibition of pictures served in any size", 48, weight=1, spacing=4)
    put(sheet, note, (124 + note.width / 2, 2288), INK)
    grit = clouds(width, height, 64, 5, seed=2) * 7 + grain(width, height, 4.5, seed=1)
    return as_rgb(from_pil(sheet) * 0.97 + grit + 3)


def icon() -> Pil.Image:
    """Draw a sun behind a cloud in a palette of 64 colours, with transparency."""
    turns = (f'rx="6" transform="rotate({angle} 102 100)"' for angle in range(0, 360, 45))
    body = [
        *(box(96, 6, (12, 30), "#ffb020", turn) for turn in turns),
        circle(102, 100, 52, "#ffc93c"),
        path(
            "M 84,222 A 44,44 0 0 1 82,134 A 62,62 0 0 1 196,122 A 51,51 0 0 1 194,222 Z",
            "#f4f8fd",
            'stroke="#7f9cc0" stroke-width="5"',
        ),
        path("M 84,219 A 41,41 0 0 1 46,192 C 90,206 180,206 238,186 A 48,48 0 0 1 194,219 Z", "#cddced"),
        *(stroke(f"M {x},232 l -8,16", "#3d8be0", 8) for x in (104, 142, 180)),
    ]
    return to_pil(render(ICON, ICON, "".join(body))).quantize(64, Pil.Quantize.FASTOCTREE)


def veil() -> Image:
    """Let gray and cover run against each other: light to the right, clear towards the edges."""
    width, height = VEIL
    x, y = columns(width, height) / (width - 1), rows(width, height) / (height - 1)
    folds = clouds(width, height, 256, 6, seed=12)
    gray = clamp(x * 0.8 + 0.1 + folds * 0.35)
    wave = ((x * 540 + folds * 220).sin() * 0.16 + 0.5 - y).abs()
    cover = smoothstep(wave, 0.46, 0.05) * smoothstep((x - 0.5).abs(), 0.5, 0.3)
    return (gray.bandjoin(cover) * 255).rint().cast("uchar").copy(interpretation="b-w")
