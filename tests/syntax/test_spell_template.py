"""A template that is spelled and parsed again gives the same text for every row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medspec.syntax import template as t
from medspec.syntax.parse_template import parse_template
from medspec.syntax.spell_template import spell_expression, spell_template

NAMES = st.sampled_from(["note", "other"]).map(t.Name)
LITERALS = st.one_of(
    st.text('a"\\\n\t }%', max_size=4),
    st.integers(-9, 9),
    st.booleans(),
    st.none(),
    st.sampled_from([0.5, -2.25, 1e-7]),
).map(t.Literal)
EXPRESSIONS = st.recursive(
    NAMES | LITERALS,
    lambda inner: st.one_of(
        st.builds(t.Attribute, inner, st.just("field")),
        st.builds(t.Item, inner, st.integers(0, 3)),
        st.builds(t.Filter, inner, st.just("join"), st.tuples(st.text(', "\\', max_size=3))),
        st.builds(t.Filter, inner, st.just("trim")),
        st.builds(t.Compare, inner, st.sampled_from(["==", "<", "in"]), inner),
        st.builds(lambda terms: t.Logic("and", terms), st.tuples(inner, inner)),
        st.builds(lambda terms: t.Logic("or", terms), st.tuples(inner, inner, inner)),
        st.builds(lambda term: t.Logic("not", (term,)), inner),
    ),
    max_leaves=6,
)
TEXTS = st.text(' \t\n{}%#-a"', min_size=1, max_size=8).map(t.Text)


def bodies(inner: st.SearchStrategy[t.Piece]) -> st.SearchStrategy[tuple[t.Piece, ...]]:
    return st.lists(inner, max_size=4).map(tuple)


PIECES = st.recursive(
    TEXTS | st.builds(t.Output, EXPRESSIONS),
    lambda inner: st.one_of(
        st.builds(t.For, st.just("entry"), EXPRESSIONS, bodies(inner)),
        st.builds(
            t.If, st.lists(st.tuples(EXPRESSIONS, bodies(inner)), min_size=1, max_size=2).map(tuple), bodies(inner)
        ),
    ),
    max_leaves=8,
)


def normal(pieces: tuple[t.Piece, ...]) -> tuple[t.Piece, ...]:
    """Neighbouring texts joined and quoted texts made plain, all the way down."""
    found: list[t.Piece] = []
    for piece in pieces:
        match piece:
            case t.Output(t.Literal(str(text))):
                piece = t.Text(text)
            case t.For(name, over, body):
                piece = t.For(name, over, normal(body))
            case t.If(branches, otherwise):
                piece = t.If(tuple((test, normal(body)) for test, body in branches), normal(otherwise))
        if isinstance(piece, t.Text) and found and isinstance(found[-1], t.Text):
            found[-1] = t.Text(found[-1].text + piece.text)
        elif piece != t.Text(""):
            found.append(piece)
    return tuple(found)


@given(bodies(PIECES))
def test_parse_undoes_spell(pieces):
    assert normal(parse_template(spell_template(pieces))) == normal(pieces)


@given(EXPRESSIONS)
def test_an_expression_is_read_as_it_was(expression):
    (output,) = parse_template("{{ " + spell_expression(expression) + " }}")
    assert output == t.Output(expression)


def test_the_text_is_the_one_an_author_would_write():
    text = "{{ stem }}\n{% for option in options %}\n{{ loop.index0 | letter }}. {{ option }}\n{% endfor %}\nAnswer:"
    assert spell_template(parse_template(text)) == text
    assert spell_template((t.Text("{{ x }} {"), t.Output(t.Name("y")))) == '{{ "{" }}{ x }} {{ "{" }}{{ y }}'
