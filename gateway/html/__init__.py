"""Hostile HTML: what a browser would see of it, and how it is rebuilt from what the allow-list knows.

Two engines, on purpose: ``inspect`` (lexbor) judges, ``rewrite`` (beautifulsoup4 with lxml) rebuilds, and what it
has rebuilt is judged again by the engine that did not write it. Both give the same :class:`~gateway.html.view.View`.
"""
