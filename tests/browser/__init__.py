"""Tests of the pages in a browser."""

import pytest

pytest.register_assert_rewrite("tests.browser.reader", "tests.browser.query_editor")
