"""Put on a gateway's path by tests: its last rule has a bug that certain words meet, and it has faults to order.

Python imports a module of this name at start, in the gateway and in its workers; nothing of it ships.
"""

import os
import sys

if "FAULTY_ORDERS" in os.environ and "gateway" in sys.orig_argv:  # a worker is `gateway.worker`
    import ordered

    ordered.install()

import faulty_rule

faulty_rule.install()
