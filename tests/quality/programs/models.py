"""Programs over model vendors."""

from __future__ import annotations

from quality.helpers import chat_anthropic, chat_openai, http_requests, text

QUESTIONS = ["What is rain?", "Why do cats purr?", "How old is the sea?", "rude words"]


def llm_ensemble(oai, claude):
    """Ask three models the same question and let one of them judge.

    Gains: the three answers, then the three grades.
    """
    question = "How do ships find a harbour at night?"
    small = chat_openai.ask(oai, question)
    careful = chat_openai.respond(oai, question)
    other = chat_anthropic.ask_claude(claude, question)
    answers = [small, careful, other]
    grades = [chat_openai.grade(oai, question, answer) for answer in answers]
    best = max(range(3), key=lambda n: grades[n])
    return answers[best], grades


def rag_answer(oai):
    """Answer questions from the documents nearest to them.

    Starts: the documents and their vectors; how much is gained depends on the questions.
    """
    documents = {n: http_requests.get_user(n)["email"] for n in range(1, 5)}
    vectors = {n: chat_openai.embed(oai, [documents[n]])[0] for n in documents}
    answers = []
    for question in QUESTIONS[:3]:
        wanted = chat_openai.embed(oai, [question])[0]
        ranked = sorted(vectors, key=lambda n: -text.cosine(wanted, vectors[n]))
        context = "\n".join(documents[n] for n in ranked[:2])
        answers.append(chat_openai.ask(oai, f"{context}\n\n{question}"))
    return answers


def map_reduce_summary(oai):
    """Summarise the parts of a long text, then the summaries.

    Gains: the parts.
    """
    long = "Rivers carry water from the hills to the sea, where ships wait in harbours. " * 3
    parts = text.chunk(long, size=60, overlap=10)
    summaries = [chat_openai.summarise(oai, part, max_words=10) for part in parts]
    return chat_openai.summarise(oai, " ".join(summaries), max_words=30)


def agent_chain(oai):
    """Each step asks with what the step before has said.

    Chain: no two calls are independent, so there is nothing to gain.
    """
    thought = "Find out who built the bridge."
    for step in ("plan", "search", "check", "answer"):
        thought = chat_openai.ask(oai, f"{step}: {thought}")
    return thought


def batch_embedding(oai):
    """Embed texts in batches, keeping their order.

    Gains: the batches.
    """
    texts = [f"text number {n}" for n in range(12)]
    vectors = []
    for start in range(0, len(texts), 3):
        vectors.extend(chat_openai.embed(oai, texts[start : start + 3]))
    return len(vectors), vectors[-1]


def moderation_then_answer(oai):
    """Answer only what passes moderation.

    Gains: the moderations; an answer starts once its own question has passed.
    """
    replies = []
    for question in QUESTIONS:
        if chat_openai.is_flagged(oai, question):
            replies.append("refused")
        else:
            replies.append(chat_openai.ask(oai, question))
    return replies
