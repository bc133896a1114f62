"""Drawings: shapes written as SVG and rendered with soft edges, and light that makes them round."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .brush import Image, clamp

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
ACROSS = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
DOWN = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]


def render(width: int, height: int, body: str) -> Image:
    """Render the elements of an SVG as RGBA."""
    text = HEAD.format(width=width, height=height) + body + "</svg>"
    return Image.svgload_buffer(text.encode()).copy_memory()


def path(shape: str, fill: str, more: str = "") -> str:
    """Write a filled path."""
    return f'<path d="{shape}" fill="{fill}" {more}/>'


def stroke(shape: str, colour: str, width: float, more: str = "") -> str:
    """Write a line with round ends."""
    return (
        f'<path d="{shape}" fill="none" stroke="{colour}" stroke-width="{width}" '
        f'stroke-linecap="round" stroke-linejoin="round" {more}/>'
    )


def circle(x: float, y: float, radius: float, fill: str, more: str = "") -> str:
    """Write a disc."""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" {more}/>'


def ellipse(x: float, y: float, radii: tuple[float, float], fill: str, more: str = "") -> str:
    """Write an ellipse."""
    return f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{radii[0]:.1f}" ry="{radii[1]:.1f}" fill="{fill}" {more}/>'


def box(x: float, y: float, size: tuple[float, float], fill: str, more: str = "") -> str:
    """Write a rectangle."""
    return f'<rect x="{x}" y="{y}" width="{size[0]}" height="{size[1]}" fill="{fill}" {more}/>'


def polygon(points: str, fill: str, more: str = "") -> str:
    """Write a polygon."""
    return f'<polygon points="{points}" fill="{fill}" {more}/>'


def star(x: float, y: float, radii: tuple[float, float], tips: int) -> str:
    """List the corners of a star."""
    corners = ((radii[step % 2], math.pi * step / tips) for step in range(2 * tips))
    return " ".join(f"{x + reach * math.sin(turn):.1f},{y - reach * math.cos(turn):.1f}" for reach, turn in corners)


def linear(name: str, stops: Sequence[tuple[float, str]], direction: str = 'x2="0" y2="1"') -> str:
    """Write a gradient, downwards unless told otherwise."""
    marks = "".join(f'<stop offset="{at}" stop-color="{colour}"/>' for at, colour in stops)
    return f'<linearGradient id="{name}" {direction}>{marks}</linearGradient>'


def blurred(name: str, radius: float) -> str:
    """Write a filter that blurs."""
    return (
        f'<filter id="{name}" x="-50%" y="-50%" width="200%" height="200%">'
        f'<feGaussianBlur stdDeviation="{radius}"/></filter>'
    )


def silhouette(width: int, height: int, shape: str) -> Image:
    """Render one path as a mask of 0 to 1."""
    return render(width, height, path(shape, "#fff"))[3] / 255


def normals(height: Image, strength: float) -> tuple[Image, Image, Image]:
    """Turn a height map into the direction each of its points faces: right, down, towards the viewer."""
    across, down = (
        height.conv(Image.new_from_array(kernel, scale=8), precision="float") * -strength for kernel in (ACROSS, DOWN)
    )
    length = ((across * across + down * down + 1) ** 0.5).copy_memory()
    return across / length, down / length, length**-1


def lit(facing: tuple[Image, Image, Image], light: tuple[float, float, float]) -> Image:
    """Tell how directly a surface faces a light, 0 to 1."""
    across, down, towards = facing
    return clamp(across * light[0] + down * light[1] + towards * light[2])


def shine(facing: tuple[Image, Image, Image], light: tuple[float, float, float], hardness: float) -> Image:
    """Tell how much of a light a surface mirrors to the viewer."""
    halfway = (light[0], light[1], light[2] + 1)
    length = sum(part * part for part in halfway) ** 0.5
    return lit(facing, (halfway[0] / length, halfway[1] / length, halfway[2] / length)) ** hardness


def soft(image: Image, radius: float) -> Image:
    """Blur in full precision, so that light on the result shows no steps; wide blurs work on a reduced picture."""
    step = max(int(radius // 8), 1)
    small = image.cast("float").shrink(step, step, ceil=True)
    near = small.gaussblur(radius / step, precision="float")
    return near.resize(step, kernel="cubic").crop(0, 0, image.width, image.height).copy_memory()
