"""The parts of a travel poster: sheets of paper with an arch cut out, an emblem and a fading veil."""

from __future__ import annotations

import math

from .brush import Image, clamp, clouds, from_pil, grain, rows, smoothstep, to_pil
from .drawing import circle, linear, path, polygon, render, soft, star, stroke
from .lettering import put, word_ring

WIDTH, HEIGHT = 1200, 1600
ARCH = "M 170,1290 L 170,640 C 170,380 360,190 600,190 C 840,190 1030,380 1030,640 L 1030,1290 Z"
EMBLEM = 600
ENAMEL = (
    '<radialGradient id="enamel" cx="0.36" cy="0.30" r="0.9"><stop offset="0" stop-color="#a8a8a8"/>'
    '<stop offset="0.5" stop-color="#7e7e7e"/><stop offset="1" stop-color="#5c5c5c"/></radialGradient>'
)
METAL = linear("metal", ((0, "#fff"), (0.4, "#dcdcdc"), (0.6, "#fafafa"), (1, "#c4c4c4")), 'x2="1" y2="1"')
WHITE, INK = (255, 255, 255, 255), (128, 128, 128, 255)


def sheet() -> Image:
    """Cut an arch out of a sheet of paper: gray to be dyed, with fibres, and light on the cut edge."""
    hole = render(WIDTH, HEIGHT, path(ARCH, "#fff"))[3] / 255
    fibres = clouds(WIDTH, HEIGHT, 32, 5, seed=14) * 4 + clouds(WIDTH, HEIGHT, 4, 2, seed=15) * 5
    edge = soft(hole, 1.6)
    bevel = (edge.embed(-2, -2, WIDTH, HEIGHT) - edge.embed(2, 2, WIDTH, HEIGHT)) * 38
    gray = clamp(fibres + bevel + grain(WIDTH, HEIGHT, 2.0, seed=5) + 128, 0, 255)
    return gray.bandjoin((hole * -1 + 1) * 255).rint().cast("uchar").copy(interpretation="b-w")


def emblem() -> Image:
    """Strike an enamel badge: a compass rose on a disc, with words around it; gray, to be dyed."""
    middle = EMBLEM / 2
    body = [
        ENAMEL,
        METAL,
        circle(middle, middle, 288, "url(#metal)") + circle(middle, middle, 276, "url(#enamel)"),
        circle(middle, middle, 176, "none", 'stroke="url(#metal)" stroke-width="5"'),
        polygon(star(middle, middle, (104, 30), tips=4), "#e8e8e8", f'transform="rotate(45 {middle} {middle})"'),
        polygon(star(middle, middle, (166, 34), tips=4), "url(#metal)"),
        *(shaded_half(turn) for turn in range(0, 360, 90)),
        circle(middle, middle, 19, "#707070", 'stroke="#fff" stroke-width="5"'),
        *(stroke(tick(turn, 268, 260), "#f4f4f4", 2.4) for turn in range(0, 360, 5)),
        f'<ellipse cx="{middle - 60}" cy="{middle - 120}" rx="190" ry="120" fill="#fff" opacity="0.10"/>',
    ]
    badge = to_pil(render(EMBLEM, EMBLEM, "".join(body)))
    put(badge, word_ring("BY NIGHT TRAIN", 52, 218), (middle, middle), WHITE)
    put(badge, word_ring("SINCE TOMORROW", 42, -218), (middle, middle), WHITE)
    return from_pil(badge).copy(interpretation="srgb")


def shaded_half(turn: int) -> str:
    """Darken one half of a point of the rose, so that it has a ridge."""
    middle = EMBLEM / 2
    return polygon(
        f"{middle},{middle} {middle},{middle - 166} {middle + 24},{middle - 24}",
        "#9c9c9c",
        f'transform="rotate({turn} {middle} {middle})"',
    )


def tick(turn: int, outer: float, inner: float) -> str:
    """Mark a direction at the rim."""
    across, up, middle = math.sin(math.radians(turn)), math.cos(math.radians(turn)), EMBLEM / 2
    start, end = ((middle + across * reach, middle - up * reach) for reach in (outer, inner))
    return f"M {start[0]:.1f},{start[1]:.1f} L {end[0]:.1f},{end[1]:.1f}"


def fade() -> Image:
    """Let a veil grow from nothing at the top to all at the bottom."""
    width, height = WIDTH // 4, HEIGHT // 4
    down = rows(width, height) / (height - 1)
    cover = smoothstep(down, 0.25, 1.0) * 255 + grain(width, height, 0.6, seed=6)
    gray = down * 0 + 127
    return clamp(gray.bandjoin(cover), 0, 255).rint().cast("uchar").copy(interpretation="b-w")
