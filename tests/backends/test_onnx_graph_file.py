"""The outline of a graph, read from its bytes, equals what the onnx package reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from tiny_graphs import Export
from tiny_models import write_llama

from medspec.backends.onnx.graph_file import EIGHT_BIT_SUMS, DataFile, read_outline
from medspec.errors import BackendError


def operators_of(graph: onnx.GraphProto) -> Iterator[str]:
    for node in graph.node:
        yield node.op_type
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from operators_of(attribute.g)


def branching_model() -> onnx.ModelProto:
    """A graph with a subgraph, a constant in a node, a sparse weight and a local function."""
    value = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    one = helper.make_node("Constant", [], ["y"], value=helper.make_tensor("c", TensorProto.FLOAT, [1], [1.0]))
    two = helper.make_node("RandomNormal", [], ["y"], shape=[1])
    choose = helper.make_node(
        "If",
        ["condition"],
        ["y"],
        then_branch=helper.make_graph([one], "then", [], [value]),
        else_branch=helper.make_graph([two], "else", [], [value]),
    )
    condition = helper.make_tensor_value_info("condition", TensorProto.BOOL, [])
    sparse = helper.make_sparse_tensor(
        helper.make_tensor("w", TensorProto.FLOAT, [1], [2.0]), helper.make_tensor("", TensorProto.INT64, [1], [3]), [9]
    )
    opset = helper.make_opsetid("", 18)
    twice = helper.make_function("local", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [opset])
    graph = helper.make_graph([choose], "main", [condition], [value], sparse_initializer=[sparse])
    return helper.make_model(graph, opset_imports=[opset], functions=[twice], ir_version=9)


@pytest.mark.parametrize("family", ["generic", "gqa"])
def test_operators_equal_those_of_the_onnx_package(tmp_path: Path, family: str) -> None:
    path = write_llama(tmp_path, family=family).graph
    outline = read_outline(path)
    assert outline.operators == set(operators_of(onnx.load(path).graph))
    assert outline.data_files == ()


@pytest.mark.parametrize("eight", [False, True])
def test_sums_in_eight_bits_are_told(tmp_path: Path, eight: bool) -> None:
    path = write_llama(tmp_path, export=Export(four_bits=True, eight_bit_sums=eight)).graph
    found = read_outline(path).operators
    assert found - {EIGHT_BIT_SUMS} == set(operators_of(onnx.load(path).graph))
    assert (EIGHT_BIT_SUMS in found) == eight


def test_subgraphs_and_functions_count(tmp_path: Path) -> None:
    path = tmp_path / "branching.onnx"
    onnx.save(branching_model(), path)
    assert read_outline(path).operators == {"If", "Constant", "RandomNormal", "Add"}


def test_data_files_and_their_sizes(tmp_path: Path) -> None:
    path = write_llama(tmp_path, data_files=2).graph
    sizes = {name: (tmp_path / name).stat().st_size for name in ("model.onnx_data", "model.onnx_data_1")}
    assert read_outline(path).data_files == tuple(DataFile(name, size) for name, size in sizes.items())


@pytest.mark.parametrize("location", ["/etc/passwd", "../secret", "a/../../secret", "C:\\secret", "..\\secret", ""])
def test_data_outside_the_folder_is_refused(tmp_path: Path, location: str) -> None:
    path = write_llama(tmp_path, data_files=1).graph
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    onnx.save(model, path)
    with pytest.raises(BackendError, match="outside the graph's folder"):
        read_outline(path)


@pytest.mark.parametrize("content", [b"{}", b"<html>not found</html>", b"\x00" * 40, b"\xff" * 40, b"PK\x03\x04zip"])
def test_what_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(BackendError, match=r"model\.onnx: not an ONNX graph"):
        read_outline(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.touch()
    with pytest.raises(BackendError, match="empty"):
        read_outline(path)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cut_off_graph_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = branching_model().SerializeToString()
    # Cutting behind the graph, inside the fields that follow it, leaves a whole graph.
    end = content.index(b"Twice") - 20
    path = tmp_path / "cut.onnx"
    path.write_bytes(content[: data.draw(st.integers(1, end))])
    with pytest.raises(BackendError):
        read_outline(path)


@given(place=st.integers(0, 10**6), value=st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_raises_nothing_else(tmp_path: Path, place: int, value: int) -> None:
    content = bytearray(branching_model().SerializeToString())
    content[place % len(content)] = value
    path = tmp_path / "damaged.onnx"
    path.write_bytes(bytes(content))
    try:
        read_outline(path)
    except BackendError as err:
        assert str(path) in str(err)
