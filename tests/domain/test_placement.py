"""Which pinned model is whose: rules by example, then by whatever hypothesis thinks of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.placement import Spot, homes

GB = 1000


def test_where_there_is_room_everybody_has_everything() -> None:
    spots = [Spot("a", 24 * GB), Spot("b", 16 * GB), Spot("cpu")]
    sizes = {"xl": 7 * GB, "flux": 6 * GB}
    everything = {each: ["xl", "flux"] for each in ("a", "b", "cpu")}
    assert homes(["xl", "flux"], sizes, spots) == everything


def test_small_cards_share_what_none_of_them_holds_alone() -> None:
    sizes = {"one": 7 * GB, "two": 7 * GB}
    spots = [Spot("a", 10 * GB), Spot("b", 10 * GB)]
    assert homes(["one", "two"], sizes, spots) == {"a": ["one"], "b": ["two"]}


def test_a_large_model_goes_to_the_large_card_before_it_is_full() -> None:
    sizes = {"small": 3 * GB, "large": 20 * GB}
    spots = [Spot("big", 24 * GB), Spot("little", 8 * GB)]
    assert homes(["small", "large"], sizes, spots) == {"big": ["large"], "little": ["small"]}


def test_who_has_a_model_keeps_it() -> None:
    sizes = {"one": 7 * GB, "two": 7 * GB}
    spots = [Spot("a", 10 * GB, {"two": 7 * GB}), Spot("b", 10 * GB, {"one": 7 * GB})]
    assert homes(["one", "two"], sizes, spots) == {"a": ["two"], "b": ["one"]}


def test_where_a_model_failed_it_does_not_have_its_only_home() -> None:
    sizes = {"one": 7 * GB, "two": 7 * GB}
    spots = [Spot("a", 10 * GB, unfit=["one"]), Spot("b", 10 * GB)]
    assert homes(["one", "two"], sizes, spots) == {"a": ["two"], "b": ["one"]}
    assert homes(["one"], sizes, [Spot("a", 10 * GB, unfit=["one"])]) == {"a": ["one"]}


def test_what_fits_nowhere_is_asked_of_the_largest_which_says_why_not() -> None:
    spots = [Spot("a", 8 * GB), Spot("b", 12 * GB)]
    assert homes(["huge"], {"huge": 40 * GB}, spots) == {"a": [], "b": ["huge"]}


def test_without_workers_or_models_there_is_nothing_to_have() -> None:
    assert homes(["one"], {}, []) == {}
    assert homes([], {}, [Spot("a")]) == {"a": []}


def test_a_model_fits_beside_others_where_all_that_is_known() -> None:
    spot = Spot("a", 10 * GB, {"one": 4 * GB})
    assert spot.fits(4 * GB)
    assert not spot.fits(5 * GB)  # some of it is for drawing
    assert not spot.fits(0)
    assert not Spot("a", 10 * GB, {"one": 0}).fits(1)
    assert not Spot("a", 0).fits(1)


MODELS = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6)
SIZES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 12 * GB))
SPOTS = st.lists(
    st.builds(
        Spot,
        st.uuids().map(str),
        st.sampled_from([0, 6 * GB, 12 * GB, 24 * GB]),
        st.dictionaries(st.sampled_from("abcdef"), st.just(GB), max_size=2),
        st.frozensets(st.sampled_from("abcdef"), max_size=2),
    ),
    max_size=5,
)


@given(MODELS, SIZES, SPOTS)
def test_every_model_has_a_home_and_no_memory_is_overbooked(
    pinned: list[str], sizes: dict[str, int], spots: list[Spot]
) -> None:
    plan = homes(pinned, sizes, spots)
    for model in pinned:
        assert not spots or any(model in plan[spot.worker] for spot in spots)
    widest = max((spot.room_mb for spot in spots), default=0.0)
    for spot in spots:
        mine = plan[spot.worker]
        whole = sum(sizes.get(model, 0) for model in mine)
        # More than there is room for only where nobody had any left for one of them.
        assert whole <= spot.room_mb or spot.room_mb == widest or len(mine) < len(pinned)
        if sum(sizes.get(model, 0) for model in pinned) <= spot.room_mb:
            others = [each for each in spots if each is not spot]
            alone = all(sum(sizes.get(m, 0) for m in pinned) <= o.room_mb for o in others)
            assert mine == pinned or not alone


@given(MODELS, SIZES, SPOTS)
def test_who_did_as_planned_is_told_the_same_again(
    pinned: list[str], sizes: dict[str, int], spots: list[Spot]
) -> None:
    plan = homes(pinned, sizes, spots)
    done = [
        Spot(spot.worker, spot.memory_mb, {m: sizes.get(m, 0) for m in plan[spot.worker]}, ())
        for spot in spots
    ]
    again = homes(pinned, sizes, done)
    settled = [
        Spot(spot.worker, spot.memory_mb, {m: sizes.get(m, 0) for m in again[spot.worker]}, ())
        for spot in spots
    ]
    assert homes(pinned, sizes, settled) == again
