"""OpenSLO v1 files, read and written. Only here YAML and pydantic are known: the domain's nouns don't know how they are read.

files (folder) -> documents (YAML with lines) -> references, objects in their shapes -> SLOs
"""

from .files import SloFiles
from .load import load_slos
from .written import write_openslo

__all__ = ["SloFiles", "load_slos", "write_openslo"]
