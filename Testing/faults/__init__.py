"""Kills the long commands at random moments and looks what is lost.

python Testing/faults --kills 20        prints a table: command by signal, kills and losses
"""
