"""Checkers of chapter 08: make a checkpoint, resume from it, save it safely."""

from helpers.check.chapter_08.checkpoint import check_checkpoint, checkpoint
from helpers.check.chapter_08.clean_save import clean_save
from helpers.check.chapter_08.resume import check_resume, resume

__all__ = [
    "check_checkpoint",
    "check_resume",
    "checkpoint",
    "clean_save",
    "resume",
]
