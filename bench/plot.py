"""Curves of time over NICs as an SVG, both axes logarithmic: what grows linearly is a line of the frame's own slope."""
from math import ceil, floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 64, 170, 32, 48
# Told apart without colour too: by dashes, and by their names at their ends.
STYLES = [("#2563eb", ""), ("#d97706", "7 4"), ("#16a34a", "2 3"), ("#9333ea", "10 3 2 3"), ("#dc2626", "1 5"), ("#64748b", "14 4")]
INK, GRID = "#7d8590", "#7d859040"


def decades(values):
    return range(floor(log10(min(values))), ceil(log10(max(values))) + 1)


def number(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def curves(title, series, across, up):
    """`series`: name -> [(x, y)]; `across` and `up` name the axes."""
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    columns, rows = decades(xs), decades(ys)

    def place(x, y):
        return (LEFT + (WIDTH - LEFT - RIGHT) * (log10(x) - columns[0]) / (columns[-1] - columns[0]),
                HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (log10(y) - rows[0]) / (rows[-1] - rows[0]))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" font-size="13">',
           f"<title>{escape(title)}</title>"]
    for decade in columns:
        x, _ = place(10 ** decade, 10 ** rows[0])
        out.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{GRID}"/>')
        out.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="{INK}">{number(10 ** decade)}</text>')
    for decade in rows:
        _, y = place(10 ** columns[0], 10 ** decade)
        out.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        out.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{INK}">{number(10 ** decade)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle" fill="{INK}">{escape(across)}</text>')
    out.append(f'<text x="{LEFT - 44}" y="{TOP - 14}" fill="{INK}">{escape(up)}</text>')
    ends = []
    for (name, points), (colour, dashes) in zip(series.items(), STYLES):
        places = [place(*point) for point in sorted(points)]
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        out.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        ends.append([places[-1][1], places[-1][0], name, colour])
    named = []
    for y, x, name, colour in sorted(ends):
        # Names that would stand on each other move down.
        for other_x, other_y in named:
            if abs(x - other_x) < 120 and y < other_y + 16:
                y = other_y + 16
        named.append((x, y))
        out.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*out, "</svg>", ""])
