# SPDX-License-Identifier: Apache-2.0

"""Turns files below one folder into figures: tables into statistics, rows and differences, texts into counts.

It needs the standard library only, reads each file once from its beginning to
its end, and knows nothing of plugins. Errors are ValueErrors that a model can
act upon.
"""

from collections.abc import Callable

Step = Callable[[float, float, str], None]
"""Is told now and then how far the work is: done, of total, and in words. What it raises ends the work."""

STEP = 5000
"""After how many rows or words a Step is taken."""
