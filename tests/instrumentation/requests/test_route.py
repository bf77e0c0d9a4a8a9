"""Templates from what a router left in the scope."""

from __future__ import annotations

from types import SimpleNamespace

from fournines.instrumentation.requests.route import Routes


def route(path_format, **more):
    return SimpleNamespace(path_format=path_format, **more)


def test_nothing_is_known():
    """Without a route and an endpoint there is no template."""
    assert Routes().template({"root_path": "/x"}) is None


def test_an_endpoint_that_no_route_owns():
    """An endpoint that can't be found has no template; below a mount, the mount's."""
    endpoint = object()

    assert Routes().template({"endpoint": endpoint}) is None
    assert Routes().template({"endpoint": endpoint, "root_path": "/m", "app_root_path": ""}) == "/m/{path}"


def test_the_look_up_is_remembered_and_bounded(monkeypatch):
    """An endpoint is looked up once; endpoints made on the fly can't fill the memory."""
    monkeypatch.setattr("fournines.instrumentation.requests.route.REMEMBERED", 3)
    routes = Routes()
    for _ in range(10):
        endpoint = object()
        owner = SimpleNamespace(routes=[route("/found", endpoint=endpoint)])
        assert routes.template({"endpoint": endpoint, "app": owner}) == "/found"
        owner.routes.clear()
        assert routes.template({"endpoint": endpoint, "app": owner}) == "/found"

    assert len(routes._formats) <= 3


def test_values_of_mount_parameters_never_stay():
    """A mount's value becomes its name, also where a static part has the same text; one that can't be found takes the prefix along."""

    def mounted(prefix, **params):
        scope = {"route": route("/leaf"), "root_path": prefix, "app_root_path": "", "path_params": params}
        return Routes().template(scope)

    assert mounted("/shops/acme", shop="acme") == "/shops/{shop}/leaf"
    assert mounted("/acmeshop/acme/x", shop="acme") == "/acmeshop/{shop}/x/leaf"
    assert mounted("/a/1/b/2", x=1, y=2) == "/a/{x}/b/{y}/leaf"
    assert mounted("/a/007", x=7) == "/leaf"


def test_a_mount_that_answers_itself():
    """Static files and foreign applications: the mount's template is all there is to say."""
    scope = {"route": route("/static/{path}", routes=[]), "root_path": "/static", "app_root_path": ""}

    assert Routes().template(scope) == "/static/{path}"
