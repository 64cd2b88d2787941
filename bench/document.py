# SPDX-License-Identifier: BSD-3-Clause
"""A document of a few kinds of blocks, written once and rendered as Markdown and as HTML."""
import html
import os
import re

STYLE = """body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0; font-size: 90% } th, td { padding: .2em .7em; border-bottom: 1px solid #ddd }
th { text-align: right; border-bottom: 2px solid #888 } td { text-align: right } th.l, td.l { text-align: left }
img { max-width: 100% } code { background: #f3f3f3; padding: 0 .2em } h2 { margin-top: 2em; border-bottom: 1px solid #ccc }
"""


def cell(value):
    return "" if value is None else str(value)


def is_left(column):
    """Words stand left, numbers right."""
    return any(re.match(r"[^\d.<>~+-]", cell(c)) and cell(c) != "-" for c in column)


class Document:
    """Blocks in order; **bold** and `code` are understood in texts."""

    def __init__(self, title):
        self.title, self.blocks = title, []

    def heading(self, text):
        self.blocks.append(("heading", text))

    def text(self, *paragraphs):
        self.blocks += [("text", p) for p in paragraphs]

    def items(self, texts):
        self.blocks.append(("items", list(texts)))

    def table(self, head, rows):
        self.blocks.append(("table", head, [list(r) for r in rows]))

    def picture(self, file, text):
        """A plot that lies beside the document; the text is for those who cannot see it."""
        self.blocks.append(("picture", file, text))

    def markdown(self):
        out = ["# " + self.title]
        for block in self.blocks:
            out.append(getattr(self, "md_" + block[0])(*block[1:]))
        return "\n\n".join(out) + "\n"

    def html(self):
        out = ["<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s</title>\n<style>\n%s</style></head><body>" % (
            html.escape(self.title), STYLE), "<h1>%s</h1>" % html.escape(self.title)]
        for block in self.blocks:
            out.append(getattr(self, "html_" + block[0])(*block[1:]))
        return "\n".join(out) + "\n</body></html>\n"

    # --- Markdown

    def md_heading(self, text):
        return "## " + text

    def md_text(self, text):
        return text

    def md_items(self, texts):
        return "\n".join("- " + t for t in texts)

    def md_table(self, head, rows):
        left = [is_left(c) for c in zip(*rows)] if rows else [True] * len(head)
        lines = ["| " + " | ".join(head) + " |", "|" + "|".join(":--" if l else "--:" for l in left) + "|"]
        lines += ["| " + " | ".join(cell(c).replace("|", "\\|") for c in r) + " |" for r in rows]
        return "\n".join(lines)

    def md_picture(self, file, text):
        return "![%s](%s)" % (text, file)

    # --- HTML

    def inline(self, text):
        text = html.escape(text, quote=False)
        text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
        return re.sub(r"`(.+?)`", r"<code>\1</code>", text)

    def html_heading(self, text):
        return "<h2>%s</h2>" % self.inline(text)

    def html_text(self, text):
        return "<p>%s</p>" % self.inline(text)

    def html_items(self, texts):
        return "<ul>\n%s\n</ul>" % "\n".join("<li>%s</li>" % self.inline(t) for t in texts)

    def html_table(self, head, rows):
        left = [is_left(c) for c in zip(*rows)] if rows else [True] * len(head)

        def row(tag, cells):
            return "<tr>%s</tr>" % "".join("<%s%s>%s</%s>" % (tag, ' class="l"' if l else "", self.inline(cell(c)), tag)
                                           for c, l in zip(cells, left))
        return "<table>\n%s\n%s\n</table>" % (row("th", head), "\n".join(row("td", r) for r in rows))

    def html_picture(self, file, text):
        return '<p><img src="%s" alt="%s"></p>' % (html.escape(file), html.escape(text))

    def write(self, directory):
        for name, text in (("report.md", self.markdown()), ("report.html", self.html())):
            with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
                f.write(text)
