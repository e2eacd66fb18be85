"""Without a checkout of the W3C's tests there is nothing to collect."""

from __future__ import annotations

import os

collect_ignore = [] if os.environ.get("RDF_TESTS") else ["test_evaluation.py"]
