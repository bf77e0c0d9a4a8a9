"""docs/architecture.md against the code: what it names is there, what follows one another is tied, and nothing is out of date."""

from __future__ import annotations

import re

import pytest
from plans.architecture import PAGE, made
from plans.drawing import Box
from plans.house import FLOORS, asked
from plans.house_picture import boxes, lines
from plans.page import filled
from plans.source import Module, Tree, read_house
from plans.way import Joint, Place, Stage, Step, Way, faults, step
from plans.ways import WAYS

NAMED = re.compile(r"`([a-z_]+(?:\.[a-z0-9_]+)*)(?::([A-Za-z_.]+))?`")


def of_files(folder, **texts: str) -> Tree:
    """A house of a few files."""
    modules = {"fournines": Module("fournines", folder / "__init__.py")}
    for name, text in texts.items():
        path = folder / f"{name}.py"
        path.write_text(text)
        modules[f"fournines.{name}"] = Module(f"fournines.{name}", path)
    (folder / "__init__.py").touch()
    return Tree(modules)


def way(*steps: Step) -> Way:
    return Way("planted", "", [Stage("", "", steps)])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_each_step_of_a_way_is_there_and_tied_to_the_one_before(way):
    """A way reads in one direction: from each step to the next there is an import, or a joint that somebody ties."""
    assert faults(way, read_house()) == []


def test_the_page_and_its_pictures_are_what_the_command_writes():
    """Whoever changes what the page tells says `make architecture`, and looks at it."""
    stale = [path.name for path, text in made(read_house()).items() if not path.exists() or path.read_text() != text]

    assert stale == [], "say `make architecture`"


def test_what_the_page_names_is_there():
    """A module, class or function that prose names is one of the house's."""
    rooms = {name.split(".")[1] for name in read_house().modules if "." in name}
    named = {Place(*found) for found in NAMED.findall(PAGE.read_text()) if found[0].split(".")[0] in rooms}
    missing = [str(place) for place in named if f"fournines.{place.module}" not in read_house().modules]

    assert missing + [str(place) for place in named if place.name and place.says(read_house()) is None] == []


def test_every_room_has_its_floor_and_every_arrow_runs_down():
    """The picture holds the whole house, and none of its arrows runs up."""
    floors = {room: floor.number for floor in FLOORS for room in floor.rooms}
    graph = asked(read_house())

    assert floors.keys() == graph.keys()
    assert [f"{a} -> {b}" for a, others in graph.items() for b in others if floors[b] > floors[a]] == []


def test_every_arrow_is_straight_and_runs_through_no_room():
    """Whoever adds an import that the picture can't show so gives a room another place."""
    arrows = [(start, end) for start, end in lines(read_house())]

    assert [arrow for arrow in arrows if arrow[0][0] != arrow[1][0] and arrow[0][1] != arrow[1][1]] == []
    assert [(name, arrow) for name, box in boxes(read_house()).items() for arrow in arrows if crosses(arrow, box)] == []


def crosses(arrow, box: Box) -> bool:
    (x, y), (to_x, to_y) = arrow
    along = box.x < x < box.right and y < box.centre < to_y
    return along or (y == to_y and box.y < y < box.bottom and min(x, to_x) < box.middle < max(x, to_x))


def test_a_name_that_is_gone_is_found(tmp_path):
    """A step that was renamed, and a joint that was, are told by name."""
    planted = of_files(tmp_path, one="class One: ...", two="class Two: ...")
    joint = Joint("queue", Place("one", "Queue"), "one")

    assert faults(way(step("one:One"), step("one:Gone")), planted) == ["planted: there is no one:Gone"]
    assert faults(way(step("one:One"), step("three:Three")), planted) == ["planted: there is no three:Three"]
    assert faults(way(step("one:One"), Step(Place("two", "Two"), joint)), planted) == ["planted: there is no one:Queue"]


def test_steps_that_nothing_ties_are_found(tmp_path):
    """Two steps of which neither imports the other need a joint, and the joint somebody who knows both."""
    planted = of_files(
        tmp_path, one="class One: ...", two="class Two: ...", three="from .one import One\nclass Three: ..."
    )
    joint = Joint("callback", Place("one", "One"), "three")

    assert faults(way(step("one:One"), step("three:Three")), planted) == []
    assert faults(way(step("three:Three"), step("one:One")), planted) == []
    assert "neither one:One nor two:Two" in faults(way(step("one:One"), step("two:Two")), planted)[0]
    assert "and imports no two" in faults(way(step("one:One"), Step(Place("two", "Two"), joint)), planted)[0]


def test_a_joint_is_tied_by_whoever_knows_both_ends(tmp_path):
    """A composition may know its parts through the face of their folder."""
    planted = of_files(
        tmp_path,
        one="class One: ...",
        two="class Two: ...",
        face="from .two import Two",
        three="from .one import One\nfrom .face import Two",
    )

    assert faults(way(step("one:One"), step("two:Two", "callback", "one:One", "three")), planted) == []


def test_a_page_without_a_place_for_a_part_is_refused():
    """The command writes between its markers, and nowhere else."""
    page = "before\n<!-- made: way -->\nold\n<!-- end -->\nafter"

    assert "before\n<!-- made: way -->\n\nnew\n\n<!-- end -->\nafter" == filled(page, {"way": "new"})
    with pytest.raises(ValueError, match="needs one place for the part 'other', and has 0"):
        filled(page, {"other": "new"})
