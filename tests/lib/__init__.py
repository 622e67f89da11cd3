# SPDX-License-Identifier: Apache-2.0
"""What the black-box tests share: servers, databases, a client, and how cases are read and judged."""
