"""Which line to write: for every reason that a report can give, what helps.

An entry has a section of the same name in ``docs/which-line.md``. ``line`` is
what to write: a declaration, in which ``{callee}`` is the function that stays
in order, or a rewrite in a few words; empty where no line helps. Patterns are
searched for in the reason, the innermost cause first, entries in this order.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of reason: its name, the line that helps, and how such reasons read."""

    key: str
    line: str
    patterns: tuple[str, ...]

    @property
    def declares(self) -> bool:
        """Whether the line declares the function that stays in order."""
        return "{callee}" in self.line


READS = "reads({callee})"
UNORDERED = "unordered({callee})"

# fmt: off
ENTRIES: tuple[Entry, ...] = (
    # ------------------------------------------------- seen at run time, or while it was measured
    Entry("seen-otherwise", UNORDERED, ("but seen otherwise",)),
    Entry("not-used", "use its result, if it has one; or parallel([...])", (
        "its result is not used",
    )),
    Entry("started-in-vain", "", ("was once started in vain",)),
    Entry("too-small", "", ("^too small", "calls of less than 50 us")),
    Entry("computes", "", (
        "^CPU holding the GIL", "^CPU releasing the GIL", "^delegated", "^GIL wait", "^core wait",
        "ratio is surely above", "it computes and waits by turns", "other threads compute",
        "had no core", "the GIL was free", "it never gave up its core", "it always had work",
        "waiting for the GIL", "holds the GIL while it waits",
    )),
    Entry("waits-inside", "", (
        "^lock$", "^in-process wait", "waiting for a lock", "waiting for another thread",
    )),
    Entry("not-yet-known", "", (
        "^undecided", "not called yet", "not called while profiled", "never called while",
        "not judged yet", "a single call of less than", "a single call, not clear",
        "the ratio lies anywhere", "less than 1 ms was seen", "^first call", "^profiled$",
        "looking again", "too few calls", "a probe was", "probe found nothing",
        "an earlier run began to try it", "the settings changed$",
    )),
    Entry("fails-ahead", "@adaptive(max_workers=4)", (
        "that was never seen in direct calls", r"^an exception( \(…\))?$",
    )),
    Entry("does-not-pay", "", (
        "that does not pay", "predicted speed-up only", "measured speed-up", "times slower",
        "became slower", "slower by plain mean", "a direct call was faster",
        "an earlier run found it not faster",
    )),
    Entry("waits-outside", "", (
        "waits; may run ahead", "pure; prepares", "ratio is surely below", "waiting for the disk",
        "^waits outside", "^disk$", "an earlier run found it faster",
        "a single long call, clearly",
    )),
    Entry("as-declared", "", ("^declared (pure|reads|unordered|writes)( of '.*')?$", "^asserted")),
    Entry("as-proved", "", (
        "proved: (computes only|reads variables|latency)",
        r"^proved: .*, (pure|reads|unordered|…) \(line",
    )),
    Entry("switched-off", "", ("ADAPTIVE_JIT_ENABLED is 0", "was asked for", "^forced$")),
    # ------------------------------------------------------------------- the function as a whole
    Entry("kind-of-function", "write it as a plain `def` that returns", (
        "^it is (a|an) (coroutine|generator|asynchronous)", "it is a generator or coroutine",
        "a lambda has no statements", "which can see the frame", "coroutine",
        "^an asynchronous gen", "^a generator function",
    )),
    Entry("no-source", "", (
        "no source:", "does not compile", "does not parse", "cannot be read",
        "its source is not usable", "the instrumented form", "it cannot be adapted",
    )),
    Entry("python-never-tried", "", ("^this Python has never been tried",)),
    Entry("nothing-overlaps", "", ("^nothing in it could overlap",)),
    # ------------------------------------------------------------------- what ends a region
    Entry("with-block", "move the calls out of the `with` block", ("^`with`", "^`async with`")),
    Entry("try-block", "put the `try` inside the helper, or into the loop around one call", (
        "^`try`", "^`finally`", "^(an )?`except`", "more than note something",
    )),
    Entry("while-loop", "for item in items:", ("^`while`", "^`async for`", "leaves a loop")),
    Entry("defines-or-imports", "move the definition or import to the top of the module", (
        "^`import`", "defines a (function|class)", "an import", "a class made here",
    )),
    Entry("in-its-turn", "move it behind the calls", (
        "^`del`", "^declares (globals|nonlocals)", "^`match`", "^`…` is not followed", "^raises$",
        "^awaits$", "^yields$",
    )),
    Entry("changed-in-turns", "collect in a list, and use that behind the loop", (
        "reads it in turns",
    )),
    Entry("shared-variable", "use a local variable, and store it behind the calls", (
        "^stores (`|into|the attribute)", "other code (may|can) see", "captures$",
        "^changes an attribute or element", "^assigns to several targets",
        "unpacks into something other", "annotates something other", "collect in a local",
        "^could run ahead, but line",
    )),
    Entry("unusual-expression", "a statement of its own: value = ...", (
        r"\(:=\)", "an unusual (loop|comprehension) target", "is a private name of its class",
        "asynchronous comprehension", r"several `\*\*`", "^`super",
    )),
    # ------------------------------------------------------------------- what stops it at run time
    Entry("iterator", "items = list(items)", (
        "^hands a generator", "an argument is an iterator", "an iterator of the program's own", "an iterator of others",
        "returns an iterator", "an iterator, which runs later",
        "iterates over (something|a value)", "numbers (something|an iterator)",
        "walks over values", "it reads its rows later",
    )),
    Entry("callback", "parallel([...]), where the calls are independent of each other", (
        "an argument is a callback", "an iterator or a callback", "which may run code of its own",
    )),
    Entry("plain-values", "pass and return builtin values: str, int, list, dict", (
        "not of a builtin type", "not a builtin container", "not a plain dict",
        "not a tuple or list", "a builtin has been replaced", "may run unknown code",
        "not a plain method", "not made of exact builtin types", "other than exact builtin",
        "operator has met", "a format meets",
    )),
    Entry("decided-by-a-result", "call the conditions first: flags = [check(x) for x in xs]", (
        "cannot be known ahead", "walked far without a start", "ahead of its turn",
        "a comparison with calls in it",
    )),
    # ------------------------------------------------------------------- where it may run
    Entry("cookies", "", ("^its client's cookies change",)),
    Entry("thread-bound", "open a connection of its own inside the helper", (
        "stays in the calling thread", "in the calling thread, in its turn",
        "belongs? to (its|one|their) thread", "kept for each thread", "for each thread",
        "serves one thread", "session, which", "lock that", "the frames of its callers",
        "the thread that it runs in", "of its thread", "only the main thread",
        "too many different kinds of objects", "which is being changed", "^`?…, which holds",
        "an argument, ", "may load its attributes", "built for a single thread",
        "making a client is not safe",
    )),
    # ------------------------------------------------------------------- what it does
    Entry("prints", "return the text, and print it behind the calls", (
        "prints", "not a stock stream", "a progress display",
    )),
    Entry("logs", "", ("logger", "the handler", "it logs", "record factory", "exc_info=")),
    Entry("pauses", UNORDERED, ("pacing", "a pause that someone asked for")),
    Entry("clock", READS, ("clock",)),
    Entry("memoised", UNORDERED, ("memoised", "answers in a cache")),
    Entry("mock", UNORDERED, ("a mock",)),
    Entry("ordered-stream", "draw first: values = [next(stream) for _ in range(n)]", (
        "ordered stream", "a stream in order", "draws from", "pages are read one after the other",
    )),
    Entry("answer-in-pieces", "ask for the whole answer: stream=False", (
        "stream of events", "arrives in pieces", "streams its answer", "not read at once",
        "has not been read yet", "raw response",
    )),
    Entry("any-program", READS, (
        "can do anything", "may run any code", "can reach anything",
        "what it reads cannot be told",
    )),
    Entry("statement", READS, (
        "statement", "PRAGMA", "WITH clause", "its parentheses", "only compute",
        "a cursor on the server",
    )),
    Entry("writes", READS, (
        "^proved: .*, writes", "^it writes", "its operation does not only read",
        "changes that it writes first", "writes objects of the program's own", ", writes$",
    )),
    Entry("changes-in-place", "fetch first, and change it behind: values = [f(x) for x in xs]", (
        "it changes its receiver$", "may change a list that other names lead to$",
    )),
    Entry("changes-what-others-see", UNORDERED, (
        "not made here", "stores (in|a value)", "^deletes `", "lives outside the function",
        "it changes (its|the|what)", "name bound here", "is removed when the program", "keeps its",
        "what it makes",
    )),
    Entry("client-of-your-own", READS, (
        "of its own", "of one's own", "of their own", "patched", "is replaced", "has hooks",
        "event hook", "listeners", "has filters", "has callbacks", "by converters", "row factory",
        "adapters", "is not exactly a", "is set$", "arranges itself", "dialect of",
        "the engine of its session", "conversion", "by a callback", "its provider is",
        "answers for its class", "credentials", "not a plain", "of its pool",
        "its connection is not", "gives up the connection", "what that does is not known",
    )),
    Entry("too-many-kinds", READS, ("too many different kinds of arguments",)),
    Entry("argument-not-known", READS, (
        "the catalogue does not know", "is not a str", "neither a str", "a device",
        "a file descriptor", "it is given arguments", "is not known to leave", "local file",
        "positional arguments", "an argument is not known", "keyword arguments only",
        "its argument is a", "=…? is a", "two arguments", "another thing than a web address",
        "its client is made here", "an object that somebody may hold", "file system of another",
        "unknown (number of )?arguments", "table that others hold", "read later",
    )),
    # ------------------------------------------------------------------- what is not known
    Entry("not-followed", READS, (
        "to be proved", "in a proof", "is not understood", "may run code", "which is not known",
        "of unknown type", "an object that is not known", "a key that is not known",
        "does not exist yet", "cannot be found", "is not defined", "has no value yet",
        "may hold objects", "works on", "the truth of", "^formats `", "subscripts", "asks",
        "reads `", "makes a", "a class", "an import", "decorates", "closes what is not known",
        "to be an exception", "looks at the factory", "binds a name", "enters `", "raises `",
        "calls `…`, unknown", "calls `[^`]*`, unknown", "^calls `…`:", "gives `", "its own",
        "runs later", "operators are not known", "an object of type",
    )),
    Entry("not-known", READS, (
        "neither declared nor known", "it is not known", "not known to be harmless",
        "could not be judged", "the proof failed", "unknown$", "whose metaclass",
    )),
)
# fmt: on
