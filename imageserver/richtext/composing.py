"""Characters with their looks → spans and paragraphs."""

from __future__ import annotations

from imageserver.richtext.document import Look, Paragraph, ParagraphStyle, Span


class Composer:
    """Collects paragraphs; characters that look alike and follow one another are one span."""

    def __init__(self) -> None:
        self.paragraphs: list[Paragraph] = []
        self._spans: list[Span] = []
        self._look = Look()
        self._parts: list[str] = []

    @property
    def is_between(self) -> bool:
        """Whether the last paragraph is ended, and no other has begun."""
        return bool(self.paragraphs) and not self._parts

    def add(self, text: str, look: Look) -> None:
        """Go on with some characters."""
        if not text:
            return
        if look != self._look:
            self._end_span()
            self._look = look
        self._parts.append(text)

    def end_paragraph(self, style: ParagraphStyle, mark: Look) -> None:
        """End the paragraph; the mark is the look of its end."""
        self._end_span()
        self.paragraphs.append(Paragraph(tuple(self._spans), style, mark))
        self._spans = []

    def _end_span(self) -> None:
        if self._parts:
            self._spans.append(Span("".join(self._parts), self._look))
            self._parts = []
