"""Matching people and shifts: the batch that proposes, never assigns."""
