"""Errors → HTTP: the one place that knows how an error is told. Reference: r-errors."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from imageserver.answers.properties import javascript, jsonp, media_type, xml_document, xml_text
from imageserver.errors import ImageServerError, LimitExceeded, NotFound, Overloaded, RequestError, WrongMethod
from imageserver.plan.question import ErrorForm
from imageserver.server.attempts import TooManyAttempts

ERROR_HANDLER = "s7jsonError"
WITH_ORIGIN = 2
WITH_TRACE = 3
log = logging.getLogger("imageserver.errors")


def failure(error: Exception, form: ErrorForm, more: Mapping[str, str] | None = None) -> web.Response:
    """Tell an error in the form of its request, in as much detail as the catalog allows; `more` are headers of it."""
    known = error if isinstance(error, ImageServerError) else ImageServerError()
    if known is not error:
        log.error("unexpected", exc_info=error)
    message = message_of(error, known, form.detail)
    headers = {**(more or {}), "Cache-Control": "no-store", "X-Error": header_text(known.title)}
    if isinstance(known, Overloaded | TooManyAttempts):
        headers["Retry-After"] = str(known.retry_after)
    if isinstance(known, WrongMethod):
        headers["Allow"] = ", ".join(known.allowed)
    return web.Response(
        body=body_of(known.title, message, form).encode("utf-8", "replace"),
        status=status_of(known, form),
        headers={**headers, "Content-Type": media_type(form.form)},
    )


def status_of(error: ImageServerError, form: ErrorForm) -> int:
    """Give the HTTP status; that of a missing image is attribute::MissingImageStatus."""
    if isinstance(error, NotFound):
        return form.missing_status
    return int(error.status) or int(HTTPStatus.INTERNAL_SERVER_ERROR)


def message_of(error: Exception, known: ImageServerError, detail: int) -> str:
    """Say what failed on one line: the title only, all, the origin too, or with a trace."""
    text = known.title if detail == 0 or known is not error else " ".join(str(known).split())
    origin = known.origin if isinstance(known, RequestError) else ""
    if detail >= WITH_ORIGIN and origin:
        text += f" (from {origin})"
    if detail >= WITH_TRACE:
        text += "\n" + "".join(traceback.format_exception(error))
    return text


def body_of(title: str, message: str, form: ErrorForm) -> str:
    """Write the error in the form of its request; the callback of JSON keeps its name whatever `handler=` says."""
    match form.form:
        case "json":
            return jsonp({"message": message, "title": title}, ERROR_HANDLER, form.request_id)
        case "xml":
            return xml_document(
                f"<error><title>{xml_text(title)}</title><message>{xml_text(message)}</message></error>"
            )
        case "javascript":
            return javascript((("error.title", title), ("error.message", message)))
        case "text":
            return f"{message}\n"


def header_text(text: str) -> str:
    """Give a text as the value of a header."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)


def too_long(limit: str, actual: int, allowed: int, status: HTTPStatus) -> LimitExceeded:
    """Name a limit of HTTP that was passed."""
    return LimitExceeded(limit, actual, allowed, int(status))
