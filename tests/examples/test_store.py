"""Laws of the services' own files."""

from fournines.examples.fintech_edge.store import Store

SCHEMA = "create table if not exists things (id integer primary key, name text not null);"


def test_what_was_written_is_there_after_a_restart(tmp_path):
    """Each statement is committed by itself; the schema may be applied again."""
    for name in ("a", "b"):
        store = Store(tmp_path / "deep" / "things.db", SCHEMA)
        assert name == store.one("insert into things (name) values (?) returning name", name)["name"]
        store.close()

    store = Store(tmp_path / "deep" / "things.db", SCHEMA)
    assert [{"name": "a"}, {"name": "b"}] == store.all("select name from things order by id")
    store.close()


def test_a_change_says_how_many_rows_it_changed(tmp_path):
    """`write` counts rows; `one` is None where there is none."""
    store = Store(tmp_path / "things.db", SCHEMA)

    assert 1 == store.write("insert into things (name) values ('a')")
    assert 0 == store.write("delete from things where id = 99")
    assert store.one("select * from things where id = 99") is None
    store.close()
