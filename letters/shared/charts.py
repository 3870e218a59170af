"""Draw numbers as SVG paths without text. The page sets the labels in HTML, where scaling does not shrink them."""

WIDTH = 1000
HEIGHT = 200
# How much of its slot a bar fills, and how wide a bar can be, for charts with few values.
FILLED = 0.8
WIDEST = 60


def bars(values: list[int]) -> str:
    """Return a rectangle for each positive value, scaled to the highest one."""
    top, place = max(1, *values), WIDTH / len(values)
    width = min(WIDEST, place * FILLED)
    drawn = []
    for number, value in enumerate(values):
        if value > 0:
            # A single signature among thousands must stay visible.
            height = max(2.0, HEIGHT * value / top)
            left = place * number + (place - width) / 2
            drawn.append(f"M{left:.1f} {HEIGHT}V{HEIGHT - height:.1f}h{width:.1f}V{HEIGHT}z")
    return "".join(drawn)
