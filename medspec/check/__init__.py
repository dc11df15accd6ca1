"""Names and types: from syntax trees to the checked form of a spec."""

from medspec.check.check import Checked, check_paths, check_text

__all__ = ["Checked", "check_paths", "check_text"]
