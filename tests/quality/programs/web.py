"""Programs over web services and pages."""

from __future__ import annotations

import time

from quality.helpers import http_httpx, http_requests, retrying, scraping, tracking


def fan_out_page():
    """Everything that one page shows.

    Gains: four independent look-ups.
    """
    user = http_requests.load_user(4)
    weather = http_requests.weather("oslo")
    price = http_requests.price_in("USD", "12")
    items = http_requests.all_items("ada")
    return {"name": user.name, "temp": weather["temp"], "price": price, "items": len(items)}


def polite_crawler():
    """Visit pages with a pause after each.

    In order: changes `seen`
    """
    titles, queue, seen = [], ["/pages/1", "/pages/4"], set()
    while queue and len(titles) < 4:
        path = queue.pop(0)
        if path in seen:
            continue
        seen.add(path)
        titles.append((path, len(scraping.links(path))))
        queue.extend(scraping.links(path))
        time.sleep(0.002)
    return titles


def price_comparison():
    """The cheapest shop for each item.

    Gains: all prices.
    """
    best = {}
    for item in ("11", "12", "13"):
        cheapest, where = None, None
        for shop in ("1", "2", "3"):
            price = http_requests.price_in("EUR", item + shop)
            if cheapest is None or price < cheapest:
                cheapest, where = price, shop
        best[item] = (where, cheapest)
    return best


def multi_region_health():
    """Ask all regions how they are.

    Starts: all regions; making a client per call costs more than a quick answer's wait.
    """
    regions = ["north", "east", "south", "west", "missing"]
    status = {region: http_httpx.health(region) for region in regions}
    down = [region for region, state in status.items() if state == "down"]
    return status, down


def paginated_export(web):
    """Follow the pages of a listing; each says which one is next.

    Chain: a page is known only from the page before it.
    """
    rows, cursor = [], 1
    while cursor:
        page = web.get("/items/ada", params={"page": cursor}).json()
        for item in page["items"]:
            rows.append(f"{item['id']};{item['value']}")
        cursor = page["next"]
    return rows


def retry_storm():
    """Services that fail twice before they answer; count what stays down.

    Gains: the services, which answer independently of each other.
    """
    values, failed = [], 0
    for number in (1, 2, 4, 5):
        try:
            values.append(retrying.stubborn(f"/flaky/{number}")["number"])
        except retrying.Busy:
            failed += 1
    return values, failed


def main():
    """A script: one call, a loop over everything, a line printed for each.

    Gains: the users; the lines stay in order.
    """
    total = 0
    for number in range(12):
        user = http_requests.get_user(number)
        print(f"{number:3} {user['name'].strip()}")
        total += len(user["email"])
    print("total", total)
    return total


def remembering():
    """A helper that notes what it did in a list of its module.

    In order: changes `HISTORY`
    Write: unordered(quality.helpers.tracking.remembered)
    """
    return [tracking.remembered(number) for number in (1, 2, 3, 4)]


def company_users():
    """Users through a query that is sent by POST, which only its author knows to read.

    In order: writes http (proved: requests.post
    Write: reads(quality.helpers.http_requests.graphql_user)
    """
    return [http_requests.graphql_user(number)["name"] for number in (1, 2, 3, 4)]


def descriptions():
    """What pages say about themselves.

    Gains: all pages.
    """
    return {number: scraping.describe(number)["about"] for number in (1, 2, 3, 4)}


def titles():
    """Titles of pages, read with a parser that is not known.

    In order: quality.helpers.scraping.title_without_bs4 · unknown effect
    Write: reads(quality.helpers.scraping.title_without_bs4)
    """
    return [scraping.title_without_bs4(number) for number in (1, 2, 3, 4)]
