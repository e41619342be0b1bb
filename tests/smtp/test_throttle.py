from gateway.smtp.throttle import LoginThrottle, Rate


def test_throttle_doubles_to_a_cap() -> None:
    """Each failure doubles the wait, up to half a minute."""
    throttle = LoginThrottle(1)

    assert [throttle.failed("peer", now=0) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert [throttle.failed("peer", now=0) for _ in range(2_000)][-1] == 30


def test_throttle_takes_the_worst_key() -> None:
    """A new peer that guesses at an old name waits as the name has earned."""
    throttle = LoginThrottle(1)
    throttle.failed("peer 1", "name", now=0)

    assert throttle.failed("peer 2", "name", now=0) == 2
    assert throttle.failed("peer 3", now=0) == 1


def test_throttle_forgets() -> None:
    """After a quarter of an hour without failure, a key starts anew."""
    throttle = LoginThrottle(1)
    throttle.failed("peer", now=0)

    assert throttle.failed("peer", now=900) == 2
    assert throttle.failed("peer", now=1_801) == 1


def test_throttle_is_bounded() -> None:
    """Strangers cannot fill the table: the key untouched for longest goes first, long names count by their start."""
    throttle = LoginThrottle(1)
    throttle.failed("first", now=0)
    throttle.failed("second", now=0)
    for number in range(LoginThrottle.MAX_KEYS - 1):
        throttle.failed(f"other {number}", now=0)

    assert throttle.failed("second", now=0) == 2
    assert throttle.failed("first", now=0) == 1
    assert throttle.failed("x" * 1_000, now=0) == 1
    assert throttle.failed("x" * 2_000, now=0) == 2


def test_rate_gives_an_hours_worth_and_then_as_it_comes_back() -> None:
    """So many at once; then one for each share of an hour that has passed, and never more than an hour's worth."""
    rate = Rate(60)
    for _ in range(60):
        assert rate.has_room("a", 0)
        rate.take("a", 0)

    assert [rate.has_room("a", 59), rate.has_room("b", 59), rate.has_room("a", 61)] == [False, True, True]
    rate.take("a", 61)
    assert not rate.has_room("a", 61)
    for _ in range(60):
        assert rate.has_room("a", 1_000_000)
        rate.take("a", 1_000_000)
    assert not rate.has_room("a", 1_000_000)


def test_no_rate() -> None:
    """Nothing is counted where there is no limit."""
    rate = Rate(0)
    rate.take("a", 0)

    assert rate.has_room("a", 0)
    assert rate._left == {}


def test_rate_is_bounded() -> None:
    """Strangers cannot fill the table: the key untouched for longest goes first."""
    rate = Rate(1)
    for number in range(Rate.MAX_KEYS + 1):
        rate.take(str(number), 0)

    assert len(rate._left) == Rate.MAX_KEYS
    assert [rate.has_room("0", 0), rate.has_room("1", 0)] == [True, False]
