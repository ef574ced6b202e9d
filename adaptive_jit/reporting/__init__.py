"""Reports: pure functions from ``FunctionStats`` to text, colours, HTML and JSON.

What draws, `rich` included, is imported when something is drawn, never before.
"""

from __future__ import annotations

from adaptive_jit.reporting.display import Explanation, Report
from adaptive_jit.reporting.files import install_exit_report, write_file

__all__ = ["Explanation", "Report", "install_exit_report", "write_file"]
