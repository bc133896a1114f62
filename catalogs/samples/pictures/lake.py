"""Still water: the scene above it upside down, stirred by ripples that shrink towards the horizon."""

from __future__ import annotations

from .brush import Image, clamp, clouds, colour, columns, enlarged, mix, ramp, rows, smoothstep, wrapped

DEEP = ((0.0, "#2a2f58"), (0.35, "#1b2145"), (1.0, "#0b1028"))
BREEZE = "#8d7fae"
COARSE = 2
SOFT = 64  # ruffled water shows the scene blurred to blocks of this size


def reflected(above: Image, horizon: float, depth: int) -> Image:
    """Paint `depth` rows of water below a picture that ends at the shore."""
    width = above.width
    mirror = above.crop(0, above.height - depth, width, depth).flipver().copy_memory()
    ripple, breeze = _waves(width, depth, above.height - horizon)
    down = rows(width, depth)
    aside = clamp(columns(width, depth) + ripple * 0.25, 0, width - 1)
    still = mirror.mapim(aside.bandjoin(clamp(down + ripple, 0, depth - 1)), extend="copy")
    share = down / depth
    deep = ramp(share, DEEP)
    calm = mix(deep, still, smoothstep(share, 1.5, -0.35) * 0.92)
    blurred = mirror.shrink(SOFT, SOFT, ceil=True).resize(SOFT, kernel="cubic").crop(0, 0, width, depth)
    ruffled = mix(blurred, deep, share**0.5) * 0.75 + [band * 0.25 for band in colour(BREEZE)]
    return mix(calm, ruffled, breeze * 0.55)


def _waves(width: int, depth: int, offset: float) -> tuple[Image, Image]:
    """Lay noise on the water in perspective: ripples, in pixels, and bands ruffled by a breeze."""
    texture = clouds(2048, 2048, 64, 5, seed=50).copy_memory()
    near = (rows(width, depth, COARSE) + offset).copy_memory()
    across = (columns(width, depth, COARSE) - width / 2) / near
    away = near.log().copy_memory()
    ripple = wrapped(texture, across * 150, away * 1500) * (near * 0.13 + 4)
    bands = smoothstep(wrapped(texture, across * 14, away * 160 + 300), 0.12, 0.45)
    return enlarged(ripple.copy_memory(), COARSE, width, depth), enlarged(bands.copy_memory(), COARSE, width, depth)
