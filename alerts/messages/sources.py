"""What messages are made of besides the alert and its status: the outlook, the context, and the templates."""

from __future__ import annotations

from dataclasses import dataclass, field

from .context import ContextSource, FakeContexts
from .explaining import Foresee, nobody_knows
from .templates import Templates, packaged


@dataclass(frozen=True, slots=True)
class Sources:
    """Whoever knows the chance of a promise, what fails and what changed, and the texts. Left out: nobody, nobody, and ours."""

    foresee: Foresee = nobody_knows
    contexts: ContextSource = field(default_factory=FakeContexts)
    templates: Templates = field(default_factory=packaged)
