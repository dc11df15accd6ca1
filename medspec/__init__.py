"""medspec: a compiler for clinical AI benchmarks."""

__version__ = "0.1.0"
