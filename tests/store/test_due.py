"""Which rows are due, route by route: the plans that keep a claim flat, and its order."""

from datetime import timedelta

from gateway.store import due

SECOND = timedelta(seconds=1)


async def test_oldest_first_across_routes(store, new_message, now):
    """Rows of all routes come by the time they are due, as many as were asked for."""
    for seconds, (name, route) in enumerate([("a", "one"), ("b", "two"), ("c", "one"), ("d", "three")]):
        await store.accept(new_message(name, route=route, due_at=now - (9 - seconds) * SECOND))
    assert [item.message_id for item in await store.claim(3, now, 60)] == ["a", "b", "c"]
    assert [item.message_id for item in await store.claim(3, now, 60)] == ["d"]


async def test_a_route_without_room_is_passed_over(store, new_message, now):
    """What is due first of a route that is left out keeps nobody waiting, and is due again when it is not."""
    for number in range(5):
        await store.accept(new_message(f"a{number}", route="one", due_at=now - 9 * SECOND))
    await store.accept(new_message("b", route="two", due_at=now))
    assert [item.message_id for item in await store.claim(3, now, 60, exclude_routes=("one",))] == ["b"]
    assert await store.next_due(exclude_routes=("one",)) == now + 60 * SECOND
    assert await store.next_due() == now - 9 * SECOND


async def test_nothing_is_due(store, new_message, now):
    """An empty queue, one whose routes are all left out, and one that is due later give nothing."""
    assert await store.claim(3, now, 60) == []
    assert await store.next_due() is None
    await store.accept(new_message("a", route="one", due_at=now + SECOND))
    assert await store.claim(3, now, 60) == []
    assert await store.claim(3, now + SECOND, 60, exclude_routes=("one",)) == []
    assert await store.next_due(exclude_routes=("one",)) is None


async def test_goes_by_index(store, new_message, now):
    """Neither the routes nor the rows of one are looked for by reading the queue."""
    await store.accept(new_message("a", route="one"))
    plan = await store._driver.read(lambda: _explained(next(due.routes(()))))
    assert all("queue" not in step or "USING COVERING INDEX queue_claimable" in step for step in plan), plan
    chosen = due.ids(store._driver.dialect, ["one", "two"], now="1", limit="1", start=1)
    plan = await store._driver.read(
        lambda: _explained_text(chosen.replace("$1", "'one'").replace("$2", "'two'"))
    )
    steps = [step for step in plan if "queue" in step]
    index = "SEARCH queue USING COVERING INDEX queue_claimable (route=? AND claimable_at<?)"
    assert steps == [index] * 2, plan


def _explained(statement):
    return (yield from _explained_text(statement.sql))


def _explained_text(sql):
    from gateway.store.driver import Statement

    rows = yield Statement("EXPLAIN QUERY PLAN " + sql)
    return [row[3] for row in rows]
