"""Parameters in the names of variables: every rule of grlc, and the additions to them."""

from __future__ import annotations

import pytest

from endpoint.catalog.datatypes import TYPES
from endpoint.catalog.parameters import RESERVED, Parameter
from endpoint.catalog.variable_names import read_variable
from endpoint.errors import DataError
from endpoint.vocabulary import XSD

DECLARED = {"ex": "http://example.org/", "xsd": XSD, "my": "http://example.org/my#"}
KNOWN = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "geosparql": "http://www.opengis.net/ont/geosparql#",
    # Its name is a language too.
    "sd": "http://www.w3.org/ns/sparql-service-description#",
}

RULES: list[tuple[str, Parameter]] = [
    ("_name", Parameter("name", "_name")),
    ("__name", Parameter("name", "__name", required=False)),
    ("_name_", Parameter("name", "_name_")),
    ("__2letterLanguageTag", Parameter("2letterLanguageTag", "__2letterLanguageTag", required=False)),
    ("_저자", Parameter("저자", "_저자")),
    ("_x_iri", Parameter("x", "_x_iri", "iri")),
    ("_x_number", Parameter("x", "_x_number", "number")),
    ("_x_literal", Parameter("x", "_x_literal")),
    ("_x_string", Parameter("x", "_x_string")),
    ("_x_val", Parameter("x", "_x_val")),
    ("_x_integer", Parameter("x", "_x_integer", "integer")),
    ("_x_gYearMonth", Parameter("x", "_x_gYearMonth", "gYearMonth")),
    ("_x_nonNegativeInteger", Parameter("x", "_x_nonNegativeInteger", "nonNegativeInteger")),
    ("__x_xsd_string", Parameter("x", "__x_xsd_string", required=False)),
    ("_x_xsd_date", Parameter("x", "_x_xsd_date", "date")),
    ("_x_ex_Code", Parameter("x", "_x_ex_Code", "typed", datatype="http://example.org/Code")),
    ("_x_my_T", Parameter("x", "_x_my_T", "typed", datatype="http://example.org/my#T")),
    (
        "_x_geosparql_wktLiteral",
        Parameter(
            "x",
            "_x_geosparql_wktLiteral",
            "typed",
            datatype="http://www.opengis.net/ont/geosparql#wktLiteral",
        ),
    ),
    ("_x_en", Parameter("x", "_x_en", "langString", "en")),
    ("_x_ko", Parameter("x", "_x_ko", "langString", "ko")),
    ("_x_dc", Parameter("x", "_x_dc", "langString", "dc")),
    ("_x_dc_Type", Parameter("x", "_x_dc_Type", "typed", datatype="http://purl.org/dc/elements/1.1/Type")),
    ("_x_sd_Arab", Parameter("x", "_x_sd_Arab", "langString", "sd-Arab")),
    ("_x_en_US", Parameter("x", "_x_en_US", "langString", "en-US")),
    ("_x_zh_Hant_TW", Parameter("x", "_x_zh_Hant_TW", "langString", "zh-Hant-TW")),
    ("_x_grc", Parameter("x", "_x_grc", "langString", "grc")),
    ("_x_multi", Parameter("x", "_x_multi", multiple=True)),
    ("_x_multi_iri", Parameter("x", "_x_multi_iri", "iri", multiple=True)),
    ("__x_multi_val", Parameter("x", "__x_multi_val", required=False, multiple=True)),
    ("_x_iri_multi", Parameter("x", "_x_iri_multi", "iri", multiple=True)),
    ("_x_multi_integer", Parameter("x", "_x_multi_integer", "integer", multiple=True)),
    ("_x_multi_ko", Parameter("x", "_x_multi_ko", "langString", "ko", multiple=True)),
]


@pytest.mark.parametrize(("variable", "expected"), RULES, ids=[row[0] for row in RULES])
def test_a_name_is_read(variable: str, expected: Parameter) -> None:
    assert read_variable(variable, (1, 1), DECLARED, KNOWN) == (expected, None)


@pytest.mark.parametrize("kind", sorted(set(TYPES) - {"langString", "typed"}))
def test_every_type_can_be_said(kind: str) -> None:
    parameter, notice = read_variable(f"_x_{kind}", (1, 1), {}, {})
    assert parameter == Parameter("x", f"_x_{kind}", kind)
    assert notice is None


NOTICED = [
    ("_author_name", "string", 'type string; "name" in its name is no type'),
    ("_author_full_name", "string", '"full_name" in its name is no type'),
    ("_start_date_integer", "date", 'type date; "integer" in its name is no type'),
    ("_x_iri_old", "iri", '"old" in its name'),
    ("_x_en_a1", "langString", '"a1" in its name'),
    ("_x_unknown_Type", "string", '"unknown_Type" in its name'),
    ("___x", None, "It stays a variable"),
    ("_", None, "It stays a variable"),
]


@pytest.mark.parametrize(("variable", "kind", "sentence"), NOTICED)
def test_what_a_name_says_in_vain_is_noticed(variable: str, kind: str | None, sentence: str) -> None:
    parameter, notice = read_variable(variable, (3, 7), DECLARED, KNOWN)
    assert (parameter.type if parameter else None) == kind
    assert notice is not None
    assert sentence in notice.detail
    assert (notice.line, notice.column) == (3, 7)


@pytest.mark.parametrize(
    ("variable", "sentence"),
    [
        ("_x_intger", 'the unknown type "intger"; did you mean "integer"?'),
        ("_x_xsd_dateTme", 'the unknown type "dateTme"; did you mean "dateTime"?'),
        *((f"_{name}", f'No parameter can have the name "{name}"') for name in sorted(RESERVED)),
    ],
)
def test_a_misspelt_type_and_a_name_of_the_protocol_are_refused(variable: str, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        read_variable(variable, (3, 7), DECLARED, KNOWN)
    assert sentence in caught.value.detail
    assert (caught.value.line, caught.value.column) == (3, 7)
