"""What every table of the file has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PositiveInt = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, so that a typing slip never passes as a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")
