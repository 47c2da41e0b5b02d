"""One face through a film: kept while it moves, given up while it is away, found again, and never another's."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from garrick.perception.faces import detect_faces
from garrick.perception.follow import FaceFollower, Seen
from garrick.perception.landmarks import face_landmarks
from PIL import Image

SIZE = 240  # pixels of the square pictures that the people are cut out in


def scaled(picture: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS))


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    """Head and shoulders of her."""
    return scaled(np.ascontiguousarray(skimage.data.astronaut()[:280, 80:360]), SIZE)


@pytest.fixture(scope="module")
def sitter(sample_portrait) -> np.ndarray:
    """The sample portrait, as large."""
    return scaled(np.asarray(Image.open(sample_portrait).convert("RGB")), SIZE)


def blank(size: tuple[int, int] = (480, 270), level: int = 110) -> np.ndarray:
    return np.full((size[1], size[0], 3), level, np.uint8)


def pasted(person: np.ndarray, x: float, y: float = 15.0, onto: np.ndarray | None = None) -> np.ndarray:
    picture = blank() if onto is None else onto.copy()
    left, top = round(x), round(y)
    low, high = max(left, 0), min(left + person.shape[1], picture.shape[1])
    picture[top : top + person.shape[0], low:high] = person[:, low - left : high - left]
    return picture


def watch(pictures, person: int | None = None) -> list[Seen]:
    follower = FaceFollower(person)
    return [follower.see(picture) for picture in pictures]


def middle(seen: Seen) -> np.ndarray:
    assert seen.face is not None
    return seen.face.landmarks[:468].mean(axis=0)


def own_middle(person: np.ndarray) -> np.ndarray:
    """Where the face lies in the person's picture."""
    picture = pasted(person, 100)
    (face,) = detect_faces(picture)
    return face_landmarks(picture, face)[0][:468].mean(axis=0) - (100, 15)


def test_a_face_that_moves_is_followed_to_the_pixel(astronaut):
    places = [(10 + 6 * index, 15 + 10 * np.sin(index / 4)) for index in range(38)]
    seen = watch(pasted(astronaut, *place) for place in places)
    moved = np.array([middle(s) for s in seen]) - np.round(places)
    assert np.abs(moved - np.median(moved, axis=0)).max() < 2.5
    assert not any(s.cut for s in seen)


def test_all_landmarks_move_with_it_and_the_crop_holds_them(astronaut):
    first, *_, last = watch(pasted(astronaut, 60 + 3 * index) for index in range(12))
    assert first.face is not None
    assert last.face is not None
    assert last.face.landmarks.shape == (478, 2)
    apart = last.face.landmarks - first.face.landmarks
    np.testing.assert_allclose(apart.mean(axis=0), (33, 0), atol=1.0)
    assert np.linalg.norm(apart - (33, 0), axis=1).max() < 5
    at = last.face.crop.square.onto(last.face.landmarks[:468], last.face.crop.pixels.shape[0])
    assert ((at > 0) & (at < last.face.crop.pixels.shape[0])).all()


def test_a_face_that_comes_nearer_is_followed(astronaut):
    sides = np.linspace(150, 260, 30).astype(int)
    seen = watch(pasted(scaled(astronaut, int(side)), 240 - side / 2, 5) for side in sides)
    widths = np.array([np.ptp(s.face.landmarks[:468, 0]) for s in seen if s.face is not None])
    assert len(widths) == len(sides)
    np.testing.assert_allclose(widths / sides, np.median(widths / sides), rtol=0.05)


def test_a_face_is_gone_while_it_is_away_and_found_again(astronaut):
    away = [False] * 5 + [True] * 10 + [False] * 8
    places = np.linspace(40, 220, len(away))
    seen = watch(blank() if gone else pasted(astronaut, x) for gone, x in zip(away, places, strict=True))
    assert [s.face is not None for s in seen[:15]] == [not gone for gone in away[:15]]
    assert all(s.face is not None for s in seen[18:])  # searched for every third frame
    assert np.abs(middle(seen[-1]) - middle(seen[4]) - (places[-1] - places[4], 0)).max() < 3


def test_frames_that_the_film_lacks_show_nobody(astronaut):
    pictures = [pasted(astronaut, 100)] * 3 + [None] * 4 + [pasted(astronaut, 104)] * 5
    seen = watch(pictures)
    assert [s.face is None for s in seen[:7]] == [False] * 3 + [True] * 4
    assert all(s.face is not None for s in seen[9:])
    assert not any(s.cut for s in seen)


def test_nobody_is_never_seen():
    assert all(s.face is None for s in watch([blank(), skimage.data.chelsea(), skimage.data.coffee(), None]))


def scenery(x: int) -> np.ndarray:
    """A part of one wide picture."""
    wide = np.concatenate([skimage.data.coffee()[:270], skimage.data.coffee()[:270, ::-1]], axis=1)
    return wide[:, x : x + 480]


def test_a_pan_and_a_gesture_are_no_cuts(astronaut):
    pan = watch(pasted(astronaut, 120, 15, scenery(8 * index)) for index in range(40))
    assert not any(s.cut for s in pan)
    assert all(s.face is not None for s in pan)


def test_a_light_that_goes_on_slowly_is_no_cut(astronaut):
    pictures = [(pasted(astronaut, 120) * share).astype(np.uint8) for share in np.linspace(0.35, 1, 25)]
    assert not any(s.cut for s in watch(pictures))


def test_a_cut_is_noticed_where_it_is_and_nowhere_else(astronaut):
    def shot(x: int, place: int, light: float, frames: int) -> list[np.ndarray]:
        return [
            (pasted(astronaut, place + 2 * i, 15, scenery(x + 3 * i)) * light).astype(np.uint8) for i in range(frames)
        ]

    seen = watch([*shot(0, 10, 1.0, 12), *shot(600, 200, 0.5, 12), *shot(300, 100, 1.0, 12)])
    assert [index for index, s in enumerate(seen) if s.cut] == [12, 24]
    assert all(s.face is not None for s in seen)
    assert middle(seen[12])[0] - middle(seen[11])[0] == pytest.approx(200 - 32, abs=3)


@pytest.mark.parametrize(("person", "left"), [(0, 0), (1, 240), (None, 240)])
def test_people_are_counted_from_the_left_and_the_largest_is_the_default(astronaut, sitter, person, left):
    both = pasted(sitter, 240, 15, pasted(scaled(astronaut, 190), 0))
    faces = [face_landmarks(both, face)[0] for face in detect_faces(both)]
    assert len(faces) == 2
    largest = int(np.argmax([np.ptp(points[:468], axis=0).max() for points in faces]))
    assert person is not None or largest == 1
    seen = watch([both] * 4, person)
    assert all(left < middle(s)[0] < left + 240 for s in seen)


def test_a_person_who_is_not_there_is_waited_for(astronaut, sitter):
    alone, both = pasted(astronaut, 0), pasted(sitter, 240, 15, pasted(astronaut, 0))
    seen = watch([alone] * 4 + [both] * 8, 1)
    assert all(s.face is None for s in seen[:4])
    assert seen[-1].face is not None
    assert middle(seen[-1])[0] > 240


@pytest.mark.parametrize("person", [0, 1])
def test_of_two_who_cross_the_chosen_one_is_kept_or_nobody(astronaut, sitter, person):
    """The sitter, from the right, passes before the astronaut, from the left."""
    size, frames = (620, 270), 46
    ways = np.linspace(10, 370, frames)
    pictures = [pasted(sitter, 380 - way, 15, pasted(astronaut, way, 15, blank(size))) for way in ways]
    chosen = (astronaut, sitter)[person]
    way = ways if person == 0 else 380 - ways
    seen = watch(pictures, person)
    own, wrong = own_middle(chosen), []
    for index, s in enumerate(seen):
        if s.face is not None and np.abs(middle(s) - own - (way[index], 15)).max() > 12:
            wrong.append(index)
    assert wrong == []
    assert all(s.face is not None for s in seen[:8])
    assert all(s.face is not None for s in seen[-6:])
    if person == 1:  # nobody ever hides the sitter
        assert all(s.face is not None for s in seen)


def test_a_hand_before_the_face_hides_it(astronaut):
    x, y = own_middle(astronaut)
    open_, hidden = pasted(astronaut, 120), pasted(astronaut, 120)
    left, top = round(120 + x), round(15 + y)
    hidden[top - 60 : top + 70, left - 60 : left + 60] = (190, 140, 120)
    seen = watch([open_] * 4 + [hidden] * 5 + [open_] * 6)
    assert [s.face is not None for s in seen[:9]] == [True] * 4 + [False] * 5
    assert all(s.face is not None for s in seen[-3:])


def test_the_same_film_is_seen_the_same_way(astronaut):
    pictures = [pasted(astronaut, 60 + 5 * index) for index in range(6)]
    for one, other in zip(watch(pictures), watch(pictures), strict=True):
        assert one.face is not None
        assert other.face is not None
        np.testing.assert_array_equal(one.face.landmarks, other.face.landmarks)
        np.testing.assert_array_equal(one.face.crop.pixels, other.face.crop.pixels)
