"""SKOS read back by rdflib and held against the integrity conditions of the SKOS reference."""

from __future__ import annotations

from collections import Counter

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, OWL, RDF, SKOS

from indicators.choices import Status
from indicators.model import FrameworkNode, Indicator, IndicatorSet, Project, Record, Sector
from loaders.skos import NoConceptError, export_skos

URN = "urn:indicator-kb:"


def graph(records: list[Record], base: str = "", scheme: str = "") -> Graph:
    sectors = {r.code: r for r in records if isinstance(r, Sector)}
    return Graph().parse(data=export_skos("a.ttl", records, sectors, base, scheme), format="turtle")


def above(g: Graph, concept: URIRef) -> set[URIRef]:
    """Everything that a concept stands under (broaderTransitive)."""
    found: set[URIRef] = set()
    waiting = [concept]
    while waiting:
        for wider in g.objects(waiting.pop(), SKOS.broader):
            if wider not in found:
                found.add(wider)
                waiting.append(wider)
    return found


def check(g: Graph) -> None:
    """Integrity conditions S9, S13, S14, S27, S46 and what a user of the file relies on."""
    concepts = set(g.subjects(RDF.type, SKOS.Concept))
    schemes = set(g.subjects(RDF.type, SKOS.ConceptScheme))
    assert concepts
    assert not concepts & schemes  # S9
    for concept in concepts:
        labels = list(g.objects(concept, SKOS.prefLabel))
        assert Counter(label.language for label in labels).most_common(1)[0][1] == 1  # S14
        assert len(labels) == 1
        assert not set(labels) & set(g.objects(concept, SKOS.altLabel))  # S13
        wider = above(g, concept)
        assert concept not in wider
        assert not wider & set(g.objects(concept, SKOS.related))  # S27
        assert set(g.objects(concept, SKOS.inScheme)) <= schemes
        assert set(g.objects(concept, SKOS.inScheme))
        exact = set(g.objects(concept, SKOS.exactMatch))
        assert not exact & (
            set(g.objects(concept, SKOS.relatedMatch)) | set(g.objects(concept, SKOS.broadMatch))
        )  # S46
        for other in g.objects(concept, SKOS.broader):
            assert (other, SKOS.narrower, concept) in g
            assert other in concepts
    for top in g.objects(None, SKOS.hasTopConcept):
        assert not list(g.objects(top, SKOS.broader))


def test_whole_shipped_catalogue_is_sound(catalogue: list[Record]) -> None:
    g = graph(catalogue)
    check(g)
    wanted = {r.code for r in catalogue if isinstance(r, Indicator | FrameworkNode)}
    written = {str(n) for n in g.objects(None, SKOS.notation)}
    assert wanted <= written
    schemes = {str(s) for s in g.subjects(RDF.type, SKOS.ConceptScheme)}
    assert {f"{URN}set:{r.code}" for r in catalogue if isinstance(r, IndicatorSet)} <= schemes


def test_a_record_says_what_it_holds() -> None:
    old = Indicator(
        code="A-SL-01", name="里程", level1="产出指标", level2="数量指标", sector="JT", aliases=("公里数", "里程"),
        explanation="交工里程。", formula="求和", pairs=("A-SH-01",), status=Status.RETIRED, successor="A-SL-02",
    )  # fmt: skip
    new = Indicator(code="A-SL-02", name="改造里程", level1="产出指标", level2="数量指标", sector="JT")
    home = IndicatorSet(
        code="S 1", name="某集", edition="2026", issuer="某局", members=("A-SL-01", "A-SL-02")
    )
    g = graph([old, new, home, Sector(code="JT", name="交通运输", order=1)], "https://kb.example")
    check(g)
    uri = URIRef("https://kb.example/i/A-SL-01")
    assert g.value(uri, SKOS.definition) == Literal("交工里程。", lang="zh")
    assert list(g.objects(uri, SKOS.altLabel)) == [Literal("公里数", lang="zh")]
    assert g.value(uri, DCTERMS.isReplacedBy) == URIRef("https://kb.example/i/A-SL-02")
    assert g.value(uri, OWL.deprecated).toPython() is True
    assert g.value(uri, SKOS.related) == URIRef("https://kb.example/i/A-SH-01")
    assert g.value(uri, SKOS.inScheme) == URIRef("https://kb.example/set/S%201")
    names = {str(g.value(u, SKOS.prefLabel)) for u in above(g, uri)}
    assert names == {"数量指标", "产出指标", "交通运输"}


def test_crosswalk_of_frameworks(catalogue: list[Record]) -> None:
    g = graph(catalogue)
    node = next(r for r in catalogue if isinstance(r, FrameworkNode) and r.same_as)
    found = {str(o) for o in g.objects(URIRef(f"{URN}node:{node.code}"), SKOS.exactMatch)}
    assert found == {f"{URN}node:{code}" for code in node.same_as}


def test_same_records_give_the_same_bytes_and_a_search_its_scheme() -> None:
    records: list[Record] = [Indicator(code=f"A-{n}", name=f"第{n}", level2="数量指标") for n in range(30)]
    data = export_skos("a.ttl", records, {}, "", "修路")
    assert data == export_skos("a.ttl", list(records), {}, "", "修路")
    g = Graph().parse(data=data, format="turtle")
    check(g)
    (scheme,) = g.subjects(RDF.type, SKOS.ConceptScheme)
    assert str(g.value(scheme, DCTERMS.title)) == "修路"


def test_nothing_to_write() -> None:
    with pytest.raises(NoConceptError, match="一条也没有"):
        export_skos("a.ttl", [Project(code="XM-1", name="修路")], {})
