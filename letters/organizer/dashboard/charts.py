"""Numbers as shapes: paths of an SVG without words, which the page sets in HTML, where no scaling makes them tiny."""

WIDTH = 1000
HEIGHT = 200
# Of each bar's place, for the bar; and the widest that one is: in the first hours there are few.
FILLED = 0.8
WIDEST = 60


def bars(values: list[int]) -> str:
    """One rectangle a value, the highest as high as the picture. What is below zero has none."""
    top, place = max(1, *values), WIDTH / len(values)
    width = min(WIDEST, place * FILLED)
    drawn = []
    for number, value in enumerate(values):
        if value > 0:
            # A single one among thousands is still to be seen.
            height = max(2.0, HEIGHT * value / top)
            left = place * number + (place - width) / 2
            drawn.append(f"M{left:.1f} {HEIGHT}V{HEIGHT - height:.1f}h{width:.1f}V{HEIGHT}z")
    return "".join(drawn)


def line(values: list[int]) -> str:
    """From nothing at the left edge to the last value at the right one."""
    top, place = max(1, *values), WIDTH / len(values)
    points = [
        f"L{place * (number + 1):.1f} {HEIGHT - HEIGHT * max(0, value) / top:.1f}"
        for number, value in enumerate(values)
    ]
    return f"M0 {HEIGHT}" + "".join(points)


def area(values: list[int]) -> str:
    """What lies under the line."""
    return f"{line(values)}V{HEIGHT}z"
