"""Which device a graph runs on, and what is said when it is not the one that was asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import onnx
import pytest
from tiny_models import write_llama

from medspec.backends.base import Options
from medspec.backends.onnx import SCHEME, cuda, session
from medspec.backends.onnx.cuda import why_no_cuda
from medspec.backends.onnx.session import inspect_runtime, open_session
from medspec.errors import BackendError, UsageError

CUDA_WORKS = inspect_runtime()["cuda"]["usable"]
without_cuda = pytest.mark.skipif(CUDA_WORKS, reason="this machine has a working CUDA device")


def test_the_probe_is_a_valid_graph() -> None:
    model = onnx.load_model_from_string(session._PROBE)
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == ["Identity"]


@without_cuda
def test_cuda_that_cannot_be_had_is_an_error_with_the_reason(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tiny = write_llama(tmp_path)
    with pytest.raises(BackendError, match="device cuda: CUDA cannot be used here: ") as caught:
        SCHEME.open(str(tiny.folder), {}, Options(device="cuda"))
    assert str(caught.value).endswith(inspect_runtime()["cuda"]["reason"])
    assert capfd.readouterr() == ("", "")


@without_cuda
def test_auto_says_why_it_is_the_cpu(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tiny = write_llama(tmp_path)
    described = SCHEME.open(str(tiny.folder), {}, Options()).describe()
    assert (described["provider"], described["device"]) == ("CPUExecutionProvider", "cpu")
    assert described["why_cpu"] == inspect_runtime()["cuda"]["reason"]
    assert described["threads"] == 1
    json.dumps(described)
    assert capfd.readouterr() == ("", "")


def test_cpu_needs_no_reason(tmp_path: Path) -> None:
    opened = open_session(write_llama(tmp_path).graph, device="cpu", threads=2)
    assert (opened.device, opened.cpu_reason, opened.threads) == ("cpu", None, 2)
    assert opened.session.get_session_options().intra_op_num_threads == 2


@pytest.mark.parametrize(("device", "threads", "words"), [("gpu", None, "auto, cpu, cuda"), ("cpu", 0, "at least 1")])
def test_settings_that_do_not_exist(tmp_path: Path, device: str, threads: int | None, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        open_session(tmp_path / "model.onnx", device=device, threads=threads)


def test_a_graph_that_does_not_load(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tiny = write_llama(tmp_path)
    model = onnx.load(tiny.graph)
    model.graph.node[0].op_type = "NoSuchOperator"
    onnx.save(model, tiny.graph)
    with pytest.raises(BackendError, match=r"model\.onnx: ONNX Runtime .* cannot load this graph: .*NoSuchOperator"):
        open_session(tiny.graph, device="cpu", threads=None)
    assert capfd.readouterr() == ("", "")


class FakeSession:
    """Stands for a session whose first provider is `first`."""

    def __init__(self, first: str) -> None:
        self.first = first

    def get_providers(self) -> list[str]:
        return [self.first, session.CPU]


def test_the_first_provider_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine where the probe runs on CUDA: the graph's own session is looked at, too."""
    asked: list[int | None] = []

    def load(
        name: str, source: str | bytes, *, threads: int, cuda: int | None, folder: Path | None = None
    ) -> FakeSession:
        asked.append(cuda)
        return FakeSession(session.CPU if cuda is None else first[source == str(tmp_path)])

    monkeypatch.setattr(session, "_load", load)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [cuda.CUDA, session.CPU])
    first = {False: cuda.CUDA, True: cuda.CUDA}
    for device in ("auto", "cuda"):
        opened = open_session(tmp_path, device=device, threads=None)
        assert (opened.device, opened.cpu_reason) == ("cuda", None)
    assert open_session(tmp_path, device="cpu", threads=None).device == "cpu"
    assert asked == [0, 0, 0, 0, None]
    opened = open_session(tmp_path, device="cuda:2", threads=None)
    assert (opened.device, opened.number, asked[-1]) == ("cuda", 2, 2)

    first[True] = session.CPU
    opened = open_session(tmp_path, device="auto", threads=None)
    assert opened.device == "cpu" and "opened this graph on the CPU" in (opened.cpu_reason or "")
    with pytest.raises(BackendError, match="opened this graph on the CPU"):
        open_session(tmp_path, device="cuda", threads=None)


def test_a_build_without_cuda_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [session.CPU])
    assert "has no CUDA provider; install onnxruntime-gpu" in (why_no_cuda(lambda: True) or "")


@pytest.mark.skipif(sys.platform != "linux", reason="libraries are named and refused otherwise elsewhere")
def test_a_library_that_does_not_load_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the loader says about the library is the reason, here that a file is no library at all."""
    folder = tmp_path / "capi"
    folder.mkdir()
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [cuda.CUDA, session.CPU])
    monkeypatch.setattr("onnxruntime.__file__", str(tmp_path / "__init__.py"))
    assert "providers_shared.so is not part of this installation" in (why_no_cuda(lambda: False) or "")
    (folder / "libonnxruntime_providers_shared.so").write_text("no library")
    reason = why_no_cuda(lambda: False) or ""
    assert "libonnxruntime_providers_shared.so does not load: " in reason and "file too short" in reason


def test_inspect_runtime_tells_the_machine_from_the_build() -> None:
    import onnxruntime

    found = inspect_runtime()
    assert found["version"] == onnxruntime.__version__
    assert found["build_providers"] == onnxruntime.get_available_providers()
    assert {"provider": "CPUExecutionProvider", "kind": "CPU"}.items() <= found["devices"][0].items()
    assert found["cuda"]["usable"] == (found["cuda"]["reason"] is None)
    json.dumps(found)


def test_operators_of_somebody_else_are_not_there(tmp_path: Path) -> None:
    """A graph with an operator of another domain needs a library, and none is ever loaded."""
    import onnx
    from onnx import TensorProto, helper

    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    node = helper.make_node("Steal", ["x"], ["y"], domain="evil.ops")
    graph = helper.make_graph([node], "g", value[:1], value[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("evil.ops", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), tmp_path / "model.onnx")
    (tmp_path / "libevil.so").write_bytes(b"\x7fELF")
    with pytest.raises(BackendError, match="Steal"):
        open_session(tmp_path / "model.onnx", device="cpu", threads=1)
