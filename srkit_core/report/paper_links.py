"""Where on the web is what a component cites, and the text of a licence?"""

import re
from collections.abc import Iterator
from typing import Final

from srkit_core.report.html_parts import Html, link, markup

_ARXIV: Final = "https://arxiv.org/abs/"
_DOI: Final = "https://doi.org/"
_PAPERS: Final = {
    "Arjovsky et al. 2017": f"{_ARXIV}1701.07875",
    "Ding et al. 2020": f"{_ARXIV}2004.07728",
    "Goodfellow et al. 2014": f"{_ARXIV}1406.2661",
    "Isola et al. 2017": f"{_ARXIV}1611.07004",
    "Jolicoeur-Martineau 2019": f"{_ARXIV}1807.00734",
    "Ledig et al. 2017": f"{_ARXIV}1609.04802",
    "Lim & Ye 2017": f"{_ARXIV}1705.02894",
    "Lim et al. 2017": f"{_ARXIV}1707.02921",
    "Mahendran & Vedaldi 2015": f"{_ARXIV}1412.0035",
    "Mao et al. 2017": f"{_ARXIV}1611.04076",
    "Mittal et al. 2013": f"{_DOI}10.1109/LSP.2012.2227726",
    "Miyato et al. 2018": f"{_ARXIV}1802.05957",
    "Radford et al. 2016": f"{_ARXIV}1511.06434",
    "Wang et al. 2004": f"{_DOI}10.1109/TIP.2003.819861",
    "Wang et al. 2018 (ESRGAN)": f"{_ARXIV}1809.00219",
    "Wang et al. 2018 (pix2pixHD)": f"{_ARXIV}1711.11585",
    "Wang et al. 2021": f"{_ARXIV}2107.10833",
    "Yoo et al. 2020": f"{_ARXIV}2004.00448",
    "Zhang et al. 2018 (LPIPS)": f"{_ARXIV}1801.03924",
    "Zhang et al. 2018 (RCAN)": f"{_ARXIV}1807.02758",
}
"""Papers as components cite them; of several of one year the name of the method tells them apart.
"""
_CITED: Final = re.compile("|".join(re.escape(one) for one in sorted(_PAPERS, reverse=True)))
_ADDRESS: Final = re.compile(r"https?://[^\s,;)>\"']+")
_SPDX: Final = re.compile(r"[A-Za-z]+[A-Za-z0-9.]*(-[A-Za-z0-9.]+)+|MIT|ISC|Unlicense")


def cited(text: str) -> Html:
    """Return what a component says of its source, with links to the papers and addresses in it."""
    return markup(_pieces(text))


def licence_link(licence: str) -> Html:
    """Return a licence, with a link to its text where its name is one of SPDX's."""
    known = _SPDX.fullmatch(licence)
    return link(f"https://spdx.org/licenses/{licence}.html", licence) if known else markup(licence)


def _pieces(text: str) -> Iterator[str]:
    end = 0
    found = [*_CITED.finditer(text), *_ADDRESS.finditer(text)]
    for match in sorted(found, key=lambda one: one.start()):
        if match.start() >= end:
            yield text[end : match.start()]
            yield link(_PAPERS.get(match[0], match[0]), match[0])
            end = match.end()
    yield text[end:]
