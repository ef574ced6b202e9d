"""Pages and what is on them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup

SITE = "http://localhost:8000"
HEADERS = {"User-Agent": "Mozilla/5.0 (compatible; pricebot/1.0)"}
SEEN: set[str] = set()


def get_soup(url: str) -> BeautifulSoup:
    r = requests.get(url, headers=HEADERS, timeout=10)
    r.raise_for_status()
    return BeautifulSoup(r.text, "html.parser")


def page_title(number: int) -> str:
    soup = get_soup(f"{SITE}/pages/{number}")
    return soup.title.string.strip()


def scrape_price(number) -> float | None:
    html = requests.get(f"{SITE}/pages/{number}", headers=HEADERS).text
    soup = BeautifulSoup(html, "html.parser")
    tag = soup.select_one("span.price")
    if tag is None:
        return None
    m = re.search(r"(\d+[.,]\d+)", tag.get_text())
    return float(m.group(1).replace(",", ".")) if m else None


def links(path: str) -> list[str]:
    """Absolute links of a page, in its order, each once."""
    url = urljoin(SITE, path)
    soup = get_soup(url)
    found = []
    for a in soup.find_all("a", href=True):
        target = urljoin(url, a["href"]).split("#")[0]
        if target not in found:
            found.append(target)
    return [one.removeprefix(SITE) for one in found]


def table(number: int) -> list[list[str]]:
    rows = get_soup(f"{SITE}/pages/{number}").select("table tr")
    return [[cell.get_text(strip=True) for cell in row.find_all(["th", "td"])] for row in rows]


class _Titles(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.inside = False
        self.titles: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.inside = tag == "title"

    def handle_data(self, data):
        if self.inside:
            self.titles.append(data)


def title_without_bs4(number: int) -> str:
    parser = _Titles()
    parser.feed(requests.get(f"{SITE}/pages/{number}").text)
    return parser.titles[0]


def describe(number: int) -> dict[str, str]:
    soup = get_soup(f"{SITE}/pages/{number}")
    heading = " ".join(soup.h1.get_text().split())
    meta = soup.find("meta", attrs={"name": "description"})
    return {"heading": heading, "about": meta["content"] if meta else ""}


def visit_once(number: int) -> str | None:
    """None for pages that have been visited."""
    url = f"{SITE}/pages/{number % 3}"
    if url in SEEN:
        return None
    SEEN.add(url)
    return get_soup(url).title.string
