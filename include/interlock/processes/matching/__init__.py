"""Which accounts already are customers, which might be, and which are new: the three tiers of matching, without I/O."""

from interlock.processes.matching.matcher import Matcher, match
from interlock.processes.matching.model import REASONS, Candidate, Match, Subject
from interlock.processes.matching.preview import Preview, preview
from interlock.processes.matching.rules import Rules

__all__ = ["REASONS", "Candidate", "Match", "Matcher", "Preview", "Rules", "Subject", "match", "preview"]
