"""Draws what benches/growth/run measured: seconds of CPU over bytes of the pack.

usage: plot.py FIGURES >PICTURE.svg
The line is the one through nothing with the least squares; what it says stands below the axes, and
so does how far the farthest point is from it.
"""

import csv
import pathlib
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 680, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 48, 24, 84


def steps(most):
    """Round numbers from 0 up to at least `most`, six at the most."""
    step = next(
        base * 10**power
        for power in range(-3, 7)
        for base in (1, 2, 5)
        if most / (base * 10**power) <= 5
    )
    count = -int(-most // step)
    return [step * n for n in range(count + 1)]


def text(x, y, words, anchor="middle", **more):
    attributes = "".join(f' {name}="{value}"' for name, value in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{attributes}>{escape(words)}</text>'


def picture(rows):
    points = [(int(row["pack"]) / 1e6, float(row["cpu"]), row["revision"]) for row in rows]
    slope = sum(x * y for x, y, _ in points) / sum(x * x for x, _, _ in points)
    across, up = steps(max(x for x, _, _ in points)), steps(max(y for _, y, _ in points))

    def place(x, y):
        right, high = WIDTH - RIGHT, HEIGHT - BOTTOM
        return LEFT + x / across[-1] * (right - LEFT), high - y / up[-1] * (high - TOP)

    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12" fill="#222">'
    )
    yield "<title>Seconds of CPU of leakgate history over bytes of the pack</title>"
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
    for tick in across:
        x, y = place(tick, 0)
        yield f'<path d="M{x:.1f} {y:.1f}V{TOP}" stroke="#e4e4e4"/>'
        yield text(x, y + 18, f"{tick:g}")
    for tick in up:
        x, y = place(0, tick)
        yield f'<path d="M{x:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#e4e4e4"/>'
        yield text(x - 8, y + 4, f"{tick:g}", anchor="end")
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield text(middle, HEIGHT - BOTTOM + 40, "MB of pack")
    yield text(16, (TOP + HEIGHT - BOTTOM) / 2, "seconds of CPU", transform=(
        f"rotate(-90 16 {(TOP + HEIGHT - BOTTOM) / 2:.0f})"))
    (x1, y1), (x2, y2) = place(0, 0), place(across[-1], slope * across[-1])
    if y2 < TOP:
        x2, y2 = place(up[-1] / slope, up[-1])
    yield f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="#999" stroke-dasharray="5 4"/>'
    farthest = max(points, key=lambda point: abs(point[1] / (slope * point[0]) - 1))
    for x, y, name in points:
        px, py = place(x, y)
        yield f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4" fill="#0a58ca"/>'
        # The first stand too close to the axes and each other for their names.
        if py < HEIGHT - BOTTOM - 12:
            yield text(px + 8, py + 14, name, anchor="start")
    off = farthest[1] / (slope * farthest[0]) - 1
    yield text(
        middle,
        HEIGHT - 20,
        f"dashed: {slope * 100:.2f} s for each 100 MB; farthest from it: {farthest[2]}, {off:+.0%}",
    )
    yield "</svg>"


def main():
    with pathlib.Path(sys.argv[1]).open(newline="") as figures:
        rows = list(csv.DictReader(figures, delimiter="\t"))
    print("\n".join(picture(rows)))


if __name__ == "__main__":
    main()
