"""Indicators and frameworks as SKOS in Turtle, for catalogues and thesauri elsewhere. Pure.

A set or framework is a ConceptScheme, an indicator or framework row a Concept below its level and
its sector. Names are ``urn:indicator-kb:…`` or, where the knowledge base has an address, its pages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from indicators.choices import Status
from indicators.model import Framework, FrameworkNode, Indicator, IndicatorSet, Record, Sector, Source
from indicators.taxonomy import LEVEL2_LETTERS
from loaders.errors import FileError

if TYPE_CHECKING:
    from rdflib import Graph, URIRef

SUFFIX = ".ttl"
_URN = "urn:indicator-kb:"
_LANGUAGE = "zh"


class NoConceptError(FileError):
    """None of the records is an indicator or a row of a framework."""

    def __init__(self, file: str) -> None:
        super().__init__(file, "SKOS 只收指标和共性框架的行，这里一条也没有。请换一种格式，或改查指标。")


def export_skos(
    file: str,
    records: Sequence[Record],
    sectors: Mapping[str, Sector],
    base_url: str = "",
    scheme: str = "",
) -> bytes:
    """Turtle with these sets, frameworks and what belongs to them. Raises NoConceptError.

    Indicators that belong to no set among the records are put under a scheme named ``scheme``.
    """
    concepts = [r for r in records if isinstance(r, Indicator | FrameworkNode)]
    if not concepts:
        raise NoConceptError(file)
    return _Writer(concepts, records, sectors, base_url).turtle(scheme or "检索结果")


class _Writer:
    """One graph as it grows. rdflib is loaded only where SKOS is asked for: it takes a third of a second."""

    def __init__(
        self,
        concepts: Sequence[Indicator | FrameworkNode],
        records: Sequence[Record],
        sectors: Mapping[str, Sector],
        base_url: str,
    ) -> None:
        import rdflib
        from rdflib.namespace import DCTERMS, OWL, RDF, SKOS

        self.rdf: Any = rdflib
        self.dct, self.owl, self.type, self.skos = DCTERMS, OWL, RDF.type, SKOS
        self.graph: Graph = rdflib.Graph()
        self.graph.bind("skos", SKOS)
        self.graph.bind("dct", DCTERMS)
        self.stem = f"{base_url}/" if base_url else _URN
        self.join = "/" if base_url else ":"
        self.concepts, self.sectors = concepts, sectors
        self.here = {c.code for c in concepts}
        self.sources = {r.code: r for r in records if isinstance(r, Source)}
        self.schemes = [r for r in records if isinstance(r, IndicatorSet | Framework)]

    def turtle(self, scheme: str) -> bytes:
        homes = self._homes(scheme)
        for concept in self.concepts:
            self._concept(concept, homes.get(concept.code, ()))
        text: str = self.graph.serialize(format="turtle")
        return text.encode()

    def uri(self, *parts: str) -> URIRef:
        uri: URIRef = self.rdf.URIRef(self.stem + self.join.join(quote(part, safe="") for part in parts))
        return uri

    def add(self, subject: URIRef, predicate: Any, value: Any) -> None:
        self.graph.add((subject, predicate, value))

    def say(self, subject: URIRef, predicate: Any, text: str) -> None:
        """A text in Chinese; a blank says nothing."""
        if text.strip():
            self.add(subject, predicate, self.rdf.Literal(text.strip(), lang=_LANGUAGE))

    def _homes(self, scheme: str) -> dict[str, list[URIRef]]:
        """Schemes of each concept, described on the way."""
        homes: dict[str, list[URIRef]] = {}
        frameworks = {r.code for r in self.schemes if isinstance(r, Framework)}
        for record in self.schemes:
            members = self._members(record)
            if not members:
                continue
            uri = self._scheme(record)
            for code in members:
                homes.setdefault(code, []).append(uri)
        for concept in self.concepts:
            if isinstance(concept, FrameworkNode) and concept.framework not in frameworks:
                homes.setdefault(concept.code, []).append(
                    self._bare_scheme("framework", concept.framework, concept.framework)
                )
            elif concept.code not in homes:
                homes[concept.code] = [self._bare_scheme("search", scheme, scheme)]
        return homes

    def _members(self, record: IndicatorSet | Framework) -> Collection[str]:
        if isinstance(record, IndicatorSet):
            return [m for m in record.members if m in self.here]
        return [c.code for c in self.concepts if isinstance(c, FrameworkNode) and c.framework == record.code]

    def _bare_scheme(self, kind: str, code: str, name: str) -> URIRef:
        uri = self.uri(kind, code)
        self.add(uri, self.type, self.skos.ConceptScheme)
        self.say(uri, self.dct.title, name)
        return uri

    def _scheme(self, record: IndicatorSet | Framework) -> URIRef:
        uri = self._bare_scheme(
            "set" if isinstance(record, IndicatorSet) else "framework", record.code, record.name
        )
        self.say(uri, self.dct.description, record.summary)
        if record.edition:
            self.add(uri, self.owl.versionInfo, self.rdf.Literal(record.edition))
        if isinstance(record, IndicatorSet):
            self.say(uri, self.dct.publisher, record.issuer)
            self.say(uri, self.dct.spatial, record.region)
            if record.valid_from or record.valid_to:
                self.add(uri, self.dct.valid, self.rdf.Literal(f"{record.valid_from}/{record.valid_to}"))
        self._cite(uri, record.sources)
        return uri

    def _concept(self, record: Indicator | FrameworkNode, homes: Iterable[URIRef]) -> None:
        uri = self.uri("i" if isinstance(record, Indicator) else "node", record.code)
        self.add(uri, self.type, self.skos.Concept)
        self.say(uri, self.skos.prefLabel, record.name)
        self.add(uri, self.skos.notation, self.rdf.Literal(record.code))
        self.say(uri, self.skos.definition, record.explanation)
        self.say(uri, self.skos.scopeNote, f"计算公式：{record.formula}" if record.formula else "")
        for home in homes:
            self.add(uri, self.skos.inScheme, home)
            for above in self._above(record, home):
                self.add(uri, self.skos.broader, above)
                self.add(above, self.skos.narrower, uri)
        if isinstance(record, Indicator):
            self._indicator(uri, record)
        else:
            self._node(uri, record)

    def _indicator(self, uri: URIRef, record: Indicator) -> None:
        for alias in record.aliases:
            if alias.strip() != record.name.strip():
                self.say(uri, self.skos.altLabel, alias)
        for pair in record.pairs:
            if pair != record.code:
                self.add(uri, self.skos.related, self.uri("i", pair))
        if record.overlays:
            self.add(uri, self.dct.isVersionOf, self.uri("i", record.overlays))
        if record.status is Status.RETIRED:
            self.add(uri, self.owl.deprecated, self.rdf.Literal(True))
            self.say(
                uri,
                self.skos.historyNote,
                f"已停用，改用 {record.successor}" if record.successor else "已停用",
            )
        if record.successor:
            self.add(uri, self.dct.isReplacedBy, self.uri("i", record.successor))
        self._cite(uri, record.sources)

    def _node(self, uri: URIRef, record: FrameworkNode) -> None:
        for point in record.points:
            self.say(uri, self.skos.note, point)
        for other in record.same_as:
            self.add(uri, self.skos.exactMatch, self.uri("node", other))
        for other in record.related:
            if other not in record.same_as:
                self.add(uri, self.skos.relatedMatch, self.uri("node", other))
        for code in record.indicators:
            self.add(uri, self.skos.narrowMatch, self.uri("i", code))

    def _above(self, record: Indicator | FrameworkNode, home: URIRef) -> Iterable[URIRef]:
        """The level 2 (below its level 1) and the sector that a concept stands under."""
        own = record.framework if isinstance(record, FrameworkNode) else "101"
        level1 = (
            self._heading(home, ("level", own, record.level1), record.level1, top=True)
            if record.level1
            else None
        )
        level2 = None
        if record.level2:
            key = ("level", own, record.level1, LEVEL2_LETTERS.get(record.level2, record.level2))
            level2 = self._heading(home, key, record.level2, top=level1 is None)
            if level1 is not None:
                self.add(level2, self.skos.broader, level1)
                self.add(level1, self.skos.narrower, level2)
        if above := level2 if level2 is not None else level1:
            yield above
        if isinstance(record, Indicator) and record.sector in self.sectors:
            sector = self.sectors[record.sector]
            yield self._heading(home, ("sector", sector.code), sector.name, top=True, notation=sector.code)

    def _heading(
        self, home: URIRef, key: tuple[str, ...], name: str, *, top: bool, notation: str = ""
    ) -> URIRef:
        uri = self.uri(*key)
        self.add(uri, self.type, self.skos.Concept)
        self.say(uri, self.skos.prefLabel, name)
        if notation:
            self.add(uri, self.skos.notation, self.rdf.Literal(notation))
        self.add(uri, self.skos.inScheme, home)
        if top:
            self.add(uri, self.skos.topConceptOf, home)
            self.add(home, self.skos.hasTopConcept, uri)
        return uri

    def _cite(self, uri: URIRef, refs: Iterable[Any]) -> None:
        for ref in refs:
            source = self.sources.get(ref.source)
            name = (
                f"《{source.name}》（{source.number}）"
                if source and source.number
                else source.name
                if source
                else ref.source
            )
            self.say(uri, self.dct.source, "，".join(part for part in (name, ref.place) if part))
