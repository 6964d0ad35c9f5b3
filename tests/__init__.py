# SPDX-License-Identifier: MIT
"""The Python around the suites: python3 -m tests.tools.look, and so on."""
