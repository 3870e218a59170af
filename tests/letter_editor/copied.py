"""Texts as programs put them on the clipboard, and the Markdown that they become."""

from typing import NamedTuple


class Copied(NamedTuple):
    html: str
    markdown: str


COPIED = {
    "Word": Copied(
        html=(
            '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word">'
            '<head><meta name=Generator content="Microsoft Word 15"><style><!-- p.MsoNormal {margin:0cm;} --></style>'
            "<!--[if gte mso 9]><xml><w:WordDocument/></xml><![endif]--></head>"
            "<body lang=EN-GB style='tab-interval:36.0pt'><!--StartFragment--><h1>Keep the library open<o:p></o:p>"
            "</h1><p class=MsoNormal>We, the <b style='mso-bidi-font-weight:normal'>readers</b><b> of</b> the <i>"
            """Old Town</i>, ask the council<a style='mso-footnote-id:ftn1' href="#_ftn1" name="_ftnref1" title="">"""
            "<span class=MsoFootnoteReference><span style='mso-special-character:footnote'><![if !supportFootnotes]>"
            "<span class=MsoFootnoteReference><span style='font-size:11.0pt'>[1]</span></span><![endif]></span>"
            "</span></a> to:<o:p></o:p></p><p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 "
            "level1 lfo1'><![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>"
            """·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp; </span></span></span><![endif]>"""
            "open five evenings<o:p></o:p></p><p class=MsoListParagraphCxSpMiddle style='margin-left:72.0pt;mso-add-s"
            "pace:auto;text-indent:-18.0pt;mso-list:l0 level2 lfo1'><![if !supportLists]>"
            """<span style='font-family:"Courier New"'>"""
            "<span style='mso-list:Ignore'>o<span>&nbsp;&nbsp; </span></span>"
            "</span><![endif]>until nine<o:p></o:p></p>"
            "<p class=MsoListParagraphCxSpLast style='text-indent:-18.0pt;mso-list:l1 level1 lfo2'>"
            "<![if !supportLists]><span><span style='mso-list:Ignore'>1.<span>&nbsp;&nbsp; </span></span></span>"
            '<![endif]>See <a href="https://example.org/a_b">the report</a>.<o:p></o:p></p><table class=MsoTable><tr>'
            "<td><p class=MsoNormal>Year</p></td><td><p class=MsoNormal>Hours</p></td></tr><tr><td><p>2024</p></td>"
            "<td><p>20|5</p></td></tr></table><p class=MsoNormal>"
            '<img src="https://tracker.example/x.gif" width=1 height=1><o:p>&nbsp;</o:p></p>'
            "<div style='mso-element:footnote-list'><![if !supportFootnotes]><br clear=all>"
            """<hr align=left size=1 width="33%"><![endif]><div style='mso-element:footnote' id=ftn1>"""
            """<p class=MsoFootnoteText><a style='mso-footnote-id:ftn1' href="#_ftnref1" name="_ftn1" title="">"""
            "<span class=MsoFootnoteReference><span style='mso-special-character:footnote'><![if !supportFootnotes]>"
            "<span>[1]</span><![endif]></span></span></a> Figures of <i>2024</i>.<o:p></o:p></p></div></div>"
            "<!--EndFragment--></body></html>"
        ),
        markdown=(
            "# Keep the library open\n"
            "\n"
            "We, the **readers of** the *Old Town*, ask the council[^1] to:\n"
            "\n"
            "- open five evenings\n"
            "    - until nine\n"
            "1. See [the report](https://example.org/a_b).\n"
            "\n"
            "| Year | Hours |\n"
            "| --- | --- |\n"
            "| 2024 | 20\\|5 |\n"
            "\n"
            "[^1]: Figures of *2024*."
        ),
    ),
    "Google Docs": Copied(
        html=(
            """<meta charset='utf-8'><meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1">"""
            '<h2 dir="ltr" style="line-height:1.38"><span style="font-size:16pt;font-weight:400;font-style:normal;whi'
            'te-space:pre-wrap;">What we ask</span></h2><p dir="ltr"><span style="font-weight:400;">Plain </span>'
            '<span style="font-weight:700;">bold</span><span style="font-weight:700;font-style:italic"> both</span>'
            '<span style="font-weight:400;font-style:italic;"> slanted</span><span style="font-weight:400;">'
            ' and </span><a href="https://example.org/" style="text-decoration:none;">'
            '<span style="text-decoration:underline">a link</span></a><span>.</span></p><br />'
            '<ol style="margin-top:0"><li dir="ltr" aria-level="1"><p dir="ltr" role="presentation">'
            '<span style="font-weight:400">First</span></p></li><ol><li dir="ltr" aria-level="2"><p><span>'
            'Inner</span></p></li></ol><li dir="ltr"><p><span>Second</span></p></li></ol></b>'
            '<br class="Apple-interchange-newline">'
        ),
        markdown=(
            "## What we ask\n"
            "\n"
            "Plain **bold *both*** *slanted* and [a link](https://example.org/).\n"
            "\n"
            "1. First\n"
            "    1. Inner\n"
            "2. Second"
        ),
    ),
    "LibreOffice": Copied(
        html=(
            '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN"><html><head>'
            '<meta name="generator" content="LibreOffice 7.4"/><style type="text/css">'
            'p { margin-bottom: 0.25cm }</style></head><body lang="en-US" dir="ltr"><h2 class="western">Demands</h2>'
            '<ul><li><p style="margin-bottom: 0cm"><b>One</b> thing</p></li><li><p>Another</p><ul><li><p>deeper</p>'
            '</li></ul></li></ul><p>As reported<sup><a class="sdfootnoteanc" name="sdfootnote1anc" href="#sdfootnote1'
            'sym"><sup>1</sup></a></sup>.</p><blockquote>They said<br/>no.</blockquote><div id="sdfootnote1">'
            '<p class="sdfootnote"><a class="sdfootnotesym" name="sdfootnote1sym" href="#sdfootnote1anc">1</a>'
            "The paper.</p></div></body></html>"
        ),
        markdown=(
            "## Demands\n"
            "\n"
            "- **One** thing\n"
            "- Another\n"
            "    - deeper\n"
            "\n"
            "As reported[^1].\n"
            "\n"
            "> They said\n"
            "> no.\n"
            "\n"
            "[^1]: The paper."
        ),
    ),
    "a web page": Copied(
        html=(
            '<div><h3>News <script>alert(1)</script></h3><p onclick="x()">The <strong>council*</strong> said <em>'
            'no</em> to [us](x) and &lt;b&gt; <a href="javascript:alert(1)">click</a>'
            ' <a href="https://www.google.com/url?q=https://example.org/x&sa=D">here</a> https://example.org/y_z_</p>'
            '<style>p{}</style><img src="https://tracker.example/y.png" alt="x"><p><u>under</u> <s>old</s></p><table>'
            "<tr><td><p>A frame</p></td></tr></table></div>"
        ),
        markdown=(
            "### News\n"
            "\n"
            "The **council\\*** said *no* to \\[us](x) and \\<b> click [here](https://example.org/x) https://example.org/y_z_\n"
            "\n"
            "under ~~old~~\n"
            "\n"
            "A frame"
        ),
    ),
}
