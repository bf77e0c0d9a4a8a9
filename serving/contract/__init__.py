"""What all routes of the API keep to: refusals, lists in pages, answers that need not be sent twice, and what OpenAPI tells of them."""

from .etags import Tagged
from .names import ANYTHING
from .openapi import DescribedApp
from .paging import Cursor, Limit, decode_cursor, encode_cursor, listed, page_of
from .problems import add_problems
from .promise import answers_with

__all__ = [
    "ANYTHING",
    "Cursor",
    "DescribedApp",
    "Limit",
    "Tagged",
    "add_problems",
    "answers_with",
    "decode_cursor",
    "encode_cursor",
    "listed",
    "page_of",
]
