"""How each helper is called: the expression, the items it is called for, and what it is given.

``item`` stands for the item. Names other than modules of helpers are given by
`environment.Environment.given`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Driver:
    """One helper's calls. ``use`` is what the program makes of an ``answer``.

    ``held``: the caller holds the helper's lock. ``threads``: the helper has threads of
    its own, which log in any order. ``needs``: servers that must be installed.
    """

    call: str
    items: tuple[object, ...] = (1, 2, 4, 5)
    given: tuple[str, ...] = ()
    use: str = "answer"
    held: bool = False
    threads: bool = False
    needs: tuple[str, ...] = ()


def _d(call: str, *items: object, given: str = "", **more: object) -> Driver:
    return Driver(call, items or (1, 2, 4, 5), tuple(given.split()), **more)  # type: ignore[arg-type]


PROMPTS = ("What is rain?", "Why do cats purr?", "How old is the sea?", "Who built it?")
PATHS = ("/things/1", "/things/2", "/things/4", "/things/5")
KEYS = ("a.txt", "b.txt", "c.txt", "d.txt")
FILES = ("one", "two", "three", "four")
LABELS = "('small', 'large')"
PARTS = "''.join(part.choices[0].delta.content for part in answer)"

DRIVERS = {
    "chat_openai.ask": _d("chat_openai.ask(oai, item)", *PROMPTS, given="oai"),
    "chat_openai.summarise": _d(
        "chat_openai.summarise(oai, item, max_words=20)", *PROMPTS, given="oai"
    ),
    "chat_openai.extract_json": _d("chat_openai.extract_json(oai, item)", *PROMPTS, given="oai"),
    "chat_openai.ask_with_cost": _d("chat_openai.ask_with_cost(oai, item)", *PROMPTS, given="oai"),
    "chat_openai.embed": _d("chat_openai.embed(oai, [item, 'x'])", *PROMPTS, given="oai"),
    "chat_openai.is_flagged": _d(
        "chat_openai.is_flagged(oai, item)", "fine", "rude", "good", "kind", given="oai"
    ),
    "chat_openai.respond": _d("chat_openai.respond(oai, item)", *PROMPTS, given="oai"),
    "chat_openai.safe_ask": _d(
        "chat_openai.safe_ask(oai, item, default='-')", *PROMPTS, given="oai"
    ),
    "chat_openai.grade": _d("chat_openai.grade(oai, item, 'yes')", *PROMPTS, given="oai"),
    "chat_openai.Assistant.answer": _d("assistant.answer(item)", *PROMPTS, given="assistant"),
    "chat_openai.ask_counting": _d("chat_openai.ask_counting(oai, item)", *PROMPTS, given="oai"),
    "chat_openai.chat": _d("chat_openai.chat(oai, item)", *PROMPTS, given="oai"),
    "chat_openai.ask_streaming": _d(
        "chat_openai.ask_streaming(oai, item)", *PROMPTS, given="oai", use=PARTS
    ),
    "chat_openai.upload": _d("chat_openai.upload(oai, item)", *FILES, given="oai"),
    "chat_openai.Conversation.say": _d("conversation.say(item)", *PROMPTS, given="conversation"),
    "chat_anthropic.ask_claude": _d(
        "chat_anthropic.ask_claude(claude, item)", *PROMPTS, given="claude"
    ),
    "chat_anthropic.translate": _d(
        "chat_anthropic.translate(claude, item, target='French')", *PROMPTS, given="claude"
    ),
    "chat_anthropic.count_tokens": _d(
        "chat_anthropic.count_tokens(claude, item)", *PROMPTS, given="claude"
    ),
    "chat_anthropic.classify": _d(
        f"chat_anthropic.classify(claude, item, {LABELS})", *PROMPTS, given="claude"
    ),
    "chat_anthropic.submit_batch": _d(
        "chat_anthropic.submit_batch(claude, item)", *PROMPTS, given="claude"
    ),
    "chat_anthropic.Budget.ask": _d("budget.ask(item)", *PROMPTS, given="budget"),
    "http_requests.get_user": _d("http_requests.get_user(item)"),
    "http_requests.load_user": _d("http_requests.load_user(item)"),
    "http_requests.weather": _d("http_requests.weather(item, lang='en')"),
    "http_requests.price_in": _d("http_requests.price_in('USD', item)", "1", "2", "4", "5"),
    "http_requests.all_items": _d("http_requests.all_items(item)", *FILES),
    "http_requests.exists": _d(
        "http_requests.exists(item)", "users/1", "missing/2", "users/3", "users/4"
    ),
    "http_requests.checksum": _d("http_requests.checksum(item)"),
    "http_requests.traced_get": _d("http_requests.traced_get(item)", *PATHS),
    "http_requests.fetch_with": _d(
        "http_requests.fetch_with(session, item)", *PATHS, given="session"
    ),
    "http_requests.graphql_user": _d("http_requests.graphql_user(item)"),
    "http_requests.create_order": _d("http_requests.create_order(item, quantity=2)", *FILES),
    "http_requests.call": _d("http_requests.call('POST', item)", *PATHS),
    "http_requests.get_and_touch": _d("http_requests.get_and_touch(item)"),
    "http_requests.visit": _d("http_requests.visit(session, item)", *FILES, given="session"),
    "http_requests.stamped_user": _d("http_requests.stamped_user(item)", use="answer['name']"),
    "http_requests.open_download": _d("http_requests.open_download(item)", use="answer.json()"),
    "http_requests.partner_price": _d("http_requests.partner_price(item)"),
    "http_httpx.fetch_json": _d("http_httpx.fetch_json(item, q='x')", *PATHS),
    "http_httpx.get_price": _d("http_httpx.get_price(web, item)", given="web"),
    "http_httpx.document_text": _d("http_httpx.document_text(web, item)", given="web"),
    "http_httpx.short_lived": _d("http_httpx.short_lived(item)", *PATHS),
    "http_httpx.health": _d("http_httpx.health(item)", "north", "west", "missing", "south"),
    "http_httpx.cursor_walk": _d("http_httpx.cursor_walk(web, item)", *FILES, given="web"),
    "http_httpx.profile_and_price": _d("http_httpx.profile_and_price(item)", threads=True),
    "http_httpx.WeatherClient.temperature": _d("forecast.temperature(item)", given="forecast"),
    "http_httpx.hooked_get": _d(
        "http_httpx.hooked_get(hooked, item)",
        *PATHS,
        given="hooked seen",
        use="(answer, len(seen))",
    ),
    "http_httpx.delete_item": _d("http_httpx.delete_item(web, item)", given="web"),
    "http_httpx.replace_price": _d("http_httpx.replace_price(web, item, '1.50')", given="web"),
    "http_httpx.LoginClient.account": _d("login.account(item)", given="login"),
    "http_urllib.fetch": _d("http_urllib.fetch(item)", *PATHS),
    "http_urllib.search": _d("http_urllib.search(item)", *FILES),
    "http_urllib.status_of": _d(
        "http_urllib.status_of(item)", "users/1", "missing/2", "users/3", "users/4"
    ),
    "http_urllib.notify": _d("http_urllib.notify(item)", *FILES),
    "http_urllib.download": _d(
        "http_urllib.download(item, f'{folder}/{item}.out')", given="folder"
    ),
    "sql_sqlite.orders_of": _d("sql_sqlite.orders_of(item)", 1, 2, 3, 4),
    "sql_sqlite.total_spent": _d("sql_sqlite.total_spent(item)", 1, 2, 3, 4),
    "sql_sqlite.customer": _d("sql_sqlite.customer(item)", 1, 2, 3, 4),
    "sql_sqlite.find_article": _d("sql_sqlite.find_article(conn, item)", *FILES, given="conn"),
    "sql_sqlite.read_article": _d("sql_sqlite.read_article(item)", *FILES),
    "sql_sqlite.get_or_create_tag": _d("sql_sqlite.get_or_create_tag(item)", *FILES),
    "sql_sqlite.Shop.amount": _d("shop.amount(item)", 1, 2, 3, 4, given="shop"),
    "sql_alchemy.count_orders": _d("sql_alchemy.count_orders(engine, item)", given="engine"),
    "sql_alchemy.largest_orders": _d("sql_alchemy.largest_orders(engine, item)", given="engine"),
    "sql_alchemy.name_and_total": _d("sql_alchemy.name_and_total(engine, item)", given="engine"),
    "sql_alchemy.orders_in": _d("sql_alchemy.orders_in(unit, item)", given="unit"),
    "sql_alchemy.add_order": _d("sql_alchemy.add_order(engine, item, 7)", given="engine"),
    "sql_alchemy.rename": _d("sql_alchemy.rename(engine, item)", given="engine"),
    "sql_alchemy.customer_name": _d(
        "sql_alchemy.customer_name(memory, item)", 1, 2, 3, 4, given="memory"
    ),
    "sql_postgres.stock": _d("sql_postgres.stock(item)", needs=("postgres",)),
    "sql_postgres.stock_over": _d("sql_postgres.stock_over(item)", needs=("postgres",)),
    "sql_postgres.next_number": _d("sql_postgres.next_number(item)", *FILES, needs=("postgres",)),
    "sql_postgres.reserve": _d("sql_postgres.reserve(item)", needs=("postgres",)),
    "sql_postgres.in_transaction": _d(
        "sql_postgres.in_transaction(warehouse, item)", given="warehouse", needs=("postgres",)
    ),
    "files.load_config": _d("files.load_config(item)", *FILES),
    "files.settings": _d("files.settings(item)", *FILES),
    "files.read_text": _d(
        "files.read_text(f'{folder}/{item}.txt', default='-')", *FILES, "none", given="folder"
    ),
    "files.read_rows": _d("files.read_rows(item)", *FILES),
    "files.count_levels": _d("files.count_levels(item)", *FILES),
    "files.sha256_of": _d("files.sha256_of(f'{folder}/{item}.txt')", *FILES, given="folder"),
    "files.newest": _d("files.newest(item)", "*.txt", "*.csv", "*.json", "*.toml"),
    "files.members": _d("files.members(item)", *(f"{name}.zip" for name in FILES)),
    "files.ini_section": _d("files.ini_section(item)", *FILES),
    "files.line_count": _d("files.line_count(f'{folder}/{item}.txt')", *FILES, given="folder"),
    "files.save_result": _d("files.save_result(item, 3)", *FILES, use="answer.name"),
    "files.append_line": _d("files.append_line(item)", *FILES),
    "files.next_line": _d("files.next_line(handle)", given="handle"),
    "files.ensure_folder": _d("files.ensure_folder(item)", "x", "y", "z", "x"),
    "files.in_folder": _d("files.in_folder(item)", ".", "sub", ".", "sub"),
    "s3_store.get_text": _d("s3_store.get_text(s3, item)", *KEYS, given="s3"),
    "s3_store.owner_of": _d("s3_store.owner_of(s3, item)", *KEYS, given="s3"),
    "s3_store.list_keys": _d("s3_store.list_keys(s3, item)", "", "logs/", "a", "b", given="s3"),
    "s3_store.get_or_none": _d(
        "s3_store.get_or_none(s3, item)", "a.txt", "none.txt", "b.txt", "c.txt", given="s3"
    ),
    "s3_store.Bucket.size": _d("bucket.size(item)", *KEYS, given="bucket"),
    "s3_store.put_json": _d("s3_store.put_json(s3, item, {'a': 1})", *KEYS, given="s3"),
    "s3_store.take": _d("s3_store.take(s3, item)", *KEYS, given="s3"),
    "s3_store.save_locally": _d(
        "s3_store.save_locally(s3, item, f'{folder}/{item}.copy')", *KEYS, given="s3 folder"
    ),
    "s3_store.first_line": _d("s3_store.first_line(item)", *KEYS),
    "scraping.page_title": _d("scraping.page_title(item)"),
    "scraping.scrape_price": _d("scraping.scrape_price(item)"),
    "scraping.links": _d("scraping.links(f'/pages/{item}')"),
    "scraping.table": _d("scraping.table(item)"),
    "scraping.title_without_bs4": _d("scraping.title_without_bs4(item)"),
    "scraping.describe": _d("scraping.describe(item)"),
    "scraping.visit_once": _d("scraping.visit_once(item)"),
    "retrying.stubborn": _d("retrying.stubborn(f'/flaky/{item}')"),
    "retrying.patient": _d("retrying.patient(item)"),
    "retrying.with_tenacity": _d("retrying.with_tenacity(item)"),
    "retrying.tenacity_typed": _d("retrying.tenacity_typed(item)"),
    "retrying.with_backoff": _d("retrying.with_backoff(item)"),
    "retrying.with_own_decorator": _d("retrying.with_own_decorator(item)"),
    "retrying.jittered": _d("retrying.jittered(item)"),
    "retrying.CircuitBreaker.call": _d("breaker.call(item)", given="breaker"),
    "caching.get_document": _d("caching.get_document(item)", 1, 2, 1, 2),
    "caching.exchange_rate": _d("caching.exchange_rate(item)", "1", "2", "1", "2"),
    "caching.country": _d("caching.country(item)", "fr", "de", "fr", "de"),
    "caching.fresh_user": _d("caching.fresh_user(item)", 1, 2, 1, 2),
    "caching.on_disk": _d("caching.on_disk(item)", 1, 2, 1, 2),
    "caching.through_shared": _d("caching.through_shared(item)", *PATHS),
    "caching.known_only": _d("caching.known_only(item)", *PATHS),
    "caching.entity_of_users": _d("caching.entity_of_users(item)"),
    "text.slugify": _d("text.slugify(item)", *PROMPTS),
    "text.keywords": _d("text.keywords(item)", *PROMPTS),
    "text.parse_invoice": _d(
        "text.parse_invoice(item)", "A-1 2024-01-02 3.50", "B-2 2024-02-03 9", "C-3 what", "D"
    ),
    "text.chunk": _d("text.chunk(item, size=8, overlap=2)", *PROMPTS),
    "text.cosine": _d("text.cosine([1.0, 2.0, 0.5], [float(item), 1.0, 1.0])"),
    "text.fingerprint": _d("text.fingerprint({'id': item, 'tags': ['a']})"),
    "text.derive_key": _d("text.derive_key(item, rounds=60_000)", *FILES),
    "text.bootstrap_mean": _d("text.bootstrap_mean([1, item, 9])"),
    "text.sample_words": _d("text.sample_words(item)", *PROMPTS),
    "text.pop_largest": _d("text.pop_largest(values)", given="values"),
    "text.with_defaults": _d("text.with_defaults(options)", given="options"),
    "tracking.logged_user": _d("tracking.logged_user(item)"),
    "tracking.printed_user": _d("tracking.printed_user(item)"),
    "tracking.timed_item": _d("tracking.timed_item(item)"),
    "tracking.counted_item": _d("tracking.counted_item(item)"),
    "tracking.checked_item": _d("tracking.checked_item(item)"),
    "tracking.remembered": _d("tracking.remembered(item)"),
    "tracking.tallied": _d("tracking.tallied(item)"),
    "tracking.numbered": _d("tracking.numbered(item)", *PATHS),
    "tracking.locked": _d("tracking.locked(item)", held=True),
    "tracking.as_user": _d("tracking.as_user(item)"),
    "tracking.for_tenant": _d("tracking.for_tenant(item)"),
    "tracking.leaves_trace": _d(
        "tracking.leaves_trace(item)", *PATHS, use="(answer, tracking.last_path.get())"
    ),
    "tracking.with_deadline": _d("tracking.with_deadline(item)"),
    "tracking.who": _d("tracking.who(item)"),
    "tracking.called_back": _d(
        "tracking.called_back(item, seen.append)", given="seen", use="(answer, list(seen))"
    ),
    "tracking.Metrics.read": _d("metrics.read(item)", given="metrics"),
    "pacing.polite_get": _d("pacing.polite_get(item)", *PATHS),
    "pacing.then_rest": _d("pacing.then_rest(item)"),
    "pacing.limited": _d("pacing.limited(item)", *PATHS),
    "pacing.wait_until_ready": _d("pacing.wait_until_ready(item)"),
    "shopping.card": _d("shopping.card(item)"),
    "shopping.average_price": _d("shopping.average_price(item, count=2)"),
    "shopping.configured_weather": _d("shopping.configured_weather(item)", *FILES),
    "shopping.audited_user": _d("shopping.audited_user(item)"),
    "shopping.order_cheapest": _d("shopping.order_cheapest(item)"),
}
