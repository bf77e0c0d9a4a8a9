"""The house's plans: pages of the documentation that are made from the code, so that they can't drift from it.

make architecture     docs/architecture.md and its pictures
make style            docs/style.md
"""
