"""Which accounts already are customers, which might be, and which are new: the three tiers of matching, without I/O."""

from interlock.domain.matching import Rules
from interlock.processes.matching.matcher import Matcher, match
from interlock.processes.matching.model import REASONS, Candidate, Match, Subject
from interlock.processes.matching.preview import Preview, preview

__all__ = ["REASONS", "Candidate", "Match", "Matcher", "Preview", "Rules", "Subject", "match", "preview"]
