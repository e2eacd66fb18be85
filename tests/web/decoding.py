"""Bodies read as clients read them that were sent in a content coding."""

from __future__ import annotations

import sys
import zlib

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def decoded(name: str, body: bytes, whole: bool = True) -> bytes:
    """The body out of the coding ``name``; with ``whole`` it must have its end, and nothing after that.

    Raises EOFError where the end is missing, and what the library raises for bytes that are no such body.
    """
    match name:
        case "" | "identity":
            return body
        case "gzip":
            gzip = zlib.decompressobj(wbits=31)
            found, ended = gzip.decompress(body), gzip.eof and not gzip.unused_data
        case "zstd":
            decompressor = zstd.ZstdDecompressor()
            found = decompressor.decompress(body)
            ended = decompressor.eof and not decompressor.unused_data
        case "br":
            reader = brotli.Decompressor()
            found = reader.process(body)
            # It gives out its window one part at a time.
            while more := reader.process(b""):
                found += more
            ended = reader.is_finished()
        case _:
            raise ValueError(f"there is no coding {name}")
    if whole and not ended:
        raise EOFError(f"the {name} body has no end")
    return found
