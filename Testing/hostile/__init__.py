"""Hostile inputs: everything a user, a disk or an attacker can get wrong, in one table.

python Testing/hostile                   runs them all and prints the table with its count
python -m Testing.hostile.fuzz COUNT     reads files with randomly damaged headers
python -m Testing.hostile.invariants COUNT
                                         checks on random grids what must not change a result
"""
