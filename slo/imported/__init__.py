"""Other tools' SLO files, read as what they mean here: those of Sloth, Pyrra and slo-generator."""
