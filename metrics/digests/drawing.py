"""A trend as a PNG: mail programs show neither SVG nor data addresses."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from kamplan.charts import Point, Scale, runs

WIDTH, HEIGHT = 240, 48
"""In the mail; the picture has twice as many points each way, for sharp screens."""
SHARP, SMOOTH = 2, 3
# Reads on a white ground and on a dark one.
LINE, LAST = "#7b8aa0", "#3f78e0"


def sparkline(points: Sequence[Point]) -> bytes:
    """The known points with gaps where something is unknown; the last one stands out."""
    factor = SHARP * SMOOTH
    known = [float(each) for each in points if each is not None] or [0.0]
    across = Scale(0, max(len(points) - 1, 1), 6 * factor, (WIDTH - 6) * factor)
    up = Scale(min(known), max(known), (HEIGHT - 7) * factor, 7 * factor)
    image = Image.new("RGBA", (WIDTH * factor, HEIGHT * factor), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    groups = runs(points)
    places = {
        index: (across.at(index), up.at(value)) for index, value in enumerate(points) if value is not None
    }
    for group in groups:
        pen.line([places[index] for index in group], fill=LINE, width=round(1.75 * factor), joint="curve")
    if groups:
        x, y = places[groups[-1][-1]]
        radius = 3.5 * factor
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=LAST)
    small = image.resize((WIDTH * SHARP, HEIGHT * SHARP), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()
