"""The pages of `cli/pages.py` as HTML: just as much Markdown as these use, everything else is shown as it stands.

All text is escaped, links lead to pages and headings only, and nothing is loaded from anywhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from medspec.cli.pages import anchor

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;overflow-wrap:break-word}"
    "table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}"
    "td,th{border:1px solid #8886;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "th{background:#8881}pre{background:#8881;padding:1rem;overflow-x:auto}code{background:#8881}"
    "h3{margin-top:2.5rem;border-top:1px solid #8886;padding-top:.5rem}"
)
_INLINE = re.compile(r"`([^`]+)`|\[([^\]]+)\]\(([\w./-]*#?[\w./-]*)\)|\*\*([^*]+)\*\*")


def html_page(title: str, markdown: str, *, index: str | None = None) -> str:
    """One page. `markdown` is a text of `pages`; `index` is the page that leads to all of them, where it is another one."""
    above = "" if index is None else f'<p><a href="{html.escape(index)}">all specs</a></p>\n'
    body = above + "\n".join(_blocks(markdown.split("\n")))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n{body}\n</html>\n"
    )


def _blocks(lines: list[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        heading = re.match(r"(#{1,3}) (.*)", line)
        fence = re.match(r"(`{3,})\w*$", line)
        start = at
        at += 1
        if heading:
            level = len(heading[1])
            yield f'<h{level} id="{html.escape(anchor(heading[2]))}">{_inline(heading[2])}</h{level}>'
        elif fence:
            while at < len(lines) and lines[at] != fence[1]:
                at += 1
            yield f"<pre>{html.escape(chr(10).join(lines[start + 1 : at]))}</pre>"
            at += 1
        elif line.startswith(("|", "- ")):
            mark = line[0]
            while at < len(lines) and lines[at].startswith(mark):
                at += 1
            yield _table(lines[start:at]) if mark == "|" else _list(lines[start:at])
        elif line:
            while at < len(lines) and lines[at] and not re.match(r"#{1,3} |```|\||- ", lines[at]):
                at += 1
            yield f"<p>{_inline(' '.join(lines[start:at]))}</p>"


def _table(lines: list[str]) -> str:
    rows = [re.split(r"(?<!\\)\|", line.strip())[1:-1] for line in lines if not re.fullmatch(r"[|-]+", line)]
    found = []
    for number, row in enumerate(rows):
        tag = "th" if number == 0 else "td"
        cells = "".join(f"<{tag}>{_inline(cell.strip().replace(chr(92) + '|', '|'))}</{tag}>" for cell in row)
        if number or any(cell.strip() for cell in row):
            found.append(f"<tr>{cells}</tr>")
    return "<table>\n" + "\n".join(found) + "\n</table>"


def _list(lines: list[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "\n</ul>"


def _inline(text: str) -> str:
    found, at = [], 0
    for match in _INLINE.finditer(text):
        found.append(html.escape(text[at : match.start()]))
        code, label, target, strong = match.groups()
        if code is not None:
            found.append(f"<code>{html.escape(code)}</code>")
        elif label is not None:
            found.append(f'<a href="{html.escape(target)}">{_inline(label)}</a>')
        else:
            found.append(f"<strong>{html.escape(strong)}</strong>")
        at = match.end()
    return "".join([*found, html.escape(text[at:])])
